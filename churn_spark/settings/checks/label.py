"""Population and label: their references and their periods."""

from collections.abc import Iterator

from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.nearest import unknown
from churn_spark.settings.checks.choices import choices
from churn_spark.settings.checks.columns import longest_window
from churn_spark.settings.document import Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings

DATE = ("date",)
TYPES = {"attribute": DATE, "column": ("boolean", "int", "bigint")}
"""The types that the attribute of a rule may have."""
WITH_EVENTS = ("inactivity", "decline", "event")
TEMPORAL = (*WITH_EVENTS, "attribute")
RULE_NEEDS = {
    "inactivity": ("sources", "performance"),
    "decline": ("sources", "performance", "measure"),
    "event": ("sources", "performance"),
    "attribute": ("attribute", "performance"),
    "column": ("attribute",),
}
RULES_WITH = {
    "sources": WITH_EVENTS,
    **dict.fromkeys(("gap", "performance", "lateness"), TEMPORAL),
    "measure": ("decline",),
    "filter": ("event",),
    "attribute": ("attribute", "column"),
}
"""The rules that a key of the label applies to."""
POPULATION_NEEDS = {"active": ("sources", "days"), "contract": ("expression",)}
POPULATION_WITH = {"expression": ("contract",), **dict.fromkeys(("sources", "days", "tenure_days"), ("active",))}
LEAVE = ("left_partners", "left_contacts", "community_left")


def label_and_population(settings: Settings) -> Iterator[Problem]:
    """Problems of the label and of the population."""
    for check in (_population, _longest_window, _label, _one_source, _measure, _attribute, _lateness, _of_column):
        yield from as_far_as_valid(check(settings))
    for section in ("population", "label"):
        yield from as_far_as_valid(_event_sources(settings, section))


def _population(settings: Settings) -> Iterator[Problem]:
    yield from choices(settings.population, ("population",), "by", POPULATION_NEEDS, POPULATION_WITH)


def _longest_window(settings: Settings) -> Iterator[Problem]:
    days, longest = settings.population.days, longest_window(settings)
    if days and days > longest:
        yield Problem(
            ("population", "days"),
            f"{days} days exceed the longest window, {longest}; shorten it, or add a longer window",
        )


def _label(settings: Settings) -> Iterator[Problem]:
    yield from choices(settings.label, ("label",), "rule", RULE_NEEDS, RULES_WITH)


def _one_source(settings: Settings) -> Iterator[Problem]:
    rule, sources = settings.label.rule, settings.label.sources or []
    if rule in ("decline", "event") and len(sources) > 1:
        yield Problem(("label", "sources"), f"rule: {rule} looks at exactly one source, not at {len(sources)}")


def _measure(settings: Settings) -> Iterator[Problem]:
    label = settings.label
    if label.rule == "decline" and label.sources and label.measure and label.sources[0] in settings.sources:
        name = label.sources[0]
        known = settings.sources[name].measures
        if label.measure not in known:
            yield Problem(("label", "measure"), unknown("measure", label.measure, known, name))


def _attribute(settings: Settings) -> Iterator[Problem]:
    name, types = settings.label.attribute, TYPES.get(settings.label.rule)
    if name is None or types is None:
        return
    customers = [source for source in settings.sources.values() if source.kind == "customers"]
    known = {key: attribute for source in customers for key, attribute in source.attributes.items()}
    if name not in known:
        yield Problem(("label", "attribute"), unknown("attribute of customers", name, known))
    elif (kind := known[name].type) not in types:
        example = {"string": "churn = 'Yes'", "date": "ended IS NOT NULL"}.get(kind, "churn = 1")
        wanted = "a date" if types == DATE else f"one of {', '.join(types)} (in its expression: {example})"
        yield Problem(("label", "attribute"), f"{name!r} has type {kind}; it must be {wanted}")


def _lateness(settings: Settings) -> Iterator[Problem]:
    label = settings.label
    if label.rule == "column":
        return
    owners = [name for name, source in settings.sources.items() if label.attribute in source.attributes]
    for name in label.sources or owners:
        least = settings.sources[name].delivered.lag_days - 1 if name in settings.sources else 0
        if label.lateness < least:
            text = f"{label.lateness} is too short: {name} has lag_days: {least + 1}, so use at least {least}"
            yield Problem(("label", "lateness"), text)


def _of_column(settings: Settings) -> Iterator[Problem]:
    """Such a label is itself an attribute: no feature may contain it, or what it is computed from."""
    if settings.label.rule != "column" or settings.label.attribute is None:
        return
    for check in (_label_as_attribute, _label_in_derived, _leaving):
        yield from as_far_as_valid(check(settings, settings.label.attribute))


def _label_as_attribute(settings: Settings, label: str) -> Iterator[Problem]:
    related = _same_origin(settings, label)
    for position, name in enumerate(settings.features.attributes):
        keys = ("features", "attributes", position)
        if name == label:
            yield Problem(keys, f"{name!r} is the label itself; remove it")
        elif name in related:
            yield Problem(keys, f"{name!r} is computed from {related[name]!r}, like the label {label!r}; remove it")


def _label_in_derived(settings: Settings, label: str) -> Iterator[Problem]:
    related = _same_origin(settings, label)
    for name, expression in settings.features.derived.items():
        for used in mentioned(expression, [label, *related])[:1]:
            why = f"computed from {related[used]!r} like the label" if used in related else "the label itself"
            yield Problem(("features", "derived", name), f"uses {used!r}, {why}; remove it")


def _leaving(settings: Settings, label: str) -> Iterator[Problem]:
    section = settings.features
    leaving = [op for lines in section.lines.values() for line in lines for op in line.op if op in LEAVE]
    if leaving and section.left_after is None:
        yield Problem(("features",), f"left_after is missing; {leaving[0]} needs it with label.rule: column")


def _same_origin(settings: Settings, label: str) -> dict[str, str]:
    """The other attributes that are computed from a column of the label, each with that column (raw or looked up)."""
    for source in settings.sources.values():
        if source.kind != "customers" or label not in source.attributes:
            continue
        raw = mentioned(source.attributes[label].expression, source.columns)
        used = {name: mentioned(one.expression, raw) for name, one in source.attributes.items() if name != label}
        return {name: columns[0] for name, columns in used.items() if columns}
    return {}


def _event_sources(settings: Settings, section: str) -> Iterator[Problem]:
    names = getattr(settings, section).sources or ()
    events = [name for name, source in settings.sources.items() if source.kind == "events"]
    for name in names:
        if name not in settings.sources:
            yield Problem((section, "sources"), unknown("source of events", name, events))
        elif name not in events:
            yield Problem(
                (section, "sources"), f"{name!r} is a source of kind: customers; a source of kind: events is needed"
            )
