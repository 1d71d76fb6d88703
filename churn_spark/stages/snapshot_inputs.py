"""What snapshots and networks are computed from, read as far as the spans of their dates reach."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from pyspark import StorageLevel
from pyspark.sql import DataFrame

from churn_spark.definitions.periods import Days, hull
from churn_spark.definitions.project import Project
from churn_spark.definitions.rules import Leaving
from churn_spark.features.snapshot import SnapshotInputs
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import customers, events
from churn_spark.tables.contracts.snapshots import NETWORKS
from churn_spark.tables.contracts.tiles import FIRST_SEEN, contacts, tiles


def churn_events(project: Project, catalog: Catalog, leaving: Leaving, days: Days) -> DataFrame:
    """The events by which customers leave, known on some days: customer_id, known_from."""
    source = project.source(leaving.sources[0])
    return catalog.read(events(source), days).where(leaving.filter or "true").select("customer_id", "known_from")


def known(
    project: Project, catalog: Catalog, spans: Sequence[Mapping[str, Days]], months: Collection[date]
) -> SnapshotInputs:
    """What snapshots are computed from, as far as the spans of their dates reach; months: whose networks are needed."""

    def read(name: str) -> bool:
        return all(name in span for span in spans)

    def together(name: str) -> Days:
        return hull(span[name] for span in spans)

    sources = project.event_sources
    leaving, churned = project.features.leaving_partners, None
    if leaving and leaving.after is None:
        churned = churn_events(project, catalog, leaving, together(project.source(leaving.sources[0]).events_table))
    leavers = None
    if project.leavers:
        events_table = project.source(project.leavers.sources[0]).events_table
        leavers = churn_events(project, catalog, project.leavers, together(events_table))
    return SnapshotInputs(
        tiles={s.name: catalog.read(tiles(s), together(s.tiles_table)) for s in sources if read(s.tiles_table)},
        first_seen=catalog.read(FIRST_SEEN, together("first_seen")),
        customers=catalog.read(customers(project), together("customers")) if project.customer_sources else None,
        contacts={
            s.name: catalog.read(contacts(s), together(s.contacts_table)) for s in sources if read(s.contacts_table)
        },
        churned=churned,
        leavers=leavers,
        networks=catalog.read(NETWORKS, months) if months else None,
    )


def checkpointed(rows: DataFrame) -> DataFrame:
    """The rows as they are now, for the whole run; on a cluster each lies on two executors, as one may be lost.

    A checkpoint, not a cache: Spark computes a cache of a table's rows anew once the table is written.
    """
    alone = str(rows.sparkSession.sparkContext.master).partition("[")[0] == "local"
    return rows.localCheckpoint(storageLevel=StorageLevel.MEMORY_AND_DISK if alone else StorageLevel.MEMORY_AND_DISK_2)
