"""Lookups of a source: tables that add columns to its rows, joined by a key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.reading import canonical_options
from churn_spark.definitions.stored_types import WHOLE

Format = Literal["csv", "json", "parquet", "delta"]
TEXT_FORMATS = ("csv", "json")
"""Formats whose values are texts, which options say how to read."""
KEYS = ("string", *WHOLE)
"""Types that a key may have."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table that adds columns to a source's rows.

    schema: its columns as (name, Spark type). key: the column that identifies its rows. on: SQL over the raw columns of
    the source and the columns of earlier lookups, which gives the key of the row to join.
    """

    name: str
    format: Format
    path: str
    schema: tuple[tuple[str, str], ...]
    key: str
    on: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The columns that it adds to a row, as (name in SQL, Spark type)."""
        return tuple((looked_up_as(self.name, name), kind) for name, kind in self.schema)

    @property
    def expression(self) -> str:
        """The name of the expression `on`, where it is evaluated and in the reason when it fails."""
        return f"lookup_{self.name}"

    @property
    def key_is_text(self) -> bool:
        return dict(self.schema)[self.key] == "string"

    def mentioned_columns(self, expressions: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """The columns that some SQL expressions may mention, as in `schema`."""
        asked = mentioned(expressions, (name for name, _ in self.columns))
        return tuple((name, kind) for name, kind in self.schema if looked_up_as(self.name, name) in asked)


def looked_up_as(lookup: str, column: str) -> str:
    """The name in SQL of a column of a lookup."""
    return f"{lookup}_{column}"


def used_lookups(lookups: Sequence[Lookup], expressions: Iterable[str]) -> tuple[Lookup, ...]:
    """The lookups whose columns some expressions may mention, and the lookups that these need; in their order."""
    texts, needed = list(expressions), []
    for lookup in reversed(lookups):
        if lookup.mentioned_columns(texts):
            needed.append(lookup)
            texts.append(lookup.on)
    return tuple(reversed(needed))


def with_lookup_keys(lookups: Sequence[Lookup], expressions: Iterable[str]) -> tuple[str, ...]:
    """The expressions, and the keys (`on`) of the lookups that they use."""
    given = tuple(expressions)
    return *given, *(lookup.on for lookup in used_lookups(lookups, given))


def lookup_definitions(lookups: Sequence[Lookup], expressions: Iterable[str]) -> list[tuple[object, ...]]:
    """The definitions of the lookups that some expressions use, for hashes: without the lookups' paths and rows.

    Empty where no lookup is used.
    """
    given = tuple(expressions)
    every = with_lookup_keys(lookups, given)
    return [
        (
            lookup.name,
            lookup.format,
            canonical_options(lookup.format, lookup.options),
            (lookup.key, dict(lookup.schema)[lookup.key], lookup.on),
            lookup.mentioned_columns(every),
        )
        for lookup in used_lookups(lookups, given)
    ]
