"""The warehouse has one location; no number computed from an identifier is stored unprotected."""

import re
from collections.abc import Iterator

from churn_spark.definitions.lookups import with_lookup_keys
from churn_spark.settings.document import Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings
from churn_spark.settings.sources import SourceSection


def storage(settings: Settings) -> Iterator[Problem]:
    """Problems of the warehouse and of privacy."""
    yield from as_far_as_valid(_warehouse(settings))
    if settings.privacy.mode == "pseudonym":
        for name, source in settings.sources.items():
            yield from as_far_as_valid(_in_clear(name, source))


def _warehouse(settings: Settings) -> Iterator[Problem]:
    if (settings.warehouse.path is None) == (settings.warehouse.schema_ is None):
        yield Problem(("warehouse",), "give either path or schema")


def _in_clear(name: str, source: SourceSection) -> Iterator[Problem]:
    """Values computed from an identifier that are not text, since only text can be pseudonymised."""
    ids = " ".join(with_lookup_keys(source.resolved_lookups, [source.customer_id, source.counterparty or ""]))
    used = [column for column in source.columns if _mentions(ids, column)]
    made = [(("measures", key), measure.expression) for key, measure in source.measures.items()]
    made += [(("attributes", key), a.expression) for key, a in source.attributes.items() if a.type != "string"]
    for keys, expression in made:
        for column in sorted({*source.identifiers, *used}):
            if _mentions(expression, column):
                text = f"is computed from {column!r}, which identifies a person; only text can be pseudonymised"
                yield Problem(
                    ("sources", name, *keys), f"{text}. Remove it, or set privacy: none if the data are public"
                )


def _mentions(expression: str, column: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(column)}(?!\w)", expression, re.IGNORECASE) is not None
