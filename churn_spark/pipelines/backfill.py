"""The filling of partitions that are missing or stale."""

import logging
from datetime import date, timedelta

from churn_spark.definitions.errors import ConfigError, OtherDefinitionError
from churn_spark.definitions.periods import Days, grid, listed
from churn_spark.definitions.project import Project
from churn_spark.lineage.data_end import data_end, described, past_data
from churn_spark.lineage.due import Due, due_lines
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import oldest_kept, snapshot_dates
from churn_spark.pipelines.plan import everything_due, partitions
from churn_spark.runtime.run import begun, run_stage
from churn_spark.stages import all_stages
from churn_spark.stages.refusals import refuse_ahead_of_ingest, refuse_past_data, refuse_too_early
from churn_spark.stages.stage import PUBLISHED, Stage
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.backfill")


def backfill(
    project: Project, catalog: Catalog, as_of: date, wanted: Days | None = None, dry_run: bool = False
) -> list[Due]:
    """Build the partitions that are missing or stale as known at an as-of date, and return what was due.

    Considered are the training snapshots, every date already built, and each day of `wanted`; dry_run only lists: what
    follows from another partition's rebuild is listed with it. NotReadyError: nothing was known at one of the dates, or
    ingest has not completed the as-of date. ConfigError: a wanted day can have no snapshot at this as-of date.
    """
    catalog.refresh()
    _refuse_unwanted(project, as_of, wanted)
    refuse_too_early(project, catalog, snapshot_dates(project, catalog.ledger, as_of, wanted), as_of)
    refuse_ahead_of_ingest(catalog, [as_of])
    refuse_past_data(project, catalog, list(wanted or ()))
    log_left_out(project, catalog.ledger, as_of)
    plan = everything_due(project, catalog, as_of, wanted)
    if dry_run or not plan:
        return plan
    with catalog.jobs.lock(begun("backfill", project, as_of)):
        for stage in all_stages.STAGES:
            if stage.dates is not None and stage.needed(project):
                _fill(stage, project, catalog, as_of, wanted)
    return plan


def _fill(stage: Stage, project: Project, catalog: Catalog, as_of: date, wanted: Days | None) -> None:
    """Run a stage for the partitions that are due now; a stage that finds its own partitions always runs."""
    catalog.refresh()
    dates = partitions(stage, project, catalog, as_of, wanted)
    due = [item for output, days in dates.items() for item in stage.due(project, catalog.ledger, output, days)]
    due = [item for item in due if item.kind != PUBLISHED]
    for line in due_lines(due):
        log.info("to build: %s", line)
    if not stage.per_date:
        run_stage(stage, project, catalog, as_of)
        return
    days = sorted({item.day for item in due})
    if stage.alone:
        for day in days:
            try:
                run_stage(stage, project, catalog, day)
            except OtherDefinitionError as error:  # such a date cannot be had again; every other failure ends the run
                log.warning("%s of %s: kept as it is, since it cannot be built again: %s", stage.name, day, error)
    elif days:
        run_stage(stage, project, catalog, as_of, dates=days)


def _refuse_unwanted(project: Project, as_of: date, wanted: Days | None) -> None:
    """ConfigError for days that would be left out: those after the as-of date, and those that retention drops."""
    if wanted is None:
        return
    oldest, last = oldest_kept(project, as_of), wanted.end - timedelta(days=1)
    if last > as_of:
        raise ConfigError(f"--to {last} lies after --as-of {as_of}: what will be known then is not known yet")
    if wanted.first < oldest:
        raise ConfigError(
            f"--from {wanted.first} lies before {oldest}, the oldest snapshot kept at {as_of}"
            f" (retention.features_days: {project.retention.features_days})"
        )


def log_left_out(project: Project, ledger: Ledger, as_of: date) -> None:
    """Say which training snapshots are left out, as they lie beyond the end of the data or past retention."""
    days = grid(project.snapshots.first, project.snapshots.every, as_of)
    oldest, end = oldest_kept(project, as_of), data_end(project, ledger)
    if end and (beyond := past_data(project, ledger, days)):
        log.warning("%s, so nothing is built for %s", described(end), listed(beyond))
    if old := [day for day in days if day < oldest]:
        log.warning(
            "left out, as older than %s (retention.features_days: %d at --as-of %s): %s",
            oldest,
            project.retention.features_days,
            as_of,
            listed(old),
        )
