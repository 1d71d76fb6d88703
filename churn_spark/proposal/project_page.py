"""The complete proposed configuration."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from churn_spark.definitions.errors import ConfigError
from churn_spark.proposal.columns import Column, columns_of
from churn_spark.proposal.delivered_page import first_day, known_by, last_day
from churn_spark.proposal.groups import Group, groups, with_names
from churn_spark.proposal.lines import line, scalar
from churn_spark.proposal.names import as_name
from churn_spark.proposal.outcomes import is_flag, is_outcome
from churn_spark.proposal.roles import Roles, roles
from churn_spark.proposal.samples import Sample, sample
from churn_spark.proposal.source_page import source_lines
from churn_spark.proposal.values_page import attributes, is_feature, measured

_WINDOWS = ((240, [7, 28, 84]), (90, [7, 28]), (0, [7]))
"""Windows by the days of history, which must also have room for a label and some snapshots."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """One source, with its sample and what it says."""

    name: str
    group: Group
    sample: Sample
    columns: list[Column]
    roles: Roles


def proposal(folder: Path) -> str:
    """The text of a configuration for the files in a folder; the same files always give the same text.

    Raises ConfigError if there is no such folder, nothing in it can be a source, or a file cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"--from {folder}: there is no such folder; name a folder with files, or with one subfolder per source"
        )
    sources = [_proposed(name, group) for name, group in with_names(groups(folder))]
    if not sources:
        raise ConfigError(
            f"--from {folder}: contains nothing that looks like a source. Put CSV, JSON lines or Parquet files (CSV"
            f" and JSON"
            " also as .gz or .bz2) or Delta tables into the folder, or into one subfolder per source"
        )
    return "\n".join(text.rstrip() for text in _lines(folder, sources)) + "\n"


def _proposed(name: str, group: Group) -> Proposed:
    seen = sample(group)
    columns = columns_of(seen)
    if not columns:
        raise ConfigError(
            f"{group.path}: {group.files[-1].name if group.files else name} has no columns; remove it, or add a header"
        )
    if not seen.rows:
        raise ConfigError(f"{group.path}: none of the files in the sample has a row; add a file with rows")
    return Proposed(name, group, seen, columns, roles(columns, seen, group))


def _lines(folder: Path, sources: Sequence[Proposed]) -> Iterator[str]:
    name = as_name(folder.resolve().name)
    yield f"# Proposed by `churn-spark init` from the first rows of each source in {folder}."
    yield "# Please answer each QUESTION. Every key is explained in docs/configuration.md, dates in docs/first-load.md."
    events = (last_day(one.group, one.roles) for one in sources if one.roles.kind == "events")
    if last := max(filter(None, events), default=None):
        yield f"# In the sample, the events end on {last}: begin with --as-of {last + timedelta(days=1)}."
    yield f"name: {scalar(name)}"
    yield line(0, "zone: UTC", "QUESTION: in which time zone is a day a calendar date? Such as Europe/London")
    yield line(0, f"warehouse: {{path: churn/{name}/warehouse}}", "where the tables are stored")
    yield line(0, f"report: churn/{name}/report.html")
    yield line(0, "privacy: {key_env: CHURN_SPARK_KEY}", "QUESTION: are these data public? Then write `privacy: none`")
    yield ""
    yield "sources:"
    known: dict[str, Column] = {}
    for one in sources:
        yield from source_lines(one.name, one.group, one.sample, one.columns, one.roles, list(known))
        if one.roles.kind == "customers":
            known |= attributes(one.columns, one.roles, one.name, list(known))
        yield ""
    if any(one.roles.kind == "events" for one in sources):
        yield from _with_events(sources, [name for name, column in known.items() if is_feature(column)])
    else:
        yield from _without_events(known, sources[0].group)


def _without_events(known: Mapping[str, Column], group: Group) -> Iterator[str]:
    """Without events: a label from a column that says who left. known: attributes of customers."""
    said = [name for name, column in known.items() if is_outcome(column)]
    likely = sorted(known, key=lambda name: (not is_flag(known[name]), known[name].type not in ("int", "bigint")))
    label = [*said, *likely, "unknown"][0]
    attributes = [name for name, column in known.items() if is_feature(column) and name != label]
    yield "# No source has events, which say when a customer was active. A model can learn from a column that says"
    yield "# who left, but it is tested on held-out customers, not on later dates."
    yield "# QUESTION: are there no data on what customers do?"
    yield line(0, 'population: {by: contract, expression: "true"}', "all customers in the table")
    question = "" if len(said) == 1 else "QUESTION: which column says who left (true or false, 1 or 0)?"
    yield line(0, f"label: {{rule: column, attribute: {scalar(label)}}}", question)
    yield line(0, f"features: {scalar({'attributes': attributes})}")
    yield line(0, f"snapshots: {{first: {known_by(group)}}}", "QUESTION: from which date on are all rows known?")
    yield "training:"
    yield line(1, "logistic_regression: {}")
    yield line(1, "random_forest: {}")


def _with_events(sources: Sequence[Proposed], attributes: Sequence[str]) -> Iterator[str]:
    events = [one for one in sources if one.roles.kind == "events"]
    main = max(events, key=lambda one: len(one.group.files) or 1)
    first, last = first_day(main.group, main.roles), last_day(main.group, main.roles)
    windows, performance = _windows(first, last)
    span = (last - first).days if first and last else 0
    yield line(0, "population:", "which customers get features and scores")
    yield line(1, "by: active", "QUESTION: customers with a recent event, or by: contract (SQL over attributes)?")
    yield line(1, f"sources: {scalar([main.name])}")
    yield line(1, f"days: {windows[-1]}", "QUESTION: how recent must the event be?")
    yield ""
    yield line(0, "label:", "what churn means")
    yield line(1, "rule: inactivity", "QUESTION: inactivity, or decline, event or attribute?")
    yield line(1, f"sources: {scalar([main.name])}")
    yield line(1, "gap: 0", "QUESTION: how many days do you need to act?")
    yield line(1, f"performance: {performance}", "QUESTION: after how many days without an event has a customer left?")
    yield line(1, f"lateness: {30 if main.group.dates and main.group.dates.monthly else 0}")
    yield ""
    yield "features:"
    yield line(1, f"windows: {windows}", f"the history covers {span} days" if span else "")
    for one in events:
        yield from _features(one)
    if attributes:
        yield line(1, f"attributes: {scalar(attributes)}")
    yield ""
    start = (first or date(2026, 1, 1)) + timedelta(days=windows[-1])
    every = 28 if span >= 400 else 14 if span >= 200 else 7
    yield line(0, f"snapshots: {{first: {start}, every: {every}}}", "the first one has data for the longest window")
    tests = 3 if span - windows[-1] - performance >= 10 * every else 1
    yield "training:"
    yield line(1, "logistic_regression: {}")
    yield line(1, "random_forest: {}")
    yield line(1, f"test_snapshots: {tests}")


def _windows(first: date | None, last: date | None) -> tuple[list[int], int]:
    """Windows and performance window for the length of the history, in days."""
    days = (last - first).days if first and last else 0
    windows = next(windows for least, windows in _WINDOWS if days >= least)
    return windows, 28 if days >= 90 else 7


def _features(one: Proposed) -> Iterator[str]:
    measures, categories = measured(one.roles)
    yield line(1, f"{scalar(one.name)}:")
    yield line(2, "- {op: [count, active_days, recency, tenure]}")
    if measures:
        yield line(2, f"- {{op: [sum, mean], of: {scalar(list(measures))}}}")
    if categories:
        yield line(2, f"- {{op: distinct, of: {scalar(list(categories))}}}")
