"""The vocabulary of feature operations: each with its version, formula and null rule.

`docs/features.md` is generated from this table and the test oracle is written from it. Let `s` be the as-of date, m
the first day of its month, the window `s - n <= event_date < s`, D the customer's sorted active days in the window, y a
day's number of events.
"""

from dataclasses import dataclass
from typing import Literal

Over = Literal["events", "measure", "category", "days", "contacts", "network", "customer"]


@dataclass(frozen=True, slots=True)
class Op:
    """One operation; `version` rises when its meaning changes, which changes every hash built from it."""

    name: str
    over: Over
    formula: str
    empty: str
    version: int = 1
    windowed: bool = True
    integer: bool = False


_ALL = (
    Op("count", "events", "number of events in the window", "0", integer=True),
    Op("sum", "measure", "sum of the measure over the events in the window", "0"),
    Op("mean", "measure", "sum of the measure / number of events with a value", "null"),
    Op(
        "std",
        "measure",
        "sample standard deviation (n - 1) of the measure over events",
        "null with fewer than 2 values",
    ),
    Op("min", "measure", "smallest value of the measure", "null"),
    Op("max", "measure", "largest value of the measure", "null"),
    Op("first", "measure", "value of the earliest event, by event time then event id", "null"),
    Op("last", "measure", "value of the latest event, by event time then event id", "null"),
    Op("delta", "measure", "last - first", "null"),
    Op("active_days", "days", "size of D; a day counts from its earliest known_from", "0", integer=True),
    Op("recency", "days", "s - last active day, in days, within the window", "null", integer=True),
    Op("tenure", "customer", "s - first seen, in days", "null", windowed=False, integer=True),
    Op("interval_mean", "days", "mean of the differences of consecutive days of D", "null with fewer than 2 days"),
    Op("interval_std", "days", "sample standard deviation (n - 1) of those differences", "null with fewer than 3 days"),
    Op("interval_median", "days", "median of those differences (linear interpolation)", "null with fewer than 2 days"),
    Op(
        "interval_p90",
        "days",
        "90th percentile of those differences (linear interpolation)",
        "null with fewer than 2 days",
    ),
    Op("interval_max", "days", "largest of those differences", "null with fewer than 2 days", integer=True),
    Op("overdue_mean", "days", "(s - last active day) / max(1, interval_mean)", "null with fewer than 2 days"),
    Op("overdue_median", "days", "(s - last active day) / max(1, interval_median)", "null with fewer than 2 days"),
    Op("overdue_p90", "days", "(s - last active day) / max(1, interval_p90)", "null with fewer than 2 days"),
    Op("overdue_max", "days", "(s - last active day) / max(1, interval_max)", "null with fewer than 2 days"),
    Op("distinct", "category", "number of different values of the category", "0", integer=True),
    Op("share", "category", "events (or measure) with the value / all events (or the whole measure)", "null"),
    Op("trend", "days", "least-squares slope of y per day over all n days of the window, inactive days are 0", "0"),
    Op("ewm", "days", "sum of y * 0.5 ** (age / half_life) over the window, age = s - event_date", "0"),
    Op(
        "weekly_lag",
        "days",
        "number of events in week k counted back from s: s - 7k <= event_date < s - 7(k - 1)",
        "0",
        integer=True,
    ),
    Op("weekly_slope", "days", "least-squares slope per week of log(1 + events of the week), oldest week first", "0"),
    Op("weekly_active", "days", "number of the last n / 7 weeks with an event", "0", integer=True),
    Op("degree", "contacts", "number of different partners in the window", "0", integer=True),
    Op("left_partners", "contacts", "partners who had left by s / partners who are customers of ours", "null"),
    Op("left_contacts", "contacts", "events with partners who had left by s / events with customers of ours", "null"),
    Op("pagerank", "network", "PageRank in the graph of m, weighted by contacts made; the mean of all is 1", "null"),
    Op("community_size", "network", "number of members of its community in the graph of m", "null", integer=True),
    Op(
        "community_left",
        "network",
        "other members of its community who had left by m / other members who are customers of ours",
        "null, alone too",
    ),
)

OPS: dict[str, Op] = {op.name: op for op in _ALL}
"""Every resolved operation by name. In a configuration `weekly` stands for all three weekly ones."""
PARTNERED: tuple[Over, ...] = ("contacts", "network")
"""What only sources with a counterparty have."""
