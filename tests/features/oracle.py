"""What each operation means, written from the table of operations as loops over raw events; slow and independent.

An event is a dict: customer, time (datetime), date, known_from, id, and its measures and categories (None: no value).
"""

import math
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from churn_spark.definitions.features import Feature

Event = dict[str, Any]


def value(feature: Feature, events: list[Event], s: date) -> float | int | None:
    """The feature of one customer at `s`, from all events of that customer in the feature's source."""
    known = [event for event in events if event["known_from"] <= s]
    if feature.op == "tenure":
        return max(((s - event["date"]).days for event in known), default=None)
    window = [event for event in known if s - timedelta(days=feature.window) <= event["date"] < s]
    window.sort(key=lambda event: (event["time"], event["id"]))
    if feature.op in BY_EVENTS:
        return BY_EVENTS[feature.op](window, feature)
    if feature.op in BY_VALUES:
        return BY_VALUES[feature.op]([event[feature.column] for event in window if event[feature.column] is not None])
    return _by_days(feature, window, s)


def _share(window: list[Event], feature: Feature) -> float | None:
    chosen = [event for event in window if event[feature.column] == feature.value]
    if feature.measure is None:
        return len(chosen) / len(window) if window else None
    part, whole = (_total(rows, feature.measure) for rows in (chosen, window))
    return float(Fraction(part) / Fraction(whole)) if whole else None


def _total(rows: list[Event], measure: str) -> Any:
    return sum((row[measure] for row in rows if row[measure] is not None), 0)


def _distinct(window: list[Event], feature: Feature) -> int:
    return len({event[feature.column] for event in window if event[feature.column] is not None})


def _std(values: list[Any]) -> float | None:
    if len(values) < 2:
        return None
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    return math.sqrt(sum((one - mean) ** 2 for one in exact) / (len(exact) - 1))


def _mean(values: list[Any]) -> float | None:
    return float(Fraction(sum(values)) / len(values)) if values else None


def _percentile(values: list[int], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    position = (len(ordered) - 1) * share
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


BY_EVENTS = {"count": lambda window, feature: len(window), "share": _share, "distinct": _distinct}
BY_VALUES = {
    "sum": lambda values: float(sum(values)),
    "mean": _mean,
    "std": _std,
    "min": lambda values: float(min(values)) if values else None,
    "max": lambda values: float(max(values)) if values else None,
    "first": lambda values: float(values[0]) if values else None,
    "last": lambda values: float(values[-1]) if values else None,
    "delta": lambda values: float(values[-1] - values[0]) if values else None,
}
INTERVALS = {
    "mean": _mean,
    "std": _std,
    "median": lambda intervals: _percentile(intervals, 0.5),
    "p90": lambda intervals: _percentile(intervals, 0.9),
    "max": lambda intervals: max(intervals, default=None),
}


def _by_days(feature: Feature, window: list[Event], s: date) -> float | int | None:
    days = sorted({event["date"] for event in window})
    ages = [(s - event["date"]).days for event in window]
    kind, _, statistic = feature.op.partition("_")
    if kind in ("interval", "overdue"):
        interval = INTERVALS[statistic]([(later - earlier).days for earlier, later in pairwise(days)])
        return interval if kind == "interval" or interval is None else min(ages) / max(1, interval)
    if kind == "weekly":
        return _weekly(feature, ages)
    by_op = {
        "active_days": lambda: len(days),
        "recency": lambda: min(ages, default=None),
        "trend": lambda: slope([sum(age == one for one in ages) for age in range(feature.window, 0, -1)]),
        "ewm": lambda: math.fsum(0.5 ** (age / feature.half_life) for age in ages),
    }
    return by_op[feature.op]()


def _weekly(feature: Feature, ages: list[int]) -> float | int:
    weeks = [sum(7 * (week - 1) < age <= 7 * week for age in ages) for week in range(1, feature.window // 7 + 1)]
    by_op = {
        "weekly_lag": lambda: weeks[feature.lag - 1],
        "weekly_active": lambda: sum(week > 0 for week in weeks),
        "weekly_slope": lambda: slope([math.log(1 + week) for week in reversed(weeks)]),
    }
    return by_op[feature.op]()


def slope(values: list[float]) -> float:
    """The least-squares slope over positions 0, 1, 2 ...; 0 for a single one."""
    places = range(len(values))
    mean_place, mean = sum(places) / len(values), math.fsum(values) / len(values)
    spread = sum((place - mean_place) ** 2 for place in places)
    along = math.fsum((place - mean_place) * (one - mean) for place, one in zip(places, values, strict=True))
    return along / spread if spread else 0.0
