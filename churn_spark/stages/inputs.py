"""What several stages read, refuse to read, and compute once."""

from collections.abc import Collection, Mapping
from datetime import date

from pyspark import StorageLevel
from pyspark.sql import DataFrame

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.periods import Days, grid, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.rules import Leaving
from churn_spark.stages import lacking, reads
from churn_spark.stages.meanings import tile_definitions
from churn_spark.stages.plan import obtainable, why
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.ledger import Ledger


def refuse_tiles_due(run: Run, project: Project, catalog: Catalog, span: Mapping[str, Days]) -> None:
    """NotReadyError when events within reach have no tiles or contacts, stale ones, or ones of another definition.

    span: the partitions read, by table.
    """
    ledger, definitions = catalog.ledger, tile_definitions(project)
    for source in project.event_sources:
        asked = [output for output in source.compacted if output in span]
        wanted = [(output, day) for day in sorted(ledger.partitions(source.events_table)) for output in asked]
        for output, day in wanted:
            if day not in span[output]:
                continue
            meant = obtainable(definitions[output], lacking.tiles(project, ledger, output, day))
            if reason := why(ledger, output, day, reads.tiles(project, output, day), meant):
                raise NotReadyError(
                    f"{output} of {day}: {reason[1]}; rebuild what is due: churn-spark build-tiles {catalog.arguments}"
                    f" --as-of {run.as_of}"
                )


def earliest(project: Project, ledger: Ledger) -> date | None:
    """The first as-of date at which an event was known; None: none is."""
    return min((day for s in project.event_sources for day in ledger.partitions(s.events_table)), default=None)


def refuse_too_early(project: Project, catalog: Catalog, days: Collection[date], as_of: date) -> None:
    """NotReadyError when nothing at all was known at one of some as-of dates, with the earliest possible one."""
    first_known = earliest(project, catalog.ledger)
    if first_known is None:
        raise NotReadyError(f"nothing was taken in yet: churn-spark ingest {catalog.arguments} --as-of {as_of}")
    early = sorted(day for day in days if day < first_known)
    if early:
        first, every = project.snapshots.first, project.snapshots.every
        asked = "; training snapshots begin at snapshots.first" if early[0] in grid(first, every, early[0]) else ""
        raise NotReadyError(
            f"nothing was known at {listed(early)}; the earliest possible as-of date is {first_known}{asked}"
        )


def churn_events(project: Project, catalog: Catalog, leaving: Leaving, days: Days) -> DataFrame:
    """The events by which customers leave, known on some days: customer_id, known_from."""
    source = project.source(leaving.sources[0])
    return catalog.read(events(source), days).where(leaving.filter or "true").select("customer_id", "known_from")


def checkpointed(rows: DataFrame) -> DataFrame:
    """The rows as they are now, for the whole run; on a cluster each lies on two executors, as one may be lost.

    A checkpoint, not a cache: Spark computes a cache of a table's rows anew once the table is written.
    """
    alone = str(rows.sparkSession.sparkContext.master).partition("[")[0] == "local"
    return rows.localCheckpoint(storageLevel=StorageLevel.MEMORY_AND_DISK if alone else StorageLevel.MEMORY_AND_DISK_2)
