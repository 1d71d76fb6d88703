"""Upkeep of the warehouse: compaction, retention, VACUUM. It changes no row that is kept, so nothing becomes stale."""

import logging
from datetime import date, timedelta

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.data_end import WITHOUT_AS_OF, data_end, described, next_day
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import oldest_kept
from churn_spark.stages.stage import Option, Stage
from churn_spark.tables import maintenance
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.table import Table

log = logging.getLogger("churn_spark.maintain")

ACCEPT_ROLLBACK = "accept-rollback"
"""Option: tables that lost commits of their log stand as they are, and what was lost is to be built again."""


def maintain(run: Run, project: Project, catalog: Catalog) -> None:
    """Drop snapshots past their retention, merge small files of the last weeks, remove files no version needs."""
    if ACCEPT_ROLLBACK in run.options:
        _take_back_lost(project, catalog)
    drop_old(run, project, catalog)
    recent = run.as_of - timedelta(days=60)
    spark, place, kept, allowed = catalog.spark, catalog.location, project.retention, catalog.jobs.confirm
    for table in _all_tables(project):
        if not catalog.exists(table):
            continue
        catalog.prepare(table)  # refuses a table that lost commits: a new one would hide the loss
        merged = maintenance.compact(spark, place, table, recent, allowed)
        maintenance.keep(spark, place, table, kept.log_days, kept.vacuum_hours, allowed)
        maintenance.vacuum(spark, place, table, allowed)
        log.info("%s: %d small files merged", table.name, merged)


def drop_old(run: Run, project: Project, catalog: Catalog) -> None:
    """Remove the partitions past retention: they count as never built, so that an earlier as-of date can have them."""
    oldest, ledger = oldest_kept(project, run.as_of), catalog.ledger
    past: dict[Table, list[date]] = {}
    for stage in _all_stages():
        for table in stage.writes(project) if stage.retention else ():
            named = {*ledger.partitions(table.name), *(day for day in ledger.open(table.name) if day)}
            past[table] = [day for day in sorted(named) if day < stage.partition(oldest)]
    if not any(past.values()):
        return
    refuse_today(run, project, ledger, oldest)
    for table, days in past.items():
        if days:
            log.warning(
                "%s: dropping what is older than %s (retention.features_days: %d): %s",
                table.name,
                oldest,
                project.retention.features_days,
                listed(days),
            )
    with catalog.transaction(run, past) as tx:
        for table, days in past.items():
            tx.remove(table, days)


def refuse_today(run: Run, project: Project, ledger: Ledger, oldest: date) -> None:
    """NotReadyError where the as-of date was left out and the data ended long ago: today is hardly meant then."""
    end = data_end(project, ledger)
    if WITHOUT_AS_OF in run.options and end and run.as_of > end.until:
        raise NotReadyError(
            f"{described(end)}, and --as-of was left out: at {run.as_of} all snapshots before {oldest} would be dropped"
            f" (retention.features_days: {project.retention.features_days}). Give the as-of date that is meant: --as-of"
            f" {next_day(end)}, or --as-of {run.as_of} to drop them"
        )


def _take_back_lost(project: Project, catalog: Catalog) -> None:
    for entry in catalog.take_back_lost(_all_tables(project)):
        lost = sorted({written.table for written in entry.writes})
        log.warning("%s: what the run %s wrote is lost; run %s again", ", ".join(lost), entry.run_id, entry.job)


def _all_stages() -> tuple[Stage, ...]:
    from churn_spark.stages import all_stages  # the list names this stage too: it is whole only when all are imported

    return all_stages.STAGES


def _all_tables(project: Project) -> tuple[Table, ...]:
    from churn_spark.stages import all_stages

    return all_stages.tables(project)


MAINTAIN = Stage(
    name="maintain",
    summary="Compact tables, drop what is past retention, VACUUM.",
    work=maintain,
    schedule="0 9 * * 6",
    options=(Option(ACCEPT_ROLLBACK, ACCEPT_ROLLBACK),),
)
