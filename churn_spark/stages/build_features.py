"""Features: what was known of every customer of the population at each of the run's as-of dates."""

import logging
from datetime import date

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.periods import Days, known_from_needed, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.features.snapshot import Known, snapshots
from churn_spark.stages import reads
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import customers
from churn_spark.tables.contracts.snapshots import features
from churn_spark.tables.contracts.tiles import FIRST_SEEN, tiles

log = logging.getLogger("churn_spark.build_features")


def build_features(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the features of the run's as-of dates."""
    _refuse_too_early(run, project, catalog)
    table = features(project.features)
    known = _known(project, catalog, run.dates)
    found = snapshots(known, project.sources, project.features, project.population, run.dates)
    catalog.begin(run, {table: run.dates}, definitions={table.name: project.features.hashes})
    catalog.replace(table, found, run, run.dates)
    log.info("features of %s", listed(run.dates))


def _known(project: Project, catalog: Catalog, days: tuple[date, ...]) -> Known:
    longest = max(project.features.longest, project.population.days, 1)
    span = Days(known_from_needed(min(days), longest).first, known_from_needed(max(days), longest).end)
    return Known(
        tiles={source.name: catalog.read(tiles(source), span) for source in project.event_sources},
        first_seen=catalog.read(FIRST_SEEN, reads.until(max(days))),
        customers=catalog.read(customers(project), reads.until(max(days))) if project.customer_sources else None,
    )


def _refuse_too_early(run: Run, project: Project, catalog: Catalog) -> None:
    known = [day for source in project.event_sources for day in catalog.ledger.partitions(source.tiles_table)]
    if not known:
        raise NotReadyError(
            f"there are no tiles yet; churn-spark ingest {catalog.arguments} --as-of {run.as_of}, then build-tiles"
        )
    if early := [day for day in run.dates if day < min(known)]:
        raise NotReadyError(f"nothing was known at {listed(early)}; the earliest possible as-of date is {min(known)}")
