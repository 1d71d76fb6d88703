"""Lookups: their keys, and names of columns that clash."""

from collections.abc import Iterator

from churn_spark.definitions.lookups import KEYS, looked_up_as
from churn_spark.definitions.nearest import unknown
from churn_spark.settings.checks.columns import alike
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.lookups import LookupSection
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings
from churn_spark.settings.sources import SourceSection


def lookups(settings: Settings) -> Iterator[Problem]:
    """Problems of every source's lookups."""
    for name, source in settings.sources.items():
        yield from as_far_as_valid(_lookups(source, ("sources", name, "lookups")))


def _lookups(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for lookup, section in source.lookups.items():
        yield from as_far_as_valid(_lookup(section, (*keys, lookup)))
    yield from _clashes(source, keys)


def _lookup(section: LookupSection, keys: Keys) -> Iterator[Problem]:
    yield from alike(section.schema_, keys)
    kind = section.schema_.get(section.key)
    if kind is None:
        yield Problem((*keys, "key"), unknown("column", section.key, section.schema_))
    elif kind not in KEYS:
        yield Problem((*keys, "key"), f"{section.key!r} has type {kind}; it must be one of {', '.join(KEYS)}")


def _clashes(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    """Columns that would have the name of another column in SQL."""
    taken = {name.lower(): f"the raw column {name!r}" for name in source.schema_}
    for lookup, section in source.lookups.items():
        for column in section.schema_:
            name = looked_up_as(lookup, column)
            if other := taken.get(name.lower()):
                text = f"is called {name!r} in SQL, like {other}; give the lookup another name"
                yield Problem((*keys, lookup, "schema", column), text)
        taken |= {looked_up_as(lookup, c).lower(): f"{c!r} of the lookup {lookup!r}" for c in section.schema_}
