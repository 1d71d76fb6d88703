"""The command line: `churn-spark VERB --conf FILE --as-of DATE`."""

import logging
import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from churn_spark.cli import decide, job, status
from churn_spark.cli.arguments import AsOf, Conf, Env, Log, Options, valid_options
from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.periods import Days, listed
from churn_spark.definitions.project import Project
from churn_spark.lineage import unavailable
from churn_spark.lineage.due import due_lines
from churn_spark.pipelines.backfill import backfill as fill
from churn_spark.pipelines.daily import daily as run_daily
from churn_spark.runtime import progress
from churn_spark.settings.checks.sql import Columns
from churn_spark.stages import all_stages, late_sources
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.damage import damage_error

log = logging.getLogger("churn_spark.sql")
Answer = TypeVar("Answer")
app = typer.Typer(no_args_is_help=True, add_completion=False, help="An early-warning system for customer churn.")


def main() -> None:
    """Run the command line and leave with the exit code of what happened."""
    job.leave(app)


def by_hand(verb: str) -> Callable[[], None]:
    """A verb of the command line as a program of its own, for `spark-submit`."""
    return lambda: app([verb, *sys.argv[1:]])


@app.command()
def check(conf: Path, env: Env = None, data: bool = False) -> None:
    """Check a configuration and print all its errors at once; with --data also the first rows of its sources."""
    from churn_spark.cli.source_check import check_data
    from churn_spark.outbox.addresses import address_problems
    from churn_spark.runtime.sql_expressions import expressions
    from churn_spark.runtime.sql_failures import failures
    from churn_spark.settings import load, warnings

    progress.configure()

    project = load(conf, env, expressions=_lazily(expressions))
    for line in warnings(conf, _lazily(failures), env):
        typer.echo(line, err=True)
    for line in address_problems(project.dispatch, os.environ) if project.dispatch else ():
        typer.echo(f"{conf}: warning: {line} (where the job runs)", err=True)
    if data:
        checked = check_data(project, job.started("churn_spark check"))
        for line in checked.notes:
            typer.echo(line)
        if checked.problems:
            raise ConfigError(f"{conf} does not fit its sources:\n" + "\n".join(checked.problems))
    typer.echo(f"{conf}: no errors; {len(project.sources)} sources, {len(project.features.hashes)} features")


def _lazily(make: Callable[[SparkSession], Callable[[Columns, str], Answer]]) -> Callable[[Columns, str], Answer]:
    """A function over columns and a SQL expression, made when it is first called: a file without SQL needs no Spark."""

    @cache
    def made() -> Callable[[Columns, str], Answer]:
        return make(job.started("churn_spark check"))

    def of(columns: Columns, sql: str) -> Answer:
        return made()(columns, sql)

    return of


@app.command()
def init(
    folder: Annotated[Path, typer.Option("--from", help="Folder of files; subfolders are sources of their own.")],
    out: Annotated[Path | None, typer.Option(help="File to write; left out: conf/<folder>.yaml.")] = None,
) -> None:
    """Write a first configuration for the files in a folder; what it cannot know it asks in comments."""
    from churn_spark.proposal.writing import write
    from churn_spark.settings import errors

    path = write(folder, out)
    typer.echo(f"wrote {path}; {path.read_text(encoding='utf-8').count('QUESTION')} questions in it are for you")
    for line in errors(path):
        typer.echo(f"to be completed: {line}")
    typer.echo(f"then: churn-spark check {path} --data")


@app.command()
def daily(conf: Conf, as_of: AsOf = None, env: Env = None, log: Log = "text", option: Options = []) -> None:  # noqa: B006
    """Everything of one day, ingest to report; what is done already for these inputs is skipped."""
    job.start(conf, as_of, env, log, valid_options(option, "daily"), run_daily, "daily")


@app.command()
def backfill(
    conf: Conf,
    as_of: AsOf = None,
    env: Env = None,
    log: Log = "text",
    option: Options = [],  # noqa: B006
    first: Annotated[str | None, typer.Option("--from", help="Also build each as-of date from here ...")] = None,
    until: Annotated[str | None, typer.Option("--to", help="... up to and including here.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Only list what is due, with the reason.")] = False,
) -> None:
    """Build what is missing or stale: training snapshots, dates already built, and the dates of --from and --to."""
    project, catalog, as_of_day = job.opened_at(conf, as_of, env, log, valid_options(option, "backfill"), "backfill")
    wanted = _span(first, until, project, as_of_day)
    plan = fill(project, catalog, as_of_day, wanted, dry_run)
    verb = "is due" if dry_run else "was due"
    typer.echo(f"{len(plan)} partitions; each {verb} for a reason:" if plan else "Nothing is due.")
    for line in due_lines(plan):
        typer.echo(f"  {line}")
    for line in (
        *unavailable.warnings(project, catalog.ledger),
        *late_sources.remedies(project, catalog.ledger, catalog.arguments),
    ):
        typer.echo(line)


