"""What is in the data: the profile of every column, and what cleaning did to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churn_spark.definitions.sources import Cleaning, Source
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Heading, grid
from churn_spark.report.words import NOTHING, amount, in_days, missing, percent, whole

At = tuple[str, str]
"""Source and column."""
Rows = Mapping[At, Mapping[Any, Any]]
QUANTILES = ("min", "p05", "p25", "p50", "p75", "p95", "max")
_FILLS = {
    "null": "left empty", "indicator": "left empty, counted", "drop": "row dropped", "constant": "the constant",
    "mean": "the mean", "median": "the median", "mode": "the most frequent value", "last_known": "last known value",
    "interpolate": "interpolated",
}  # fmt: skip
_FENCED = {"clip": "clipped to", "null": "emptied outside", "flag": "kept, counted outside", "keep": ""}


@dataclass(frozen=True, slots=True)
class Columns:
    """The profile, and the rules of cleaning with what they met."""

    profile: Grid | Absent
    cleaning: Grid | Absent


def columns(facts: Facts) -> Columns:
    """The profile of every column and what was cleaned."""
    return Columns(_profile(facts), _cleaning(facts))


def _profile(facts: Facts) -> Grid | Absent:
    if facts.profile.empty:
        return Absent("The columns have not been profiled.", facts.how("profile"))
    told: dict[At, dict[str, Any]] = {}
    for row in facts.profile.to_dict("records"):
        value = row["text"] if missing(row["value"]) else row["value"]
        told.setdefault((row["source"], row["column"]), {})[row["statistic"]] = value
    cells = [
        _profiled(at, statistics, statistics.get("rows", told.get((at[0], "*"), {}).get("rows")))
        for at, statistics in sorted(told.items())
        if at[1] != "*"
    ]
    headings: list[Heading] = ["Column", "Rows", ("Empty", "Rows without a value.")]
    headings += [("Different", "Number of different values."), "Least", "5 %", "25 %", "Median", "75 %", "95 %", "Most"]
    headings += ["Mean", ("Outliers", "Outside the Tukey fences."), "Most frequent"]
    return grid(f"Columns as known on {facts.profiled_on}", headings, cells, words=(0, len(headings) - 1))


def _profiled(at: At, statistics: Mapping[str, Any], rows: float | None) -> tuple[Cell | str, ...]:
    mode = statistics.get("mode")
    return (
        Cell(at[1], at[0]),
        whole(rows),
        _of(statistics.get("nulls"), rows),
        whole(statistics.get("distinct")),
        *(amount(statistics.get(statistic)) for statistic in (*QUANTILES, "mean")),
        _of(statistics.get("outliers"), rows),
        Cell(NOTHING if missing(mode) else str(mode), kind="long"),
    )


def _cleaning(facts: Facts) -> Grid | Absent:
    if facts.cleaned.empty and facts.limits.empty:
        return Absent("Nothing has been cleaned: there are no tiles yet.", facts.how("build_tiles"))
    counted, limits = _by_column(facts.cleaned), _by_column(facts.limits)
    cells = [
        _cleaned((source.name, name), cleaning, counted, limits)
        for source in facts.project.event_sources
        for name, cleaning in _rules(source)
    ]
    headings = (
        "Column", "Events", ("Empty before", "Events without a value before cleaning."), "Empty becomes",
        ("Outside before", "Events outside the Tukey fences before cleaning."), "Outliers", "Smoothed",
    )  # fmt: skip
    caption = f"What was cleaned, in events known in the last {in_days(facts.cleaned_days)}"
    return grid(caption, headings, cells, words=(0, 3, 5, 6))


def _cleaned(at: At, rule: Cleaning, counted: Rows, limits: Rows) -> tuple[Cell | str, ...]:
    found, learnt = counted.get(at, {}), limits.get(at, {})
    fenced = Cell("kept")
    if rule.outliers != "keep":
        known = not missing(learnt.get("lower"))
        fences = f"{amount(learnt['lower'])} to {amount(learnt['upper'])}" if known else "not learnt yet"
        fenced = Cell(_FENCED[rule.outliers], fences)
    return (
        Cell(at[1], at[0]),
        whole(found.get("events")),
        _of(found.get("missing"), found.get("events")),
        Cell(_FILLS[rule.missing], _fill(rule, learnt)),
        _of(found.get("outlier"), found.get("events")) if rule.outliers != "keep" else Cell(NOTHING, "not looked for"),
        fenced,
        f"trailing median of {rule.smooth}" if rule.smooth else "no",
    )


def _rules(source: Source) -> list[tuple[str, Cleaning]]:
    measures = [(measure.name, measure.cleaning) for measure in source.measures]
    return measures + [(category.name, category.cleaning) for category in source.categories]


def _fill(rule: Cleaning, learnt: Mapping[str, Any]) -> str:
    if rule.missing == "constant":
        return str(rule.constant)
    if rule.missing not in ("mean", "median", "mode"):
        return ""
    value = learnt.get(rule.missing)
    if missing(value):
        return "not learnt yet"
    return value if isinstance(value, str) else amount(value)


def _by_column(rows: pd.DataFrame) -> Rows:
    return {(row["source"], row["column"]): row for row in rows.to_dict("records")}


def _of(part: Any, rows: Any) -> Cell:
    if missing(part):
        return Cell(NOTHING)
    return Cell(whole(part), percent(float(part) / float(rows)) if not missing(rows) and rows else "")
