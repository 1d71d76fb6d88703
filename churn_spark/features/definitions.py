"""Hashes of what tiles and contacts mean: those of another hash are not mixed with these."""

from dataclasses import replace

from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Category, Measure, Source

VERSION = 1
"""Rises when cleaning or compaction changes its meaning."""


def tile_definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each measure, category and of the rows themselves, by table written by build_tiles.

    Over the mapping, the cleaning (its method, not learnt values), what tiles keep of the column, and the zone.
    """
    found = {source.tiles_table: _of_source(source, project) for source in project.event_sources}
    pairs = {
        source.contacts_table: {"events": definition_hash(found[source.tiles_table]["events"], source.counterparty)}
        for source in project.partnered_sources
    }
    return {**found, **pairs, "first_seen": {s.name: found[s.tiles_table]["events"] for s in project.event_sources}}


def _of_source(source: Source, project: Project) -> dict[str, str]:
    columns = source.columns
    dropped = sorted((c.name, c.expression) for c in columns if c.cleaning.missing == "drop")
    identity = (source.customer_id, source.event_id, source.event_time, source.time_zone, project.zone)
    rows = definition_hash(VERSION, identity, dropped)
    return {"events": rows, **{column.name: _of_column(column, rows, project) for column in columns}}


def _of_column(column: Measure | Category, rows: str, project: Project) -> str:
    # The longest window bounds how far back a last known value is looked for.
    lookback = project.features.longest if column.cleaning.missing == "last_known" else None
    # What changes no value of a tile is left out: a unit's name, the number of values allowed.
    meant = replace(column, unit="") if isinstance(column, Measure) else replace(column, max_values=0)
    return definition_hash(VERSION, meant, rows, lookback)
