"""Numbers, dates and definitions as a person reads them."""

import math
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project

NOTHING = "–"
PERCENT = "\u00a0%"
"""The sign stays on its number's line."""


def missing(value: Any) -> bool:
    """Whether a value of a frame says nothing (None, NaN, NaT)."""
    return bool(pd.isna(value))


def whole(value: Any) -> str:
    """A count: `1,469,307`."""
    return NOTHING if missing(value) else f"{round(float(value)):,}"


def decimal(value: Any, digits: int = 3) -> str:
    """A figure with fixed decimals: `0.857`."""
    return NOTHING if missing(value) else f"{float(value):,.{digits}f}"


def percent(value: Any, digits: int = 1) -> str:
    """A share: `12.8 %`; a share above nothing that would read as 0 is `< 0.1 %`."""
    if missing(value):
        return NOTHING
    share = float(value) * 100
    least = 10**-digits
    written = f"<\u00a0{least:g}" if 0 < share < least / 2 else f"{share:,.{digits}f}"
    return written + PERCENT


def amount(value: Any) -> str:
    """A number of any size at a readable precision: `1,204`, `12.5`, `0.034`."""
    if missing(value):
        return NOTHING
    number = float(value)
    if not math.isfinite(number):
        return str(number)
    if abs(number) >= 1000 or number == round(number):
        return f"{number:,.0f}"
    if abs(number) < 0.01:
        return f"{number:.2g}"
    return f"{number:,.{1 if abs(number) >= 100 else 2}f}".rstrip("0").rstrip(".")


def day(value: Any) -> str:
    """A date: `2017-06-01`."""
    return NOTHING if missing(value) else str(value)[:10]


def long_day(value: date) -> str:
    """A date in words: `1 June 2017`."""
    return f"{value.day} {value:%B %Y}"


def span(days: Days) -> str:
    """Both ends of a span of days, in words, the last day included."""
    last = days.end - timedelta(days=1)
    return long_day(days.first) if last == days.first else f"{long_day(days.first)} to {long_day(last)}"


def in_days(value: int) -> str:
    """`1 day`, `28 days`."""
    return f"{value:,} day" if value == 1 else f"{value:,} days"


def joined(names: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} {last} {listed[-1]}" if listed else ""


def capital(text: str) -> str:
    """The text with a capital letter first, the rest as it is."""
    return text[:1].upper() + text[1:]


def churn_means(project: Project) -> str:
    """What a label of 1 says, as the end of the sentence `Churn means: ...`."""
    label, length = project.label, in_days(project.periods.performance)
    sources = joined(label.sources, "or")
    if label.rule == "column":
        return f"{label.attribute} (of {sources}) says so, as known on the as-of date"
    if label.rule == "inactivity":
        return f"no activity at all in {sources} during {length}"
    if label.rule == "decline":
        return (
            f"{label.measure} in {sources} over {length} falls below {percent(label.ratio, 0)} of the level"
            f" of the {in_days(label.base_days)} before"
        )
    if label.rule == "attribute":
        return f"the date in {label.attribute} (of {sources}) falls within {length}"
    kept = f" with {label.filter}" if label.filter else ""
    return f"an event in {sources}{kept} within {length}"


def watched_means(project: Project) -> str:
    """Who is in the population."""
    population = project.population
    if population.by == "contract":
        return f"customers for whom this holds on the date: {population.expression}"
    known = f", first seen at least {in_days(population.tenure_days)} before" if population.tenure_days else ""
    return f"customers active in {joined(population.sources, 'or')} within the last {in_days(population.days)}{known}"
