"""Networks: once a month, how central each customer is among those in contact, and which community it belongs to."""

import logging
from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days, hull, listed, month
from churn_spark.definitions.project import Project, Run
from churn_spark.features.networks import networks
from churn_spark.features.partners import left_by_event, left_by_silence
from churn_spark.stages import reads
from churn_spark.stages.inputs import checkpointed, churn_events, refuse_tiles_due
from churn_spark.stages.meanings import network_definitions
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import NETWORKS
from churn_spark.tables.contracts.tiles import FIRST_SEEN, contacts, tiles

log = logging.getLogger("churn_spark.build_networks")


def build_networks(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the networks of the months of the run's as-of dates."""
    if not project.features.networked:
        log.info("no feature asks for networks")
        return
    months = sorted({month(day) for day in run.dates})
    spans = {day: reads.networks(project, NETWORKS.name, day) for day in months}
    for span in spans.values():
        refuse_tiles_due(run, project, catalog, span)
    together = {table: hull(span[table] for span in spans.values()) for table in spans[months[0]]}
    first_seen = catalog.read(FIRST_SEEN, together["first_seen"])
    left = _left(project, catalog, first_seen, together, months)
    found = []
    for source in project.partnered_sources:
        if asked := [feature for feature in project.features.networked if feature.source == source.name]:
            met = catalog.read(contacts(source), together[source.contacts_table])
            rows = networks(met, first_seen, left, asked, months, checkpointed)
            found.append(rows.withColumn("source", F.lit(source.name)))
    catalog.begin(run, {NETWORKS: months}, definitions=network_definitions(project))
    catalog.replace(NETWORKS, reduce(DataFrame.unionByName, found), run, months)
    log.info("networks of %s", listed(months))


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
