"""Features of the customer's own rhythm: the set of active days D and the intervals between them."""

from collections.abc import Iterator

import numpy as np

from churn_spark.definitions.features import Feature
from churn_spark.features.axis import Integers
from churn_spark.features.batch import Batch
from churn_spark.features.ranges import Numbers, Rows, ranges

SHARES = {"median": 0.5, "p90": 0.9}


def is_rhythm(feature: Feature) -> bool:
    """Whether a feature is computed from the differences of consecutive active days."""
    return feature.op.startswith(("interval_", "overdue_"))


def value(feature: Feature, batch: Batch) -> Numbers:
    """A feature over D of every snapshot, masked where it is null."""
    window = feature.window or 0
    if feature.op == "active_days":
        return _active_days(window, batch)
    kind, statistic = feature.op.split("_", 1)
    interval = np.ma.concatenate([_statistic(statistic, of_date) for of_date in _intervals(window, batch)])
    if kind == "interval":
        return interval
    since = np.concatenate([of_date.since for of_date in _intervals(window, batch)])
    return since / np.ma.maximum(interval, 1)


class _Intervals:
    """The intervals of the customers of one as-of date within a window, in the order of its snapshots.

    snapshot: the number of each interval's snapshot, ascending; days: the intervals, ascending within a snapshot;
    count: intervals per snapshot; since: days from its last active day to the date.
    """

    def __init__(self, snapshot: Integers, days: Integers, snapshots: int, since: Integers) -> None:
        self.snapshot, self.days, self.since = snapshot, days, since
        self.count = np.bincount(snapshot, minlength=snapshots)
        self.starts = np.cumsum(self.count) - self.count

    def total(self, values: Integers) -> Integers:
        """The sum of a number of each interval, exact: doubles hold whole numbers up to 2^53."""
        return np.bincount(self.snapshot, values, minlength=len(self.count)).astype(np.int64)


def _statistic(name: str, intervals: _Intervals) -> np.ma.MaskedArray:
    none = intervals.count == 0
    if name == "mean":
        return np.ma.masked_array(intervals.total(intervals.days) / np.maximum(intervals.count, 1), none)
    if name == "std":
        few = intervals.count < 2
        total, squares = intervals.total(intervals.days), intervals.total(intervals.days**2)
        spread = intervals.count * squares - total * total
        return np.ma.masked_array(np.sqrt(spread / np.where(few, 1, intervals.count * (intervals.count - 1))), few)
    # Padded, so that a snapshot without intervals has an index to read; it is masked.
    days = np.append(intervals.days, 0)
    if name == "max":
        return np.ma.masked_array(days[intervals.starts + np.maximum(intervals.count, 1) - 1], none)
    position = np.maximum(intervals.count - 1, 0) * SHARES[name]
    below = np.floor(position).astype(np.int64)
    lower = days[intervals.starts + below]
    upper = days[intervals.starts + np.minimum(below + 1, np.maximum(intervals.count - 1, 0))]
    return np.ma.masked_array(lower + (position - below) * (upper - lower), none)


def _days(batch: Batch) -> Rows:
    """The customers' active days, each once, known from the earliest of its rows on."""
    rows = batch.rows
    another = np.diff(rows.customer, prepend=-1).astype(bool) | np.diff(rows.day, prepend=-1).astype(bool)
    return rows.take(another)


def _active_days(window: int, batch: Batch) -> Integers:
    def edges() -> list[tuple[Integers, Integers]]:
        day_ranges = ranges(_days(batch), batch.axis, batch.snapshots.customer, batch.snapshots.date)
        return [(part.begins, part.ends) for part in day_ranges]

    parts = batch.cached("active days", edges)
    return np.sum([ends - begins[batch.offset(window)] for begins, ends in parts], axis=0)


def _intervals(window: int, batch: Batch) -> list[_Intervals]:
    return batch.cached(("intervals", window), lambda: list(_by_date(window, batch)))


def _by_date(window: int, batch: Batch) -> Iterator[_Intervals]:
    days = batch.cached("days", lambda: _days(batch))
    for number, end in enumerate(batch.axis.ends):
        known_days = days.take((days.first <= number) & (days.day >= end - window))
        at = batch.snapshots.slice_at(number)
        place = np.searchsorted(batch.snapshots.customer[at], known_days.customer)
        since = np.zeros(at.stop - at.start, np.int64)
        since[place] = end - known_days.day  # the last assignment stays
        same = np.diff(place) == 0
        snapshot, length = place[1:][same], np.diff(known_days.day)[same]
        order = np.lexsort((length, snapshot))
        yield _Intervals(snapshot[order], length[order], len(since), since)
