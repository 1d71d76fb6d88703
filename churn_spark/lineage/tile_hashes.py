"""Hashes of what tiles mean: of the rows of a source, of a column's values, and of each thing tiles keep of a column.

Whatever is computed from tiles has these in its own hash, so that another meaning reaches it without a look at values.
"""

from dataclasses import dataclass, replace

from churn_spark.definitions.columns import Category, Measure, value_column
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.lookups import lookup_definitions
from churn_spark.definitions.sources import Source

VERSION = 2
"""Rises when cleaning or compaction changes its meaning."""
ROWS = "(rows)"
"""In the ledger, the hash of which rows there are; in brackets, as no column is."""


def rows_hash(source: Source, zone: str) -> str:
    """Which events of a source count, whose they are and when. zone: of the project."""
    dropped = sorted((c.name, c.expression) for c in source.columns if c.cleaning.missing == "drop")
    identity = (source.customer_id, source.event_id, source.event_time, source.time_zone, zone)
    expressions = [source.customer_id, *source.event_id, source.event_time, *(expression for _, expression in dropped)]
    return definition_hash(VERSION, identity, dropped, *lookup_definitions(source.lookups, expressions))


def column_hash(source: Source, column: Measure | Category, longest: int) -> str:
    """The values of a column of a source: its mapping and cleaning. longest: days, the longest window of the project.

    What changes no value is left out: a unit's name, what tiles keep of it, the number of values allowed.
    """
    meant: Measure | Category
    if isinstance(column, Measure):
        meant = replace(column, unit="", points=False)
    else:
        meant = replace(column, values=(), measures=(), distinct=False, max_values=0)
    # The longest window bounds how far back a last known value is looked for.
    lookback = longest if column.cleaning.missing == "last_known" else None
    return definition_hash(VERSION, meant, lookback, *lookup_definitions(source.lookups, [column.expression]))


def tile_hashes(source: Source, zone: str, longest: int) -> dict[str, str]:
    """All that the tiles of a source keep: its rows, and each part of a column that can be asked for by itself."""
    rows = rows_hash(source, zone)
    values = {column.name: column_hash(source, column, longest) for column in source.columns}
    return {ROWS: rows} | {
        name: definition_hash(rows, name, part.value, *(values[column] for column in part.made_from))
        for name, part in kept(source).items()
    }


@dataclass(frozen=True, slots=True)
class Part:
    """Something that tiles keep. made_from: names of columns. value: of a category, whose events are counted apart."""

    made_from: tuple[str, ...]
    value: str | None = None


def kept(source: Source) -> dict[str, Part]:
    """What tiles keep of columns, each by a name of its own."""
    parts: dict[str, Part] = {}
    for measure in source.measures:
        parts[measure.name] = Part((measure.name,))
        if measure.points:
            parts[f"{measure.name}, first and last"] = Part((measure.name,))
    for category in source.categories:
        parts[category.name] = Part((category.name,))
        if category.distinct:
            parts[f"{category.name}, distinct"] = Part((category.name,))
        for value in category.values:
            parts[value_column(category.name, value)] = Part((category.name,), value)
            for summed in category.measures:
                parts[value_column(category.name, value, summed)] = Part((category.name, summed), value)
    return parts
