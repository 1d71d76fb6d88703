"""SQL expressions: that they can be resolved and have the right type."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from churn_spark.definitions.actions import SCORE_COLUMNS
from churn_spark.definitions.dispatch import DECIDED_COLUMNS
from churn_spark.definitions.lookups import looked_up_as
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.stored_types import FLOATS, WHOLE
from churn_spark.settings.checks.features import features
from churn_spark.settings.checks.reading import patterns
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.expand import expanded
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings
from churn_spark.settings.section import Section
from churn_spark.settings.sources import AttributeSection, SourceSection

Columns = tuple[tuple[str, str], ...]
Expressions = Callable[[Columns, str], str]
"""Gives the Spark type of a SQL expression over columns (name, type), or raises ValueError with a readable reason.

An expression without columns is a constant, which is also evaluated."""

Expression = tuple[Columns, str, str, Keys]
"""The columns an expression is over, the expression, what it must give (see `KINDS`), and its keys in the file."""

NUMERIC = (*WHOLE, *FLOATS, "decimal")
# What counts as what; a type of an attribute that is not listed is itself.
KINDS: dict[str, tuple[str, ...]] = {
    "a number": NUMERIC,
    "text or a whole number": ("string", *WHOLE),
    "text, a number, a date or a time": ("string", "boolean", *NUMERIC, "date", "timestamp", "timestamp_ntz"),
    "text, a whole number, a date or true and false": ("string", "boolean", *WHOLE, "date"),
    "a timestamp or a date": ("timestamp", "timestamp_ntz", "date"),
    "true or false": ("boolean",),
    "int": ("tinyint", "smallint", "int"),
    "bigint": tuple(WHOLE),
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

AUDIENCE = ("audience", "string")
"""What conditions of actions may use besides; it hides a feature so named."""


def sql(settings: Settings, expressions: Expressions) -> Iterator[Problem]:
    """Problems of every SQL expression whose columns and wanted type are valid."""
    groups = (source_expressions, rule_expressions, feature_expressions, audience_expressions, action_expressions)
    for group in (*groups, route_expressions):
        for columns, expression, kind, keys in as_far_as_valid(group(settings)):
            yield from _checked(expressions, columns, expression, kind, keys)
    yield from as_far_as_valid(patterns(settings, partial(expressions, ())))


def source_expressions(settings: Settings) -> Iterator[Expression]:
    """The expressions of sources and of their lookups."""
    for name, source in settings.sources.items():
        yield from as_far_as_valid(_of_lookups(source, ("sources", name, "lookups")))
        yield from as_far_as_valid(_of_source(source, ("sources", name)))


def rule_expressions(settings: Settings) -> Iterator[Expression]:
    """The expressions of population and label."""
    for group in (_of_population, _of_label):
        yield from as_far_as_valid(group(settings))


def feature_expressions(settings: Settings) -> Iterator[Expression]:
    """The derived features and the values of a customer, unless a mistake in `features` leaves its columns open."""
    if any(features(settings)):
        return
    known = _underived(settings)
    for name, expression in settings.features.derived.items():
        yield known, expression, NUMBER, ("features", "derived", name)
    columns = _with_derived(settings)
    yield from as_far_as_valid(_expression(columns, settings.scoring, "value", NUMBER, ("scoring",)))
    if settings.economics:
        yield from as_far_as_valid(_expression(columns, settings.economics, "value", NUMBER, ("economics",)))


def is_number(kind: str) -> bool:
    """Whether a Spark type is one of numbers."""
    return kind.partition("(")[0] in NUMERIC


def audience_expressions(settings: Settings) -> Iterator[Expression]:
    """The conditions of audiences, unless a mistake in `features` leaves their columns open."""
    if any(features(settings)):
        return
    columns = decision_columns(settings)
    for name, condition in settings.audiences.items():
        yield columns, condition, TRUTH, ("audiences", name)


def action_expressions(settings: Settings) -> Iterator[Expression]:
    """The conditions of actions, likewise."""
    if settings.interventions is None or any(features(settings)):
        return
    columns = (*(column for column in decision_columns(settings) if column[0] != AUDIENCE[0]), AUDIENCE)
    for name, action in settings.interventions.actions.items():
        yield from as_far_as_valid(_expression(columns, action, "where", TRUTH, ("interventions", "actions", name)))


def decision_columns(settings: Settings) -> Columns:
    """What conditions about customers are over: columns of `risk_scores`, and the features that these do not hide."""
    scores = dict(SCORE_COLUMNS)
    return (*SCORE_COLUMNS, *(column for column in _with_derived(settings) if column[0] not in scores))


def route_expressions(settings: Settings) -> Iterator[Expression]:
    """The conditions of routes, over the rows that they send."""
    for name, route in settings.dispatch.routes.items() if settings.dispatch else ():
        keys = ("dispatch", "routes", name)
        yield from as_far_as_valid(_expression(DECIDED_COLUMNS[route.for_], route, "where", TRUTH, keys))


def _of_lookups(source: SourceSection, keys: Keys) -> Iterator[Expression]:
    """Each lookup's `on`, over the raw columns and the columns of earlier lookups."""
    columns = dict(source.schema_)
    for name, lookup in source.lookups.items():
        kind = lookup.schema_.get(lookup.key, "string")
        wanted = ID if kind == "string" else "bigint" if kind in WHOLE else kind
        yield from as_far_as_valid(_expression(tuple(columns.items()), lookup, "on", wanted, (*keys, name)))
        columns |= {looked_up_as(name, column): kind for column, kind in lookup.schema_.items()}


