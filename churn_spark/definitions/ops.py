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
    """One operation; `version` rises when the formula changes, which changes every hash built from the operation.

    says: what the number is, for a person; {rows} stands for the source, {of} and {value} for the measure or category
    and its value, {shared} for what a share is of.
    """

    name: str
    over: Over
    says: str
    formula: str
    empty: str
    version: int = 1
    windowed: bool = True
    integer: bool = False


_ALL = (
    Op("count", "events", "{rows}", "number of events in the window", "0", integer=True),
    Op("sum", "measure", "{of} of {rows}", "sum of the measure over the events in the window", "0"),
    Op("mean", "measure", "mean {of} of {rows}", "sum of the measure / number of events with a value", "null"),
    Op(
        "std",
        "measure",
        "spread of {of} of {rows}",
        "sample standard deviation (n - 1) of the measure over events",
        "null with fewer than 2 values",
    ),
    Op("min", "measure", "smallest {of} of {rows}", "smallest value of the measure", "null"),
    Op("max", "measure", "largest {of} of {rows}", "largest value of the measure", "null"),
    Op("first", "measure", "first {of} of {rows}", "value of the earliest event, by event time then event id", "null"),
    Op("last", "measure", "latest {of} of {rows}", "value of the latest event, by event time then event id", "null"),
    Op("delta", "measure", "change in {of} of {rows}", "last - first", "null"),
    Op(
        "active_days",
        "days",
        "days with {rows}",
        "size of D; a day counts from its earliest known_from",
        "0",
        integer=True,
    ),
    Op(
        "recency",
        "days",
        "days without {rows}",
        "s - last active day, in days, within the window",
        "null",
        integer=True,
    ),
    Op(
        "tenure",
        "customer",
        "days since the first {rows}",
        "s - first seen, in days",
        "null",
        windowed=False,
        integer=True,
    ),
    Op(
        "interval_mean",
        "days",
        "mean days between {rows}",
        "mean of the differences of consecutive days of D",
        "null with fewer than 2 days",
    ),
    Op(
        "interval_std",
        "days",
        "spread of days between {rows}",
        "sample standard deviation (n - 1) of those differences",
        "null with fewer than 3 days",
    ),
    Op(
        "interval_median",
        "days",
        "median days between {rows}",
        "median of those differences (linear interpolation)",
        "null with fewer than 2 days",
    ),
    Op(
        "interval_p90",
        "days",
        "long pauses (90th percentile) between {rows}",
        "90th percentile of those differences (linear interpolation)",
        "null with fewer than 2 days",
    ),
    Op(
        "interval_max",
        "days",
        "longest pause between {rows}, days",
        "largest of those differences",
        "null with fewer than 2 days",
        integer=True,
    ),
    Op(
        "overdue_mean",
        "days",
        "days without {rows} per mean pause",
        "(s - last active day) / max(1, interval_mean)",
        "null with fewer than 2 days",
    ),
    Op(
        "overdue_median",
        "days",
        "days without {rows} per median pause",
        "(s - last active day) / max(1, interval_median)",
        "null with fewer than 2 days",
    ),
    Op(
        "overdue_p90",
        "days",
        "days without {rows} per long pause (90th percentile)",
        "(s - last active day) / max(1, interval_p90)",
        "null with fewer than 2 days",
    ),
    Op(
        "overdue_max",
        "days",
        "days without {rows} per longest pause",
        "(s - last active day) / max(1, interval_max)",
        "null with fewer than 2 days",
    ),
    Op(
        "distinct",
        "category",
        "different values of {of} in {rows}",
        "number of different values of the category",
        "0",
        integer=True,
    ),
    Op(
        "share",
        "category",
        "share of {shared} with {of} {value}",
        "events (or measure) with the value / all events (or the whole measure)",
        "null",
    ),
    Op(
        "trend",
        "days",
        "trend of daily {rows}",
        "least-squares slope of y per day over all n days of the window, inactive days are 0",
        "0",
    ),
    Op(
        "ewm",
        "days",
        "recent {rows}, older ones counting less",
        "sum of y * 0.5 ** (age / half_life) over the window, age = s - event_date",
        "0",
    ),
    Op(
        "weekly_lag",
        "days",
        "{rows} of one week",
        "number of events in week k counted back from s: s - 7k <= event_date < s - 7(k - 1)",
        "0",
        integer=True,
    ),
    Op(
        "weekly_slope",
        "days",
        "trend of weekly {rows}",
        "least-squares slope per week of log(1 + events of the week), oldest week first",
        "0",
    ),
    Op("weekly_active", "days", "weeks with {rows}", "number of the last n / 7 weeks with an event", "0", integer=True),
    Op("degree", "contacts", "partners in {rows}", "number of different partners in the window", "0", integer=True),
    Op(
        "left_partners",
        "contacts",
        "share of partners in {rows} who left",
        "partners who had left by s / partners who are customers of ours",
        "null",
    ),
    Op(
        "left_contacts",
        "contacts",
        "share of {rows} with partners who left",
        "events with partners who had left by s / events with customers of ours",
        "null",
    ),
    Op(
        "pagerank",
        "network",
        "centrality in {rows}",
        "PageRank in the graph of m, weighted by contacts made; the mean of all is 1",
        "null",
    ),
    Op(
        "community_size",
        "network",
        "size of the community in {rows}",
        "number of members of its community in the graph of m",
        "null",
        integer=True,
    ),
    Op(
        "community_left",
        "network",
        "share of the community in {rows} who left",
        "other members of its community who had left by m / other members who are customers of ours",
        "null, alone too",
    ),
)

OPS: dict[str, Op] = {op.name: op for op in _ALL}
"""Every resolved operation by name. In a configuration `weekly` stands for all three weekly ones."""
PARTNERED: tuple[Over, ...] = ("contacts", "network")
"""The kinds of operations that only sources with a counterparty have."""
