"""One run of one stage: its locks, its rows in the ledger, its failure by name."""

import logging
import subprocess
import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from churn_spark import __version__
from churn_spark.definitions.errors import BusyError, ChurnError
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import NOTHING, Entry
from churn_spark.runtime.failures import foreseen
from churn_spark.runtime.heartbeat import heartbeat
from churn_spark.stages import all_stages
from churn_spark.stages.stage import REDECIDE, Stage
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.run")


def run_stage(
    stage: Stage,
    project: Project,
    catalog: Catalog,
    as_of: date,
    options: Sequence[str] = (),
    dates: Collection[date] = (),
) -> Entry:
    """Run a stage once under its job lock, with its rows in the ledger; raises what it fails with."""
    run = begun(stage.name, project, as_of, options, dates)
    logger = logging.getLogger(f"churn_spark.{stage.name}")
    with catalog.jobs.lock(run):
        catalog.enter(run)
        try:
            with heartbeat(catalog.spark, logger):
                _work(stage, run, project, catalog, logger)
        except BaseException as error:
            named = foreseen(error, tables=[table.name for table in all_stages.tables(project)]) or error
            _end_failed(catalog, run, named)
            if named is not error:
                raise named from error
            raise
        try:
            entry = catalog.end(run)
        except BusyError as lost:  # another run has the job by now
            _end_failed(catalog, run, lost)
            raise
    idle = entry.status == NOTHING and stage.writes(project)
    logger.info("%s in %.1f s", "nothing to do" if idle else "done", entry.seconds or 0.0)
    return entry


def _work(stage: Stage, run: Run, project: Project, catalog: Catalog, logger: logging.Logger) -> None:
    """Do the work of a stage for the dates of a run that others have not acted upon, or for all if that is asked."""
    standing = [day for day in run.dates if stage.stands(project, catalog.ledger, day)]
    if standing and REDECIDE in run.options:
        logger.warning("others have acted upon what was made for %s: it is decided anew all the same", listed(standing))
        standing = []
    if standing:
        logger.info("others have acted upon what was made for %s: it stays as it is", listed(standing))
    dates = tuple(day for day in run.dates if day not in standing)
    if dates:
        stage.work(replace(run, dates=dates), project, catalog)


def begun(job: str, project: Project, as_of: date, options: Sequence[str] = (), dates: Collection[date] = ()) -> Run:
    """A new run of a job."""
    return Run(
        job=job,
        as_of=as_of,
        dates=tuple(sorted(dates)) or (as_of,),
        run_id=f"{job}-{as_of.isoformat()}-{uuid.uuid4().hex[:12]}",
        code_version=code_version(),
        settings_hash=project.settings_hash,
        started_at=datetime.now(UTC),
        options=frozenset(options),
    )


def _end_failed(catalog: Catalog, run: Run, error: BaseException) -> None:
    name = type(error).__name__
    try:
        if isinstance(error, KeyboardInterrupt):
            catalog.spark.sparkContext.cancelAllJobs()
        if isinstance(error, ChurnError):
            catalog.end(run, error=f"{name}: {error}", stands=error.stands)
        else:
            catalog.end(run, error=name)
    except (
        Exception
    ) as second:  # the first failure must be raised, whatever hinders the ledger (a full disk, a lost store)
        log.warning("the ledger could not note the failure: %s", str(second).splitlines()[0] if str(second) else second)


@cache
def code_version() -> str:
    """The package's version, with the commit where it runs from a checkout."""
    checkout = Path(__file__).parents[2]
    if not (checkout / ".git").exists():
        return __version__
    commit = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    )
    return f"{__version__}+{commit.stdout.strip()}" if commit.returncode == 0 else __version__
