"""Feature lines: what they refer to, what their op takes, and that every name is there once."""

from collections.abc import Iterator

from churn_spark.definitions.ops import OPS, PARTNERED
from churn_spark.settings.checks.columns import FEATURES_KEYS
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.draft import Draft
from churn_spark.settings.expand import WEEK, expanded, slug, windows
from churn_spark.settings.features import FeatureLine, FeaturesSection
from churn_spark.settings.nearest import did_you_mean, listed, unknown
from churn_spark.settings.sources import SourceSection

RESERVED = ("customer_id", "as_of_date", "known_from", "label", "segment")
TAKES = {"share": ("value", "measure"), "ewm": ("half_life",)}
"""Keys of a line besides op, of and windows, by the op that takes them."""


def features(draft: Draft) -> Iterator[Problem]:
    """Problems of the features section."""
    section = draft.read.features
    if section is None:
        return
    names: dict[str, Keys] = {}
    values: dict[tuple[str, str, str], str] = {}
    for source, lines in section.lines.items():
        if source not in draft.sources:
            if not draft.unsure("sources", source):
                yield _no_such_key(draft, source)
            continue
        if draft.sources[source].kind != "events":
            yield Problem(("features", source), "is a source of customers; list its columns under features.attributes")
            continue
        for position, line in enumerate(lines):
            keys: Keys = ("features", source, position)
            found = [*_line(draft, source, line, section, keys), *_same_name(values, source, line, keys)]
            yield from found or _twice(names, [(f.name, keys) for f in expanded(section, source, line)])
    yield from _attributes_and_derived(draft, section, names)
    if section.left_after is not None and draft.read.label and draft.read.label.rule == "event":
        yield Problem(("features", "left_after"), "does not go with label rule event: by that event partners leave")
    if not names and not draft.unsure("features"):
        yield Problem(("features",), f"has no feature; list some under a source: {listed(draft.sources)}")


def attribute_names(draft: Draft) -> list[str]:
    """The attributes of all sources of customers."""
    return [name for source in draft.sources.values() for name in source.attributes]


def feature_names(draft: Draft) -> list[str] | None:
    """The names of all columns of `features`; None where a mistake leaves that open."""
    section = draft.read.features
    if section is None or draft.unsure("features") or draft.unsure("sources") or any(features(draft)):
        return None
    lines = ((source, line) for source, lines in section.lines.items() for line in lines)
    simple = [feature.name for source, line in lines for feature in expanded(section, source, line)]
    return [*simple, *section.attributes, *section.derived]


def _no_such_key(draft: Draft, source: str) -> Problem:
    known = [*FEATURES_KEYS, *draft.sources]
    meant = did_you_mean(source, known) or "."
    return Problem(("features", source), f"{source!r} is neither a source nor a key{meant} Known here: {listed(known)}")


def _line(draft: Draft, name: str, line: FeatureLine, section: FeaturesSection, keys: Keys) -> Iterator[Problem]:
    source = draft.sources[name]
    for op in line.op:
        over = OPS[op].over if op in OPS else "days"
        if over in ("measure", "category"):
            yield from _columns(draft, name, source, over, op, line, keys)
        elif line.of is not None:
            yield Problem((*keys, "of"), f"{op} is of whole events and takes no column")
        if over in PARTNERED and source.counterparty is None and not draft.unsure("sources", name, "counterparty"):
            yield Problem((*keys, "op"), f"{op} needs partners: give sources.{name}.counterparty")
        if op in OPS and not OPS[op].windowed and line.windows is not None:
            yield Problem((*keys, "windows"), f"{op} looks at the whole lifetime and takes no windows")
        if op == "weekly":
            yield from _weeks(section, line, keys)
    for op, takes in TAKES.items():
        if op in line.op and getattr(line, takes[0]) is None:
            yield Problem(keys, f"{takes[0]} is missing; {op} needs it")
        for key in takes:
            if op not in line.op and getattr(line, key) is not None:
                yield Problem((*keys, key), f"goes with {op} only")


def _columns(
    draft: Draft, name: str, source: SourceSection, over: str, op: str, line: FeatureLine, keys: Keys
) -> Iterator[Problem]:
    group, kind = ("measures", "measure") if over == "measure" else ("categories", "category")
    known = getattr(source, group)
    if line.of is None:
        yield Problem(keys, f"of is missing; {op} needs a {kind} of {name}: {listed(known) or 'it has none'}")
    for column in line.of or ():
        if column not in known and not draft.unsure("sources", name, group, column):
            yield Problem((*keys, "of"), unknown(kind, column, known, name))
    if op == "share":
        yield from _share(draft, name, line, keys)


def _share(draft: Draft, name: str, line: FeatureLine, keys: Keys) -> Iterator[Problem]:
    measures = draft.sources[name].measures
    known = line.measure is None or line.measure in measures
    if not known and not draft.unsure("sources", name, "measures", str(line.measure)):
        yield Problem((*keys, "measure"), unknown("measure", str(line.measure), measures, name))


def _same_name(taken: dict[tuple[str, str, str], str], source: str, line: FeatureLine, keys: Keys) -> Iterator[Problem]:
    """Values of one category that would be counted in one column, on whatever lines they stand."""
    for column in line.of or ():
        for value in line.value or ():
            other = taken.setdefault((source, column, slug(value)), value)
            if other != value:
                yield Problem((*keys, "value"), f"{other!r} and {value!r} of {column} give the same name")


def _weeks(section: FeaturesSection, line: FeatureLine, keys: Keys) -> Iterator[Problem]:
    for window in windows(section, line, "weekly"):
        if window is not None and (window % WEEK or window < 2 * WEEK):
            where = (*keys, "windows") if line.windows is not None else keys
            yield Problem(where, f"weekly needs windows of whole weeks, at least two; {window} days are not")


def _attributes_and_derived(draft: Draft, section: FeaturesSection, names: dict[str, Keys]) -> Iterator[Problem]:
    known = attribute_names(draft)
    for position, name in enumerate(section.attributes):
        if name not in known and not draft.unsure("sources"):
            yield Problem(("features", "attributes", position), unknown("attribute", name, known))
        yield from _twice(names, [(name, ("features", "attributes", position))])
    for name in section.derived:
        yield from _twice(names, [(name, ("features", "derived", name))])


def _twice(names: dict[str, Keys], new: list[tuple[str, Keys]]) -> Iterator[Problem]:
    """Names that are reserved or taken; the others are taken from now on."""
    for name, keys in new:
        if name in RESERVED:
            yield Problem(keys, f"{name!r} is a column of the suite's own; choose another name")
        elif name in names:
            yield Problem(keys, f"the feature {name} is there already")
        names.setdefault(name, keys)
