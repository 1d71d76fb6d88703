"""The warehouse has one place; what identifies a person does not slip through."""

import re
from collections.abc import Iterator

from churn_spark.settings.document import Problem
from churn_spark.settings.draft import Draft
from churn_spark.settings.sources import SourceSection


def place(draft: Draft) -> Iterator[Problem]:
    """Problems of the warehouse and of privacy."""
    warehouse = draft.read.warehouse
    if warehouse and not draft.unsure("warehouse") and (warehouse.path is None) == (warehouse.schema_ is None):
        yield Problem(("warehouse",), "give either path or schema")
    if draft.read.privacy and draft.read.privacy.mode == "pseudonym" and not draft.unsure("privacy"):
        for name, source in draft.sources.items():
            yield from _in_clear(name, source)


def _in_clear(name: str, source: SourceSection) -> Iterator[Problem]:
    """Columns made from an identifier that are not text: only a text can be replaced by a pseudonym."""
    ids = f"{source.customer_id} {source.counterparty or ''}"
    used = [column for column in source.schema_ if _mentions(ids, column)]
    made = [(("measures", key), measure.expression) for key, measure in source.measures.items()]
    made += [(("attributes", key), a.expression) for key, a in source.attributes.items() if a.type != "string"]
    for keys, expression in made:
        for column in sorted({*source.identifiers, *used}):
            if _mentions(expression, column):
                text = f"is made from {column!r}, which identifies a person, and only text becomes a pseudonym"
                yield Problem(
                    ("sources", name, *keys), f"{text}; leave it out, or say privacy: none if the data are public"
                )


def _mentions(expression: str, column: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(column)}(?!\w)", expression, re.IGNORECASE) is not None
