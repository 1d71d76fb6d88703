"""What a source's rows become: identity, measures, categories, attributes, and how they are cleaned."""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import isqrt

from churn_spark.definitions.columns import LARGEST_SQUARED, SQUARE_BITS
from churn_spark.definitions.nearest import unknown
from churn_spark.settings.checks.choices import choices
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings
from churn_spark.settings.sources import CategorySection, CleaningSection, MeasureSection, SourceSection

FEATURES_KEYS = ("windows", "attributes", "left_after", "derived")
INTAKE_COLUMNS = (
    *("customer_id", "event_id", "event_time", "event_date", "known_from", "delivery", "taken_on", "nominal_date"),
    *("source", "reasons", "row", "length", "row_hash", "copies", "conflict", "origin", "winner", "lost_to", "counts"),
)
"""Columns that rows have during ingest, besides those of their source."""
EVENT_COLUMNS = (*INTAKE_COLUMNS, "events")
CUSTOMER_COLUMNS = (*INTAKE_COLUMNS, "as_of_date", "label")
MISSING_CATEGORIES = ("null", "indicator", "drop", "constant", "mode", "last_known")
NEEDED = {"events": ("event_time",), "customers": ("attributes",)}
ALLOWED = {
    "attributes": ("customers",),
    **dict.fromkeys(("event_id", "counterparty", "measures", "categories"), ("events",)),
}
EVENTS_A_DAY = 10_000
"""More events than any customer has per day; sums must have room for them."""


def columns(settings: Settings) -> Iterator[Problem]:
    """Problems of every source's columns."""
    for name, source in settings.sources.items():
        keys: Keys = ("sources", name)
        if name in FEATURES_KEYS:
            yield Problem(keys, f"{name!r} is a key of features; choose another name")
        for check in (_schema, _of_kind, _identifiers, _reserved, _marked, _cleaning):
            yield from as_far_as_valid(check(source, keys))
        yield from as_far_as_valid(_overflow(settings, source, keys))
    yield from _attributes_once(settings)


def reserved_name(name: str, reserved: Iterable[str]) -> str:
    """The sentence about a name that is reserved, with all reserved names."""
    return f"{name!r} is a reserved column name; choose another name. Reserved: {', '.join(reserved)}"


def _schema(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    yield from alike(source.schema_, keys)


def _of_kind(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    yield from choices(source, keys, "kind", NEEDED, ALLOWED)


def alike(schema: Iterable[str], keys: Keys) -> Iterator[Problem]:
    """Columns whose names only differ in case. keys: those of the group that has the schema."""
    first: dict[str, str] = {}
    for name in schema:
        other = first.setdefault(name.lower(), name)
        if other != name:
            text = f"{name!r} differs from {other!r} only in case, which SQL ignores; declare one of them only"
            yield Problem((*keys, "schema", name), text)


def _identifiers(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for position, column in enumerate(source.identifiers):
        if column not in source.columns:
            yield Problem((*keys, "identifiers", position), unknown("column", column, source.columns))


def _reserved(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    reserved: tuple[str, ...] = EVENT_COLUMNS if source.kind == "events" else CUSTOMER_COLUMNS
    reserved += ("counterparty",) if source.counterparty else ()
    for group in ("measures", "categories", "attributes"):
        for name in getattr(source, group):
            if name in reserved:
                yield Problem((*keys, group, name), reserved_name(name, reserved))
    for name in source.categories:
        if name in source.measures:
            yield Problem((*keys, "categories", name), f"{name!r} is also a measure; choose another name")


def _marked(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for name, attribute in source.attributes.items():
        if attribute.identifier and attribute.type != "string":
            yield Problem(
                (*keys, "attributes", name, "identifier"),
                f"applies to type: string only, not to {attribute.type}; remove it",
            )


def _cleaning(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for name, measure in source.measures.items():
        yield from as_far_as_valid(_measure(measure, (*keys, "measures", name, "cleaning")))
    for name, category in source.categories.items():
        yield from as_far_as_valid(_category(category, (*keys, "categories", name, "cleaning")))


def _measure(measure: MeasureSection, keys: Keys) -> Iterator[Problem]:
    yield from _constant(measure.cleaning, (int, float), "a number", keys)
    constant = measure.cleaning.constant
    if isinstance(constant, int | float) and abs(constant) > measure.max_abs:
        yield Problem((*keys, "constant"), f"{constant:g} exceeds the measure's max_abs of {measure.max_abs:g}")


def _category(category: CategorySection, keys: Keys) -> Iterator[Problem]:
    cleaning = category.cleaning
    yield from _constant(cleaning, str, "text", keys)
    if cleaning.missing not in MISSING_CATEGORIES:
        text = (
            f"{cleaning.missing!r} applies to measures only; for a category use one of {', '.join(MISSING_CATEGORIES)}"
        )
        yield Problem((*keys, "missing"), text)
    for key in ("outliers", "smooth"):
        if getattr(cleaning, key) != CleaningSection.model_fields[key].default:
            yield Problem((*keys, key), "applies to measures only; remove it")


def _constant(cleaning: CleaningSection, kind: type | tuple[type, ...], called: str, keys: Keys) -> Iterator[Problem]:
    if cleaning.missing == "constant" and cleaning.constant is None:
        yield Problem((*keys, "constant"), "is missing; missing: constant needs a value")
    elif cleaning.missing != "constant" and cleaning.constant is not None:
        yield Problem((*keys, "constant"), "applies to missing: constant only; remove it")
    elif cleaning.constant is not None and not isinstance(cleaning.constant, kind):
        yield Problem((*keys, "constant"), f"{cleaning.constant!r} is not {called}")


def _overflow(settings: Settings, source: SourceSection, keys: Keys) -> Iterator[Problem]:
    """Measures too large for their storage: decimal(18) for values, 64 bits for sums, two such numbers for squares."""
    days = longest_window(settings)
    for name, measure in source.measures.items():
        yield from as_far_as_valid(_room(measure, days, (*keys, "measures", name, "max_abs")))


def _room(measure: MeasureSection, days: int, keys: Keys) -> Iterator[Problem]:
    events = EVENTS_A_DAY * days
    room = min(10**18 - 1, (2**63 - 1) // events, isqrt(2 ** (63 + SQUARE_BITS) // events) - 1, LARGEST_SQUARED)
    largest = room / 10**measure.scale
    if measure.max_abs > largest:
        given = "" if "max_abs" in measure.model_fields_set else "the default, "
        text = (
            f"{given}{measure.max_abs:g} at scale {measure.scale} could overflow a sum of squares over {days} days"
            f" of up to {EVENTS_A_DAY} events; use at most {largest:.3g}"
        )
        yield Problem(keys, text)


def longest_window(settings: Settings) -> int:
    """The longest window of all features, in days."""
    section = settings.features
    own = [window for lines in section.lines.values() for line in lines for window in line.windows or ()]
    return max([*own, *section.windows])


def _attributes_once(settings: Settings) -> Iterator[Problem]:
    count = Counter(name for source in settings.sources.values() for name in source.attributes)
    for name, source in settings.sources.items():
        for attribute in source.attributes:
            if count[attribute] > 1:
                text = f"{attribute!r} is also an attribute of another source; choose another name"
                yield Problem(("sources", name, "attributes", attribute), text)
