"""SQL expressions: that they can be resolved, and that what they give is of the right type."""

import re
from collections.abc import Callable, Iterator, Sequence

from churn_spark.definitions.ops import OPS
from churn_spark.settings.checks.features import feature_names
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.draft import Draft
from churn_spark.settings.expand import expanded
from churn_spark.settings.sources import SourceSection

Columns = tuple[tuple[str, str], ...]
Expressions = Callable[[Columns, str], str]
"""Gives the Spark type of a SQL expression over columns (name, type), or raises ValueError with a readable reason."""

NUMERIC = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
WHOLE = ("tinyint", "smallint", "int", "bigint")
# What counts as what; a type of an attribute that is not listed is itself.
KINDS: dict[str, tuple[str, ...]] = {
    "a number": NUMERIC,
    "text or a whole number": ("string", *WHOLE),
    "text, a number, a date or a time": ("string", "boolean", *NUMERIC, "date", "timestamp", "timestamp_ntz"),
    "text, a whole number, a date or true and false": ("string", "boolean", *WHOLE, "date"),
    "a timestamp or a date": ("timestamp", "timestamp_ntz", "date"),
    "true or false": ("boolean",),
    "int": ("tinyint", "smallint", "int"),
    "bigint": WHOLE,
    "double": NUMERIC,
}
ID, PART, CATEGORY, TIME, TRUTH, NUMBER = (
    "text or a whole number",
    "text, a number, a date or a time",
    "text, a whole number, a date or true and false",
    "a timestamp or a date",
    "true or false",
    "a number",
)


def sql(draft: Draft, expressions: Expressions) -> Iterator[Problem]:
    """Problems of every SQL expression whose columns and wanted type stand in the file as they are meant."""
    for name, source in draft.sources.items():
        if draft.unsure("sources", name, "schema"):
            continue
        columns = tuple(source.schema_.items())
        for keys, expression, kind in _of_source(source, ("sources", name)):
            if keys not in draft.stand_ins and (*keys[:-1], "type") not in draft.stand_ins:
                yield from _checked(expressions, columns, expression, kind, keys)
    yield from _of_rules(draft, expressions)
    yield from _of_features(draft, expressions)


def _of_source(source: SourceSection, keys: Keys) -> Iterator[tuple[Keys, str, str]]:
    yield (*keys, "customer_id"), source.customer_id, ID
    for position, expression in enumerate(source.event_id or ()):
        yield (*keys, "event_id", position), expression, PART
    if source.event_time:
        yield (*keys, "event_time"), source.event_time, TIME
    if source.counterparty:
        yield (*keys, "counterparty"), source.counterparty, ID
    for name, measure in source.measures.items():
        yield (*keys, "measures", name, "expression"), measure.expression, NUMBER
    for name, category in source.categories.items():
        yield (*keys, "categories", name, "expression"), category.expression, CATEGORY
    for name, attribute in source.attributes.items():
        yield (*keys, "attributes", name, "expression"), attribute.expression, attribute.type
    for name, check in source.checks.items():
        yield (*keys, "checks", name), check, TRUTH


def _of_rules(draft: Draft, expressions: Expressions) -> Iterator[Problem]:
    population, label = draft.read.population, draft.read.label
    if population and population.expression and not draft.unsure("sources"):
        yield from _checked(expressions, _attributes(draft), population.expression, TRUTH, ("population", "expression"))
    if label and label.filter and label.sources[0] in draft.sources and not draft.unsure("sources", label.sources[0]):
        columns = _event_columns(draft.sources[label.sources[0]])
        yield from _checked(expressions, columns, label.filter, TRUTH, ("label", "filter"))


def _of_features(draft: Draft, expressions: Expressions) -> Iterator[Problem]:
    section, scoring = draft.read.features, draft.read.scoring
    if section is None or feature_names(draft) is None:
        return
    attributes = dict(_attributes(draft))
    simple = tuple(_feature_columns(draft)) + tuple(
        (name, attributes[name]) for name in section.attributes if name in attributes
    )
    for name, expression in section.derived.items():
        yield from _checked(expressions, simple, expression, NUMBER, ("features", "derived", name))
    if scoring and scoring.value:
        columns = (*simple, *((name, "double") for name in section.derived))
        yield from _checked(expressions, columns, scoring.value, NUMBER, ("scoring", "value"))


def _checked(expressions: Expressions, columns: Columns, expression: str, kind: str, keys: Keys) -> Iterator[Problem]:
    try:
        given = expressions(columns, expression)
    except ValueError as error:
        yield Problem(keys, f"{expression!r}: {error}")
        return
    allowed = KINDS.get(kind, (kind,))
    if re.sub(r"\(.*", "", given) not in allowed:
        yield Problem(keys, f"{expression!r} gives {given}, where {kind} is needed")


def _attributes(draft: Draft) -> Columns:
    return tuple((name, a.type) for source in draft.sources.values() for name, a in source.attributes.items())


def _event_columns(source: SourceSection) -> Columns:
    fixed = (("customer_id", "string"), ("event_id", "string"), ("event_time", "timestamp"), ("event_date", "date"))
    measures = tuple((name, f"decimal(18,{measure.scale})") for name, measure in source.measures.items())
    known: Sequence[tuple[str, str]] = (("known_from", "date"), ("delivery", "string"))
    known = (*known, ("counterparty", "string")) if source.counterparty else known
    return (*fixed, *known, *measures, *((name, "string") for name in source.categories))


def _feature_columns(draft: Draft) -> Iterator[tuple[str, str]]:
    section = draft.read.features
    for source, lines in section.lines.items() if section else ():
        for line in lines:
            for feature in expanded(section, source, line):  # type: ignore[arg-type]
                yield feature.name, "bigint" if OPS[feature.op].integer else "double"