def _of_source(source: SourceSection, keys: Keys) -> Iterator[Expression]:
    columns = tuple(source.columns.items())
    for key, kind in (("customer_id", ID), ("event_time", TIME), ("counterparty", ID), ("where", TRUTH)):
        yield from as_far_as_valid(_expression(columns, source, key, kind, keys))
    for group in (_of_event_id, _of_nominal_date, _of_checks, _of_groups):
        yield from as_far_as_valid(group(columns, source, keys))


def _expression(columns: Columns, section: Section, key: str, kind: str, keys: Keys) -> Iterator[Expression]:
    expression = getattr(section, key)
    if expression:
        yield columns, expression, kind, (*keys, key)


def _of_event_id(columns: Columns, source: SourceSection, keys: Keys) -> Iterator[Expression]:
    for position, expression in enumerate(source.event_id or ()):
        yield columns, expression, PART, (*keys, "event_id", position)


def _of_nominal_date(columns: Columns, source: SourceSection, keys: Keys) -> Iterator[Expression]:
    column = source.delivered.column
    if column and not column.isidentifier() and column not in source.columns:
        yield columns, column, TIME, (*keys, "delivered", "column")


def _of_checks(columns: Columns, source: SourceSection, keys: Keys) -> Iterator[Expression]:
    for name, check in source.checks.items():
        yield columns, check, TRUTH, (*keys, "checks", name)


def _of_groups(columns: Columns, source: SourceSection, keys: Keys) -> Iterator[Expression]:
    for group, kind in (("measures", NUMBER), ("categories", CATEGORY)):
        for name, section in getattr(source, group).items():
            yield from as_far_as_valid(_expression(columns, section, "expression", kind, (*keys, group, name)))
    for name, attribute in source.attributes.items():
        yield from as_far_as_valid(_of_attribute(columns, attribute, (*keys, "attributes", name)))


def _of_attribute(columns: Columns, attribute: AttributeSection, keys: Keys) -> Iterator[Expression]:
    yield columns, attribute.expression, attribute.type, (*keys, "expression")


def _of_population(settings: Settings) -> Iterator[Expression]:
    columns = (*_attributes(settings), ("as_of_date", "date"))
    yield from _expression(columns, settings.population, "expression", TRUTH, ("population",))


def _of_label(settings: Settings) -> Iterator[Expression]:
    label = settings.label
    if label.filter and label.sources and label.sources[0] in settings.sources:
        columns = _event_columns(settings.sources[label.sources[0]])
        yield columns, label.filter, TRUTH, ("label", "filter")


def _checked(expressions: Expressions, columns: Columns, expression: str, kind: str, keys: Keys) -> Iterator[Problem]:
    try:
        given = expressions(columns, expression)
    except ValueError as error:
        yield Problem(keys, f"{expression!r}: {error}")
        return
    allowed = KINDS.get(kind, (kind,))
    if re.sub(r"\(.*", "", given) not in allowed:
        yield Problem(keys, f"{expression!r} gives {given}; {kind} is needed")


def _attributes(settings: Settings) -> Columns:
    return tuple((name, a.type) for source in settings.sources.values() for name, a in source.attributes.items())


def _event_columns(source: SourceSection) -> Columns:
    fixed = (("customer_id", "string"), ("event_id", "string"), ("event_time", "timestamp"), ("event_date", "date"))
    measures = tuple((name, f"decimal(18,{measure.scale})") for name, measure in source.measures.items())
    known: Sequence[tuple[str, str]] = (("known_from", "date"), ("delivery", "string"))
    known = (*known, ("counterparty", "string")) if source.counterparty else known
    return (*fixed, *known, *measures, *((name, "string") for name in source.categories))


def _with_derived(settings: Settings) -> Columns:
    """Every feature with its type."""
    return (*_underived(settings), *((name, "double") for name in settings.features.derived))


def _underived(settings: Settings) -> Columns:
    """The features that derived ones are computed from."""
    attributes = dict(_attributes(settings))
    return (*_feature_columns(settings), *((name, attributes[name]) for name in settings.features.attributes))


def _feature_columns(settings: Settings) -> Iterator[tuple[str, str]]:
    for source, lines in settings.features.lines.items():
        for line in lines:
            for feature in expanded(settings.features, source, line):
                yield feature.name, "bigint" if OPS[feature.op].integer else "double"
