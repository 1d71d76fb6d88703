"""Keys that depend on the value of another key of their group, as `measure` of a label depends on `rule: decline`."""

from collections.abc import Iterator, Mapping, Sequence

from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.section import Section

Choices = Mapping[str, Sequence[str]]
"""Keys by the value of the other key."""


def choices(group: Section, keys: Keys, by: str, needed: Choices, allowed: Choices) -> Iterator[Problem]:
    """Keys that are missing, and keys that do not apply. by: the other key.

    needed: the keys that each value needs. allowed: the values that each key applies to.
    """
    value = getattr(group, by)
    for key in needed[value]:
        yield from as_far_as_valid(_missing(group, keys, key, f"{by}: {value}"))
    for key, values in allowed.items():
        if value not in values and key in group.model_fields_set:
            text = f"does not apply to {by}: {value}, only to {_and(values)}; remove it"
            yield from as_far_as_valid(_misplaced(group, keys, key, text))


def _and(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _missing(group: Section, keys: Keys, key: str, choice: str) -> Iterator[Problem]:
    if not getattr(group, key):
        yield Problem(keys, f"{key} is missing; {choice} needs it")


def _misplaced(group: Section, keys: Keys, key: str, text: str) -> Iterator[Problem]:
    if getattr(group, key):
        yield Problem((*keys, key), text)
