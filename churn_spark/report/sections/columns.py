"""What is in the data: the profile of every column, and what cleaning did to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.columns import Cleaning
from churn_spark.definitions.periods import known_from_needed
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Heading, grid
from churn_spark.report.query import Available, Dates, Query
from churn_spark.report.section import Section
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

PROFILED = "data_profile"
_COUNTED = ("missing", "outlier")


@dataclass(frozen=True, slots=True)
class Columns:
    """The profile, and the rules of cleaning with what they met."""

    profile: Grid | Absent
    cleaning: Grid | Absent


def _newest(table: str) -> Callable[[Available], Mapping[str, Dates]]:
    """The newest partition of a table."""
    return lambda available: {table: (day,) if (day := available.newest(table)) else ()}


def _tiles(available: Available) -> Mapping[str, Dates]:
    """The tiles with measures of the days that features see."""
    window = known_from_needed(available.as_of, _days_of_knowledge(available.project))
    return {
        source.tiles_table: window
        for source in available.project.event_sources
        if source.measures and any(day in window for day in available.dates(source.tiles_table))
    }


def _cleaned_rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    by_source = (
        _cleaned_of(source, tables[source.tiles_table])
        for source in facts.project.event_sources
        if source.tiles_table in tables
    )
    return reduce(DataFrame.unionAll, by_source)


def _cleaned_of(source: Source, tiles: DataFrame) -> DataFrame:
    counts = [
        F.struct(
            F.lit(measure.name).alias("column"), *(F.sum(f"{measure.name}_{what}").alias(what) for what in _COUNTED)
        )
        for measure in source.measures
    ]
    totals = tiles.agg(F.sum("events").alias("events"), F.array(*counts).alias("counts"))
    return totals.select("events", F.inline("counts")).select(
        F.lit(source.name).alias("source"), "column", "events", *_COUNTED
    )


PROFILE = Query(
    "profile",
    ("source", "column", "statistic", "value", "text"),
    _newest(PROFILED),
    lambda facts, tables: tables[PROFILED],
)
LIMITS = Query(
    "limits",
    ("source", "column", "rows", "lower", "upper", "mean", "median", "mode"),
    _newest("cleaning_limits"),
    lambda facts, tables: tables["cleaning_limits"],
)
CLEANED = Query("cleaned", ("source", "column", "events", *_COUNTED), _tiles, _cleaned_rows)
"""Events of each measure, and those missing or outside the fences before cleaning."""


def columns(facts: Facts) -> Columns:
    """The profile of every column and what was cleaned."""
    return Columns(_profile(facts), _cleaning(facts))


def _profile(facts: Facts) -> Grid | Absent:
    if facts[PROFILE].empty:
        return Absent("The columns have not been profiled.", facts.how("profile"))
    profiles: dict[At, dict[str, Any]] = {}
    for row in facts[PROFILE].to_dict("records"):
        value = row["text"] if missing(row["value"]) else row["value"]
        profiles.setdefault((row["source"], row["column"]), {})[row["statistic"]] = value
    cells = [
        _profiled(at, statistics, statistics.get("rows", profiles.get((at[0], "*"), {}).get("rows")))
        for at, statistics in sorted(profiles.items())
        if at[1] != "*"
    ]
    headings: list[Heading] = ["Column", "Rows", ("Empty", "Rows without a value.")]
    headings += [("Different", "Number of different values."), "Least", "5 %", "25 %", "Median", "75 %", "95 %", "Most"]
    headings += ["Mean", ("Outliers", "Outside the Tukey fences."), "Most frequent"]
    return grid(
        f"Columns as known on {facts.available.newest(PROFILED)}", headings, cells, words=(0, len(headings) - 1)
    )


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
    if facts[CLEANED].empty and facts[LIMITS].empty:
        return Absent("Nothing has been cleaned: there are no tiles yet.", facts.how("build_tiles"))
    counted, limits = _by_column(facts[CLEANED]), _by_column(facts[LIMITS])
    cells = [
        _cleaned((source.name, name), cleaning, counted, limits)
        for source in facts.project.event_sources
        for name, cleaning in _rules(source)
    ]
    headings = (
        "Column", "Events", ("Empty before", "Events without a value before cleaning."), "Empty becomes",
        ("Outside before", "Events outside the Tukey fences before cleaning."), "Outliers", "Smoothed",
    )  # fmt: skip
    caption = f"What was cleaned, in events known in the last {in_days(_days_of_knowledge(facts.project))}"
    return grid(caption, headings, cells, words=(0, 3, 5, 6))


def _cleaned(at: At, rule: Cleaning, counted: Rows, limits: Rows) -> tuple[Cell | str, ...]:
    counts, learnt = counted.get(at, {}), limits.get(at, {})
    fenced = Cell("kept")
    if rule.outliers != "keep":
        known = not missing(learnt.get("lower"))
        fences = f"{amount(learnt['lower'])} to {amount(learnt['upper'])}" if known else "not learnt yet"
        fenced = Cell(_FENCED[rule.outliers], fences)
    return (
        Cell(at[1], at[0]),
        whole(counts.get("events")),
        _of(counts.get("missing"), counts.get("events")),
        Cell(_FILLS[rule.missing], _fill(rule, learnt)),
        _of(counts.get("outlier"), counts.get("events"))
        if rule.outliers != "keep"
        else Cell(NOTHING, "not looked for"),
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


def _days_of_knowledge(project: Project) -> int:
    """The days of knowledge that the features of a date see."""
    return max(project.features.longest, project.population.days, 1)


def _by_column(rows: pd.DataFrame) -> Rows:
    return {(row["source"], row["column"]): row for row in rows.to_dict("records")}


def _of(part: Any, rows: Any) -> Cell:
    if missing(part):
        return Cell(NOTHING)
    return Cell(whole(part), percent(float(part) / float(rows)) if not missing(rows) and rows else "")


COLUMNS = Section(
    "columns",
    "What is in the data",
    columns,
    """
{{ table(content.profile) }}
{{ table(content.cleaning) }}
""",
    (PROFILE, LIMITS, CLEANED),
)
