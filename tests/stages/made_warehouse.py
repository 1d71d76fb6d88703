"""A small warehouse with features and labels of made customers, for tests of training and scoring."""

import random
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.economics import Economics
from churn_spark.definitions.features import AttributeFeature, DerivedFeature, Feature, FeatureSet, Snapshots
from churn_spark.definitions.modelling import Candidate, Scoring, Training
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Privacy, Project, Run, Tracking, Warehouse
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.lineage import unavailable
from churn_spark.lineage.label_hashes import label_definitions
from churn_spark.stages.build_features import BUILD_FEATURES
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import LABELS, features
from churn_spark.tables.location import Location
from churn_spark.tables.table import Column, Table
from tests.frames import rows

FIRST = date(2026, 1, 1)
CUSTOMERS = 240

CALL = {
    "customer_id": "a",
    "event_id": "1",
    "event_time": "2026-03-09T10:00:00",
    "event_date": "2026-03-09",
    "known_from": "2026-03-10",
    "delivery": "d",
}
"""A row of an events table."""

FEATURES = FeatureSet(
    windowed=(
        Feature("purchases_recency", "purchases", "recency", window=84, hash="recency-1"),
        Feature("purchases_count_28d", "purchases", "count", window=28, hash="count-1"),
        Feature("purchases_ewm_h21", "purchases", "ewm", window=84, half_life=21, hash="ewm-1"),
        Feature("purchases_amount_mean_84d", "purchases", "mean", column="amount", window=84, hash="mean-1"),
    ),
    derived=(DerivedFeature("amount_a_day", "purchases_amount_mean_84d / 28", hash="derived-1"),),
    attributes=(AttributeFeature("plan", "plan", "string", hash="plan-1"),),
)


def project_at(root: Path, **changes: object) -> Project:
    """A project whose warehouse lies below a folder."""
    made = Project(
        name="made",
        origin="conf/made.yaml",
        zone="UTC",
        warehouse=Warehouse(str(root / "warehouse")),
        privacy=Privacy("none"),
        sources=(Source("purchases", "events", "csv", "none", (), "id", Delivered()),),
        population=Population("active", ("purchases",), days=56),
        periods=Periods(gap=0, performance=28),
        label=LabelRule("inactivity", ("purchases",)),
        features=FEATURES,
        snapshots=Snapshots(FIRST, 28),
        training=Training(
            candidates=(
                Candidate("logistic_regression", (("l2", (0.01,)), ("iterations", (8,)))),
                Candidate("random_forest", (("trees", (4,)), ("depth", (2,)))),
            ),
            folds=2,
            test_snapshots=1,
            economics=Economics("12 * purchases_amount_mean_84d", 0.5, 2, 0.3, 0.1),
            bootstrap=40,
            max_score_drift=1.0,
        ),
        scoring=Scoring(value="12 * purchases_amount_mean_84d"),
        tracking=Tracking(uri=f"sqlite:///{root / 'mlflow.db'}"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def catalog_of(spark, project: Project) -> Catalog:
    return Catalog(spark, Location(project.warehouse.path), "--conf conf/made.yaml")


def run_of(project: Project, job: str, as_of: date, dates: Collection[date] = (), options: Collection[str] = ()) -> Run:
    at = datetime.now(UTC)
    return Run(
        job=job,
        as_of=as_of,
        dates=tuple(dates) or (as_of,),
        run_id=f"{job}-{as_of}-{at:%H%M%S%f}",
        code_version="test",
        settings_hash=project.settings_hash,
        started_at=at,
        options=frozenset(options),
    )


def do(
    work, project: Project, catalog: Catalog, as_of: date, dates: Collection[date] = (), options: Collection[str] = ()
):
    """Run a stage once as `run_stage` does, without its lock."""
    run = run_of(project, work.__name__, as_of, dates, options)
    catalog.enter(run)
    try:
        work(run, project, catalog)
    except BaseException as error:
        catalog.end(run, error=str(error))
        raise
    return catalog.end(run)


def fill(project: Project, catalog: Catalog, table: Table, base: Mapping[str, object], *overrides) -> None:
    """Replace the partitions that the rows lie in, as an ingest would that has completed every later day too.

    Columns that the rows do not have are null.
    """
    made = rows(catalog.spark, base, *overrides)
    frame = made.select(*(_column(made, column) for column in table.columns))
    days = {row[0] for row in frame.select(str(table.partition)).distinct().collect()}
    run = run_of(project, "ingest", max(days) + timedelta(days=400))
    source = next((source for source in project.sources if unavailable.table_of(source) == table.name), None)
    definitions = {table.name: unavailable.definitions(source)} if source else None
    with catalog.transaction(run, {table: days}, definitions=definitions) as tx:
        tx.replace(table, frame, days)
    catalog.end(run)


def _column(made: DataFrame, column: Column):
    value = made[column.name] if column.name in made.columns else F.lit(None)
    return value.cast(column.type).alias(column.name)


def write_snapshots(
    project: Project, catalog: Catalog, days: Collection[date], labelled: Collection[date], more: float = 0
) -> None:
    """Write features of `days` and labels of `labelled`; the quieter a customer was, the likelier the label.

    more: added to everybody's probability of the label.
    """
    drawn = random.Random(7)
    snapshots, labels = [], []
    for day in days:
        for number in range(CUSTOMERS):
            count = drawn.randint(0, 9)
            recency = drawn.randint(1, 30) if count else drawn.randint(29, 56)
            spent = round(drawn.uniform(5, 80), 2) if drawn.random() < 0.9 else None
            customer = f"c{number:04d}"
            plan = ("basic", "plus", None)[number % 3]
            a_day = spent / 28 if spent else None
            snapshots.append((customer, day, recency, count, count * 0.7, spent, plan, a_day))
            churned = drawn.random() < 0.05 + more + 0.6 * (recency / 56) ** 2 + (0.15 if plan is None else 0)
            excluded = "churned_in_gap" if number == 0 else None
            matured = project.periods.matured_on(day)
            labels.append((customer, day, None if excluded else int(churned), excluded, None, None, matured))
    completed(project, catalog, max(days) + timedelta(days=400))
    table = features(project.features)
    run = run_of(project, "build_features", max(days))
    with catalog.transaction(run, {table: days}, definitions=BUILD_FEATURES.definitions(project)) as tx:
        tx.replace(table, catalog.spark.createDataFrame(snapshots, table.schema), days)
    catalog.end(run)
    run = run_of(project, "build_labels", max(days))
    states = {LABELS.name: {day: f"matured on {project.periods.matured_on(day)}" for day in labelled}}
    kept = [row for row in labels if row[1] in labelled]
    with catalog.transaction(run, {LABELS: labelled}, definitions=label_definitions(project), states=states) as tx:
        tx.replace(LABELS, catalog.spark.createDataFrame(kept, LABELS.schema), labelled)
    catalog.end(run)


def completed(project: Project, catalog: Catalog, as_of: date) -> None:
    """Note in the ledger that ingest has completed a day on which there was nothing to take."""
    run = run_of(project, "ingest", as_of)
    catalog.enter(run)
    catalog.end(run)


def every_four_weeks(count: int) -> list[date]:
    return [FIRST + timedelta(days=28 * n) for n in range(count)]
