"""Upkeep of the warehouse: compaction, retention, VACUUM. It changes no row that is kept, so nothing becomes stale."""

import logging
from datetime import timedelta

from churn_spark.definitions.periods import listed, month
from churn_spark.definitions.project import Project, Run
from churn_spark.tables import maintenance
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.every import tables
from churn_spark.tables.contracts.snapshots import NETWORKS

log = logging.getLogger("churn_spark.maintain")

RETIRED = ("networks", "features", "segments", "labels")
"""Tables whose old partitions are dropped; what was predicted, and events, are kept."""

ACCEPT_ROLLBACK = "accept-rollback"
"""Option: tables that lost commits of their log stand as they are, and what was lost is to be built again."""


def maintain(run: Run, project: Project, catalog: Catalog) -> None:
    """Drop snapshots past their retention, merge small files of the last weeks, remove files no version needs."""
    if ACCEPT_ROLLBACK in run.options:
        _take_back_lost(project, catalog)
    _drop_old(run, project, catalog)
    recent = run.as_of - timedelta(days=60)
    spark, place, kept = catalog.spark, catalog.place, project.retention
    for table in tables(project):
        if not catalog.exists(table):
            continue
        catalog.prepare(table)  # refuses a table that lost commits: a new one would hide the loss
        merged = maintenance.compact(spark, place, table, recent)
        maintenance.keep(spark, place, table, kept.log_days, kept.vacuum_hours)
        maintenance.vacuum(spark, place, table)
        log.info("%s: %d small files merged", table.name, merged)


def _drop_old(run: Run, project: Project, catalog: Catalog) -> None:
    """Remove the partitions past retention: they count as never built, so that an earlier as-of date can have them."""
    oldest, ledger = run.as_of - timedelta(days=project.retention.features_days), catalog.ledger
    past = {}
    for table in tables(project):
        if table.name in RETIRED:
            first = month(oldest) if table.name == NETWORKS.name else oldest
            known = {*ledger.partitions(table.name), *(day for day in ledger.open(table.name) if day)}
            past[table] = [day for day in sorted(known) if day < first]
    if not any(past.values()):
        return
    catalog.begin(run, past)
    for table, days in past.items():
        catalog.remove(table, run, days)
        if days:
            log.info("%s: past retention, dropped: %s", table.name, listed(days))


def _take_back_lost(project: Project, catalog: Catalog) -> None:
    for entry in catalog.take_back_lost(tables(project)):
        lost = sorted({written.table for written in entry.writes})
        log.warning("%s: what the run %s wrote is lost; run %s again", ", ".join(lost), entry.run_id, entry.job)
