"""Networks: once a month, how central each customer is among those in contact, and which community it belongs to."""

import logging
from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days, days_up_to, hull, known_from_needed, listed, month
from churn_spark.definitions.project import Project, Run
from churn_spark.features.networks import networks
from churn_spark.features.partners import left_by_event, left_by_silence
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import month_dates
from churn_spark.stages.build_tiles import BUILD_TILES
from churn_spark.stages.conditions import failures_named
from churn_spark.stages.refusals import refuse_ahead_of_ingest, refuse_due
from churn_spark.stages.snapshot_inputs import checkpointed, churn_events
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import NETWORKS
from churn_spark.tables.contracts.tiles import FIRST_SEEN, contacts, tiles

log = logging.getLogger("churn_spark.build_networks")


def build_networks(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the networks, of the months of the run's as-of dates, that are missing, stale or of another definition."""
    if not project.features.networked:
        log.info("no feature asks for networks")
        return
    asked = sorted({month(day) for day in run.dates})
    months = BUILD_NETWORKS.to_build(project, catalog.ledger, NETWORKS.name, asked)
    if not months:
        log.info("networks of %s are built for these inputs", listed(asked))
        return
    refuse_ahead_of_ingest(catalog, months)
    spans = {day: _reads(project, catalog.ledger, NETWORKS.name, day) for day in months}
    for span in spans.values():
        refuse_due([BUILD_TILES], run, project, catalog, span)
    with failures_named(project):
        rows = _networks(project, catalog, spans)
        with catalog.transaction(run, {NETWORKS: months}, definitions=_definitions(project)) as tx:
            tx.replace(NETWORKS, rows, months)
    log.info("networks of %s", listed(months))


def _networks(project: Project, catalog: Catalog, spans: Mapping[date, Mapping[str, Days]]) -> DataFrame:
    """The networks of some months, out of what each of them reads."""
    months = sorted(spans)
    together = {table: hull(span[table] for span in spans.values()) for table in spans[months[0]]}
    first_seen = catalog.read(FIRST_SEEN, together["first_seen"])
    left = _left(project, catalog, first_seen, together, months)
    by_source = []
    for source in project.partnered_sources:
        if asked := [feature for feature in project.features.networked if feature.source == source.name]:
            met = catalog.read(contacts(source), together[source.contacts_table])
            rows = networks(met, first_seen, left, asked, months, checkpointed)
            by_source.append(rows.withColumn("source", F.lit(source.name)))
    return reduce(DataFrame.unionByName, by_source)


def _left(
    project: Project, catalog: Catalog, first_seen: DataFrame, spans: Mapping[str, Days], months: list[date]
) -> DataFrame | None:
    """Who had left by each month's first day; None where no feature asks."""
    leaving = project.features.leaving_communities
    if leaving is None:
        return None
    if leaving.after is None:
        events_table = project.source(leaving.sources[0]).events_table
        return left_by_event(first_seen, churn_events(project, catalog, leaving, spans[events_table]), months)
    sources = [project.source(name) for name in leaving.sources]
    known = {source.name: catalog.read(tiles(source), spans[source.tiles_table]) for source in sources}
    return left_by_silence(first_seen, known, leaving, months)


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """The networks of a month come from the contacts of their windows, first days, and what tells who had left."""
    spans = {FIRST_SEEN.name: days_up_to(day)}
    for source in project.partnered_sources:
        windows = [feature.window or 0 for feature in project.features.networked if feature.source == source.name]
        if windows:
            spans[source.contacts_table] = known_from_needed(day, max(windows))
    leaving = project.features.leaving_communities
    if leaving is None:
        return spans
    sources = [project.source(name) for name in leaving.sources]
    if leaving.after is None:
        return spans | {sources[0].events_table: days_up_to(day)}
    return spans | {source.tiles_table: known_from_needed(day, leaving.after) for source in sources}


def _definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each feature that comes from networks."""
    return {NETWORKS.name: {feature.name: feature.hash for feature in project.features.networked}}


def _dates(project: Project, catalog: Catalog, as_of: date, wanted: Days | None) -> dict[str, list[date]]:
    return {NETWORKS.name: month_dates(project, catalog.ledger, [NETWORKS.name], as_of, wanted)}


BUILD_NETWORKS = Stage(
    name="build_networks",
    summary="Compute who is central among customers in contact, and their communities, once a month.",
    work=build_networks,
    writes=lambda project: (NETWORKS,),
    reads=_reads,
    definitions=_definitions,
    dates=_dates,
    per_date=True,
    monthly=True,
    daily=True,
    needed=lambda project: bool(project.features.networked),
    retention=True,
)
