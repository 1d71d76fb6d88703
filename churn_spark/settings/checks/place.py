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
    """Columns that would copy an identifier beside its pseudonym."""
    secret = {*source.identifiers, *([source.customer_id] if re.fullmatch(r"\w+", source.customer_id) else [])}
    copies = [(("categories", key), category.expression) for key, category in source.categories.items()]
    copies += [(("attributes", key), a.expression) for key, a in source.attributes.items() if not a.identifier]
    for keys, expression in copies:
        for column in sorted(secret & set(re.findall(r"\w+", expression))):
            text = f"{column!r} identifies a person and would be kept in clear; leave it out"
            marked = " or set identifier: true" if keys[0] == "attributes" else ""
            yield Problem(("sources", name, *keys), text + marked + ", or say privacy: none if the data are public")
