"""The main job on real data, from nothing to a report: what `make demo` runs."""

import logging
from datetime import date
from pathlib import Path

from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from churn_spark.cli import job
from churn_spark.cli.status import champion, to_stdout
from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.examples.complete_journey import make_sources
from churn_spark.pipelines.backfill import backfill
from churn_spark.runtime import progress, run
from churn_spark.stages.all_stages import INGEST, PROFILE, SCORE, TRAIN, daily_stages
from churn_spark.stages.training.champions import decisions, in_force
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import MODEL_METRICS
from churn_spark.tables.contracts.snapshots import RISK_SCORES

log = logging.getLogger("churn_spark.demo")

AS_OF = date(2018, 1, 1)
"""The day after the last one of the data."""
SHOWN = (
    "roc_auc",
    "average_precision",
    "lift_at_decile",
    "brier_score",
    "expected_calibration_error",
    "base_rate",
)


def run_demo(folder: Path, conf: Path) -> None:
    """Make the sources, run every stage at the end of the data, print what a person wants to see."""
    if not conf.exists():
        raise ConfigError(f"{conf} is not there: run the demo in a checkout of churn_spark, where conf/ lies")
    progress.configure()
    log.info("making the sources: daily deliveries from 1.5 million transactions, once")
    make_sources(folder / "sources")
    project, catalog = job.opened(conf)
    run.run_stage(INGEST, project, catalog, AS_OF)
    run.run_stage(PROFILE, project, catalog, AS_OF)
    backfill(project, catalog, AS_OF, Days(AS_OF, date(2018, 1, 2)))
    run.run_stage(TRAIN, project, catalog, AS_OF)
    stages = daily_stages(project)
    for stage in stages[stages.index(SCORE) :]:
        run.run_stage(stage, project, catalog, AS_OF)
    _show(project, catalog, conf, to_stdout())


def _show(project: Project, catalog: Catalog, conf: Path, console: Console) -> None:
    console.print(_riskiest(catalog))
    decision = in_force(decisions(project, catalog), AS_OF)
    console.print(_metrics(catalog, decision.training_run if decision else ""))
    console.print(champion(project, catalog, AS_OF), soft_wrap=True)
    place = catalog.location.address(RISK_SCORES.name)
    query = f"SELECT tier, count(*), avg(risk) FROM risk_scores WHERE as_of_date = '{AS_OF}' GROUP BY tier"
    console.print(f"Risk table: {place}  (Delta, partitioned by as_of_date)", soft_wrap=True)
    console.print(f"Report:     {project.report_path}", soft_wrap=True)
    console.print(f"Brief:      {project.brief_path}", soft_wrap=True)
    console.print(f'Query it:   .venv/bin/churn-spark sql --conf {conf} "{query}"', soft_wrap=True, highlight=False)


def _riskiest(catalog: Catalog) -> Grid:
    grid = Grid(title=f"Riskiest customers at {AS_OF}", title_justify="left")
    for heading in ("rank", "customer", "risk", "tier", "value a year", "expected loss"):
        grid.add_column(heading, justify="left" if heading in ("customer", "tier") else "right")
    rows = catalog.read(RISK_SCORES, [AS_OF]).where(F.col("risk_rank") <= 10).orderBy("risk_rank").collect()
    for row in rows:
        money = [f"{row[name]:,.0f}" if row[name] is not None else "-" for name in ("value", "expected_loss")]
        grid.add_row(str(row["risk_rank"]), row["customer_id"], f"{row['risk']:.2f}", row["tier"], *money)
    return grid


def _metrics(catalog: Catalog, training: str) -> Grid:
    grid = Grid(title="On the untouched test (newest matured snapshots)", title_justify="left")
    test = (F.col("scope") == "test") & (F.col("segment") == "all") & (F.col("run_id") == training)
    rows = catalog.read(MODEL_METRICS, [AS_OF]).where(test).collect()
    measured = {(row["model"], row["metric"]): row for row in rows}
    models = sorted({model for model, _ in measured})
    for heading in ("metric [95 % interval]", *models):
        grid.add_column(heading.replace("_", " "))
    for metric in SHOWN:
        grid.add_row(metric.replace("_", " "), *(_interval(measured.get((model, metric))) for model in models))
    return grid


def _interval(row) -> str:  # type: ignore[no-untyped-def]
    if row is None or row["value"] is None:
        return "-"
    interval = f" [{row['low']:.3f}, {row['high']:.3f}]" if row["low"] is not None else ""
    return f"{row['value']:.3f}{interval}"
