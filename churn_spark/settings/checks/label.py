"""Population and label: their references and their periods."""

from collections.abc import Iterator, Sequence

from churn_spark.settings.checks.columns import longest_window
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.draft import Draft
from churn_spark.settings.label import LabelSection, PopulationSection
from churn_spark.settings.nearest import unknown


def label_and_population(draft: Draft) -> Iterator[Problem]:
    """Problems of the label and of the population."""
    if draft.read.population:
        yield from _population(draft, draft.read.population)
    if draft.read.label:
        yield from _label(draft, draft.read.label)


def _population(draft: Draft, population: PopulationSection) -> Iterator[Problem]:
    keys: Keys = ("population",)
    needed = ("sources", "days") if population.by == "active" else ("expression",)
    barred = ("expression",) if population.by == "active" else ("sources", "days", "tenure_days")
    for key in needed:
        if getattr(population, key) is None and not draft.unsure("population", key):
            yield Problem(keys, f"{key} is missing; by: {population.by} needs it")
    for key in barred:
        if getattr(population, key):
            yield Problem((*keys, key), f"does not go with by: {population.by}")
    yield from _event_sources(draft, population.sources or (), (*keys, "sources"))
    longest = longest_window(draft)
    if population.days and draft.read.features and not draft.unsure("features") and population.days > longest:
        yield Problem((*keys, "days"), f"{population.days} days are more than the longest window, {longest}")


def _label(draft: Draft, label: LabelSection) -> Iterator[Problem]:
    yield from _event_sources(draft, label.sources, ("label", "sources"))
    yield from _of_rule(draft, label)
    for name in label.sources:
        source = draft.sources.get(name)
        least = source.delivered.lag_days - 1 if source and not draft.unsure("sources", name, "delivered") else 0
        if label.lateness < least and not draft.unsure("label", "lateness"):
            text = f"{label.lateness} is too short: {name} is delivered with lag_days {least + 1}, so at least {least}"
            yield Problem(("label", "lateness"), text)


def _of_rule(draft: Draft, label: LabelSection) -> Iterator[Problem]:
    if label.rule != "inactivity" and len(label.sources) != 1:
        yield Problem(("label", "sources"), f"rule {label.rule} looks at exactly one source, not {len(label.sources)}")
    for key, rule in (("measure", "decline"), ("filter", "event")):
        if getattr(label, key) is not None and label.rule != rule:
            yield Problem(("label", key), f"goes with rule {rule} only")
    if label.rule != "decline":
        return
    name, measure = label.sources[0], label.measure
    known = draft.sources[name].measures if name in draft.sources else {}
    if measure is None and not draft.unsure("label", "measure"):
        yield Problem(("label",), "measure is missing; rule decline needs it")
    elif (
        measure
        and name in draft.sources
        and measure not in known
        and not draft.unsure("sources", name, "measures", measure)
    ):
        yield Problem(("label", "measure"), unknown("measure", measure, known, name))


def _event_sources(draft: Draft, names: Sequence[str], keys: Keys) -> Iterator[Problem]:
    events = [name for name, source in draft.sources.items() if source.kind == "events"]
    for name in names:
        if name in draft.sources and name not in events:
            yield Problem(keys, f"{name!r} is a source of customers; a source of events is needed")
        elif name not in events and not draft.unsure("sources", name):
            yield Problem(keys, unknown("source of events", name, events))