@app.command("status")
def status_(conf: Conf, as_of: AsOf = None, env: Env = None) -> None:
    """What is there for which dates, what is missing or stale and why, the last runs, the champion."""
    project, catalog = job.opened(conf, env)
    status.show(project, catalog, job.as_of_date(as_of, project), status.to_stdout())


@app.command()
def sql(query: str, conf: Conf, env: Env = None, rows: int = 50) -> None:
    """Run a query over the project's tables, which go by their plain names, and print the first rows."""
    project, catalog = job.opened(conf, env)
    views(project, catalog)
    show(query, project, catalog, rows)


@app.command()
def demo(folder: Path = Path("demo"), conf: Path = Path("conf/complete_journey.yaml")) -> None:
    """The whole way on real transactions (Complete Journey): risk table, metrics, report and SQL."""
    from churn_spark.cli.demo import run_demo

    run_demo(folder, conf)


@app.command()
def simulate(
    domain: Annotated[str, typer.Argument(help="What company: telecom or bank.")],
    out: Annotated[Path, typer.Option(help="Folder of the made data: deliveries in sources/, the truth in truth/.")],
    customers: Annotated[int, typer.Option(help="How many customers there ever are.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; a later run can go on.")],
    seed: Annotated[int, typer.Option(help="Another seed gives other customers.")] = 1,
    interventions: Annotated[
        str | None, typer.Option(help="Delta or Parquet table: customer_id, date, action, channel.")
    ] = None,
    regime_change: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which a rival comes; default 270 days on.")
    ] = None,
) -> None:
    """Make simulated customers: deliveries like real ones, from a known causal model, with the truth beside."""
    from churn_spark.simulate.manifest import simulation
    from churn_spark.simulate.simulation import simulate as make

    progress.configure()
    changes = regime_change.date() if regime_change else None
    wanted = simulation(domain, customers, first.date(), last.date(), seed, changes)
    written = make(job.started("churn_spark simulate"), wanted, out, interventions)
    for source, rows in written.items():
        typer.echo(f"{out}/sources/{source}: {rows:,} simulated rows are new")


def views(project: Project, catalog: Catalog) -> None:
    """Make every table of the project a view under its plain name, with a warning where a run left one half-written."""
    for table in all_stages.tables(project):
        if catalog.exists(table):
            catalog.location.read(catalog.spark, table.name).createOrReplaceTempView(table.name)
        if half_written := catalog.ledger.open(table.name):
            days = listed(day for day in half_written if day) or "it"
            log.warning("%s: %s is half-written; churn-spark status says by which run", table.name, days)


def show(query: str, project: Project, catalog: Catalog, rows: int) -> None:
    """Print the first rows of a query; typer.BadParameter for one that Spark does not understand."""
    try:
        catalog.spark.sql(query).show(rows, truncate=60)
    except AnalysisException as error:
        raise typer.BadParameter(str(error).strip().splitlines()[0]) from None
    except Exception as error:
        if damaged := damage_error(error, tables=[table.name for table in all_stages.tables(project)]):
            raise damaged from error
        raise


def _span(first: str | None, until: str | None, project: Project, as_of: date) -> Days | None:
    if first is None and until is None:
        return None
    start = job.as_of_date(first, project) if first else as_of
    end = job.as_of_date(until, project) if until else as_of
    if end < start:
        raise typer.BadParameter(f"--from {start} lies after --to {end}")
    return Days(start, end + timedelta(days=1))


def _add(stage: Stage) -> None:
    def verb(conf: Conf, as_of: AsOf = None, env: Env = None, log: Log = "text", option: Options = []) -> None:  # noqa: B006
        options = valid_options(option, stage.command)
        job.start(conf, as_of, env, log, options, partial(job.once, stage), stage.command)

    app.command(stage.command, help=stage.summary)(verb)


for _stage in all_stages.STAGES:
    _add(_stage)
for _decision in (decide.promote, decide.rollback, decide.recalibrate):
    app.command()(_decision)
