"""What a source's rows become: identity, measures, categories, attributes, cleaning."""

from collections import Counter
from collections.abc import Iterator
from math import isqrt

from churn_spark.definitions.sources import LARGEST_SQUARED, SQUARE_BITS
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.draft import Draft
from churn_spark.settings.nearest import unknown
from churn_spark.settings.sources import CleaningSection, SourceSection

FEATURES_KEYS = ("windows", "attributes", "left_after", "derived")
INTAKE_COLUMNS = (
    *("customer_id", "event_id", "event_time", "event_date", "known_from", "delivery", "taken_on", "nominal_date"),
    *("source", "reasons", "row", "length", "row_hash", "copies", "conflict", "origin", "winner", "lost_to", "counts"),
)
"""Columns that rows have on their way in, besides a source's own."""
EVENT_COLUMNS = (*INTAKE_COLUMNS, "events")
CUSTOMER_COLUMNS = (*INTAKE_COLUMNS, "as_of_date", "label")
OF_CATEGORIES = ("null", "indicator", "drop", "constant", "mode", "last_known")
EVENTS_A_DAY = 10_000
"""More events than any customer has a day: what sums must have room for."""


def columns(draft: Draft) -> Iterator[Problem]:
    """Problems of every source's columns."""
    for name, source in draft.sources.items():
        keys: Keys = ("sources", name)
        if name in FEATURES_KEYS:
            yield Problem(keys, f"{name!r} is a key of features; choose another name")
        yield from _of_kind(draft, source, keys)
        yield from _identifiers(source, keys)
        yield from _reserved(source, keys)
        yield from _marked(source, keys)
        yield from _cleaning(source, keys)
        yield from _overflow(draft, source, keys)
    yield from _attributes_once(draft)


def _of_kind(draft: Draft, source: SourceSection, keys: Keys) -> Iterator[Problem]:
    given = {
        "event_id": source.event_id,
        "event_time": source.event_time,
        "counterparty": source.counterparty,
        "measures": source.measures,
        "categories": source.categories,
        "attributes": source.attributes,
    }
    needed = ("event_time",) if source.kind == "events" else ("attributes",)
    of_events = ("event_id", "event_time", "counterparty", "measures", "categories")
    barred = ("attributes",) if source.kind == "events" else of_events
    for key in needed:
        if not given[key] and not draft.unsure(*map(str, keys), key):
            yield Problem(keys, f"{key} is missing; a source of {source.kind} needs it")
    for key in barred:
        if given[key]:
            yield Problem((*keys, key), f"does not go with kind {source.kind}")


def _identifiers(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for position, column in enumerate(source.identifiers):
        if column not in source.schema_:
            yield Problem((*keys, "identifiers", position), unknown("column", column, source.schema_))


def _reserved(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    reserved: tuple[str, ...] = EVENT_COLUMNS if source.kind == "events" else CUSTOMER_COLUMNS
    reserved += ("counterparty",) if source.counterparty else ()
    for group in ("measures", "categories", "attributes"):
        for name in getattr(source, group):
            if name in reserved:
                yield Problem((*keys, group, name), f"{name!r} is a column of the suite's own; choose another name")
    for name in source.categories:
        if name in source.measures:
            yield Problem((*keys, "categories", name), f"{name!r} is a measure too; choose another name")


def _marked(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for name, attribute in source.attributes.items():
        if attribute.identifier and attribute.type != "string":
            yield Problem(
                (*keys, "attributes", name, "identifier"), f"goes with type string only, not {attribute.type}"
            )


def _cleaning(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for name, measure in source.measures.items():
        where: Keys = (*keys, "measures", name, "cleaning")
        yield from _constant(measure.cleaning, (int, float), "a number", where)
        constant = measure.cleaning.constant
        if isinstance(constant, int | float) and abs(constant) > measure.max_abs:
            yield Problem((*where, "constant"), f"{constant:g} is beyond the measure's max_abs of {measure.max_abs:g}")
    for name, category in source.categories.items():
        where = (*keys, "categories", name, "cleaning")
        cleaning = category.cleaning
        yield from _constant(cleaning, str, "text", where)
        if cleaning.missing not in OF_CATEGORIES:
            text = f"{cleaning.missing!r} goes with measures only; for a category use one of {', '.join(OF_CATEGORIES)}"
            yield Problem((*where, "missing"), text)
        for key in ("outliers", "smooth"):
            if getattr(cleaning, key) != CleaningSection.model_fields[key].default:
                yield Problem((*where, key), "goes with measures only")


def _constant(cleaning: CleaningSection, kind: type | tuple[type, ...], called: str, keys: Keys) -> Iterator[Problem]:
    if cleaning.missing == "constant" and cleaning.constant is None:
        yield Problem((*keys, "constant"), "missing: constant needs the value")
    elif cleaning.missing != "constant" and cleaning.constant is not None:
        yield Problem((*keys, "constant"), "goes with missing: constant only")
    elif cleaning.constant is not None and not isinstance(cleaning.constant, kind):
        yield Problem((*keys, "constant"), f"{cleaning.constant!r} is not {called}")


def _overflow(draft: Draft, source: SourceSection, keys: Keys) -> Iterator[Problem]:
    """Scaled values must fit a decimal(18), sums over the longest window 64 bits, those of squares two such numbers."""
    days = longest_window(draft)
    for name, measure in source.measures.items():
        events = EVENTS_A_DAY * days
        room = min(10**18 - 1, (2**63 - 1) // events, isqrt(2 ** (63 + SQUARE_BITS) // events) - 1, LARGEST_SQUARED)
        largest = room / 10**measure.scale
        if measure.max_abs > largest:
            given = "" if "max_abs" in measure.model_fields_set else "the default, "
            text = (
                f"{given}{measure.max_abs:g} at scale {measure.scale} could overflow a sum of squares over {days} days"
                f" of up to {EVENTS_A_DAY} events; at most {largest:.3g} fits"
            )
            yield Problem((*keys, "measures", name, "max_abs"), text)


def longest_window(draft: Draft) -> int:
    """The longest window any feature asks for, days; 1 where features could not be read."""
    section = draft.read.features
    if section is None:
        return 1
    own = [window for lines in section.lines.values() for line in lines for window in line.windows or ()]
    return max([*own, *section.windows])


def _attributes_once(draft: Draft) -> Iterator[Problem]:
    count = Counter(name for source in draft.sources.values() for name in source.attributes)
    for name, source in draft.sources.items():
        for attribute in source.attributes:
            if count[attribute] > 1:
                text = f"{attribute!r} is an attribute of another source too; names must differ"
                yield Problem(("sources", name, "attributes", attribute), text)
