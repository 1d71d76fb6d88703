"""Upkeep of the warehouse: compaction, retention, VACUUM. It changes no row that is kept, so nothing becomes stale."""

import logging
from datetime import timedelta

from churn_spark.definitions.periods import month
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
    keep = project.retention
    oldest = maintenance.oldest_kept(run.as_of, keep.features_days)
    recent = run.as_of - timedelta(days=60)
    for table in tables(project):
        if not catalog.exists(table):
            continue
        catalog.prepare(table)  # refuses a table that lost commits: a new one would hide the loss
        dropped = 0
        if table.name in RETIRED:
            first = month(oldest) if table.name == NETWORKS.name else oldest
            dropped = maintenance.drop_before(catalog.spark, catalog.place, table, first)
        merged = maintenance.compact(catalog.spark, catalog.place, table, recent)
        maintenance.keep_log(catalog.spark, catalog.place, table, keep.log_days)
        maintenance.vacuum(catalog.spark, catalog.place, table, keep.vacuum_hours)
        log.info("%s: %d rows past retention dropped, %d small files merged", table.name, dropped, merged)


def _take_back_lost(project: Project, catalog: Catalog) -> None:
    for entry in catalog.take_back_lost(tables(project)):
        lost = sorted({written.table for written in entry.writes})
        log.warning("%s: what the run %s wrote is lost; run %s again", ", ".join(lost), entry.run_id, entry.job)
