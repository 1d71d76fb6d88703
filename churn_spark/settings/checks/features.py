"""Feature lines: what they refer to, what their op takes, and that each name is used once."""

from collections.abc import Iterator

from churn_spark.definitions.nearest import did_you_mean, listed, unknown
from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.settings.checks.columns import FEATURES_KEYS, reserved_name
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.expand import WEEK, expanded, slug, windows
from churn_spark.settings.features import FeatureLine
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings

RESERVED = ("customer_id", "as_of_date", "known_from", "label", "segment")
TAKES = {"share": ("value", "measure"), "ewm": ("half_life",)}
"""Keys of a line besides op, of and windows, by the op that takes them."""


def features(settings: Settings) -> Iterator[Problem]:
    """Problems of the features section."""
    names: dict[str, Keys] = {}
    slugs: dict[tuple[str, str, str], str] = {}
    for source, lines in settings.features.lines.items():
        if source not in settings.sources:
            yield _no_such_key(settings, source)
            continue
        yield from as_far_as_valid(_of_events(settings, source))
        for position, line in enumerate(lines):
            keys: Keys = ("features", source, position)
            for check in (_operations, _parameters):
                yield from as_far_as_valid(check(settings, source, line, keys))
            yield from as_far_as_valid(_names(settings, source, line, keys, names, slugs))
    for check_all in (_attributes, _derived):
        yield from as_far_as_valid(check_all(settings, names))
    yield from as_far_as_valid(_left_after(settings))
    if not feature_names(settings):
        yield Problem(("features",), f"lists no features; add some under a source: {listed(settings.sources)}")


def feature_names(settings: Settings) -> list[str]:
    """The names of all columns of `features`."""
    section = settings.features
    lines = ((source, line) for source, lines in section.lines.items() for line in lines)
    windowed = [feature.name for source, line in lines for feature in expanded(section, source, line)]
    return [*windowed, *section.attributes, *section.derived]


def _no_such_key(settings: Settings, source: str) -> Problem:
    known = [*FEATURES_KEYS, *settings.sources]
    meant = did_you_mean(source, known) or "."
    return Problem(("features", source), f"{source!r} is neither a source nor a key{meant} Known here: {listed(known)}")


def _of_events(settings: Settings, source: str) -> Iterator[Problem]:
    if settings.sources[source].kind != "events":
        yield Problem(
            ("features", source), "is a source of kind: customers; list its attributes under features.attributes"
        )


def _operations(settings: Settings, source: str, line: FeatureLine, keys: Keys) -> Iterator[Problem]:
    for op in line.op:
        over = OPS[op].over if op in OPS else "days"
        if over in ("measure", "category"):
            yield from _columns(settings, source, over, op, line, keys)
        elif line.of is not None:
            yield Problem((*keys, "of"), f"{op} is computed over whole events and takes no column; remove it")
        if over in PARTNERED and settings.sources[source].counterparty is None:
            yield Problem((*keys, "op"), f"{op} needs partners; set sources.{source}.counterparty")
        if op in OPS and not OPS[op].windowed and line.windows is not None:
            yield Problem((*keys, "windows"), f"{op} covers the whole lifetime and takes no windows; remove them")
        if op == "weekly":
            yield from _weeks(settings, line, keys)


def _columns(settings: Settings, source: str, over: str, op: str, line: FeatureLine, keys: Keys) -> Iterator[Problem]:
    group, kind = ("measures", "measure") if over == "measure" else ("categories", "category")
    known = getattr(settings.sources[source], group)
    if line.of is None:
        yield Problem(keys, f"of is missing; {op} needs a {kind} of {source}: {listed(known) or 'it has none'}")
    for column in line.of or ():
        if column not in known:
            yield Problem((*keys, "of"), unknown(kind, column, known, source))


def _weeks(settings: Settings, line: FeatureLine, keys: Keys) -> Iterator[Problem]:
    for window in windows(settings.features, line, "weekly"):
        if window is not None and (window % WEEK or window < 2 * WEEK):
            where = (*keys, "windows") if line.windows is not None else keys
            yield Problem(
                where, f"weekly needs windows of two or more whole weeks (14, 21, 28 ... days), not of {window} days"
            )


def _parameters(settings: Settings, source: str, line: FeatureLine, keys: Keys) -> Iterator[Problem]:
    for op, takes in TAKES.items():
        if op in line.op and getattr(line, takes[0]) is None:
            yield Problem(keys, f"{takes[0]} is missing; {op} needs it")
        for key in takes:
            if op not in line.op and getattr(line, key) is not None:
                yield Problem((*keys, key), f"applies to op: {op} only; remove it")
    measures = settings.sources[source].measures
    if "share" in line.op and line.measure is not None and line.measure not in measures:
        yield Problem((*keys, "measure"), unknown("measure", line.measure, measures, source))


def _names(
    settings: Settings,
    source: str,
    line: FeatureLine,
    keys: Keys,
    names: dict[str, Keys],
    slugs: dict[tuple[str, str, str], str],
) -> Iterator[Problem]:
    """Names that are taken; values of one category that would be counted in one column, in whatever lines they are."""
    alike = []
    for column in line.of or ():
        for value in line.value or ():
            other = slugs.setdefault((source, column, slug(value)), value)
            if other != value:
                alike.append(
                    Problem(
                        (*keys, "value"),
                        f"{other!r} and {value!r} of {column} give features of the same name; keep one",
                    )
                )
    yield from alike or _twice(names, [(one.name, keys) for one in expanded(settings.features, source, line)])


def _attributes(settings: Settings, names: dict[str, Keys]) -> Iterator[Problem]:
    known = [name for source in settings.sources.values() for name in source.attributes]
    for position, name in enumerate(settings.features.attributes):
        keys = ("features", "attributes", position)
        if name not in known:
            yield Problem(keys, unknown("attribute", name, known))
        yield from _twice(names, [(name, keys)])


def _derived(settings: Settings, names: dict[str, Keys]) -> Iterator[Problem]:
    yield from _twice(names, [(name, ("features", "derived", name)) for name in settings.features.derived])


def _left_after(settings: Settings) -> Iterator[Problem]:
    if settings.features.left_after is not None and settings.label.rule == "event":
        yield Problem(
            ("features", "left_after"),
            "does not apply to label.rule: event, by which partners leave at that event; remove it",
        )


def _twice(names: dict[str, Keys], new: list[tuple[str, Keys]]) -> Iterator[Problem]:
    """Names that are reserved or taken; the others count as taken from here on."""
    for name, keys in new:
        if name in RESERVED:
            yield Problem(keys, reserved_name(name, RESERVED))
        elif name in names:
            yield Problem(keys, f"the feature {name} exists already; remove it, or choose another name")
        names.setdefault(name, keys)
