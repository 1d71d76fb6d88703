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
    interval = np.ma.concatenate([_statistic(statistic, some) for some in _intervals(window, batch)])
    if kind == "interval":
        return interval
    since = np.concatenate([some.since for some in _intervals(window, batch)])
    return since / np.ma.maximum(interval, 1)


class _Intervals:
    """The intervals of the customers of one as-of date within a window, in the order of its snapshots.

    of: the number of the snapshot of each interval, ascending; days: the intervals, ascending within a snapshot; count:
    of each snapshot; since: days from its last active day to the date.
    """

    def __init__(self, of: Integers, days: Integers, snapshots: int, since: Integers) -> None:
        self.of, self.days, self.since = of, days, since
        self.count = np.bincount(of, minlength=snapshots)
        self.starts = np.cumsum(self.count) - self.count

    def total(self, values: Integers) -> Integers:
        """The sum of a number of each interval, exact: doubles hold whole numbers up to 2^53."""
        return np.bincount(self.of, values, minlength=len(self.count)).astype(np.int64)


def _statistic(name: str, some: _Intervals) -> np.ma.MaskedArray:
    none = some.count == 0
    if name == "mean":
        return np.ma.masked_array(some.total(some.days) / np.maximum(some.count, 1), none)
    if name == "std":
        few = some.count < 2
        total, squares = some.total(some.days), some.total(some.days**2)
        spread = some.count * squares - total * total
        return np.ma.masked_array(np.sqrt(spread / np.where(few, 1, some.count * (some.count - 1))), few)
    # Padded, so that a snapshot without intervals looks at something, and is masked.
    days = np.append(some.days, 0)
    if name == "max":
        return np.ma.masked_array(days[some.starts + np.maximum(some.count, 1) - 1], none)
    position = np.maximum(some.count - 1, 0) * SHARES[name]
    below = np.floor(position).astype(np.int64)
    lower = days[some.starts + below]
    upper = days[some.starts + np.minimum(below + 1, np.maximum(some.count - 1, 0))]
    return np.ma.masked_array(lower + (position - below) * (upper - lower), none)


def _days(batch: Batch) -> Rows:
    """The customers' active days, each once, as known from the earliest of its rows."""
    rows = batch.rows
    another = np.diff(rows.customer, prepend=-1).astype(bool) | np.diff(rows.day, prepend=-1).astype(bool)
    return rows.take(another)


def _active_days(window: int, batch: Batch) -> Integers:
    def counted() -> list[tuple[Integers, Integers]]:
        found = ranges(_days(batch), batch.axis, batch.found.customer, batch.found.date)
        return [(some.begins, some.ends) for some in found]

    parts = batch.once("active days", counted)
    return np.sum([ends - begins[batch.offset(window)] for begins, ends in parts], axis=0)


def _intervals(window: int, batch: Batch) -> list[_Intervals]:
    return batch.once(("intervals", window), lambda: list(_by_date(window, batch)))


def _by_date(window: int, batch: Batch) -> Iterator[_Intervals]:
    days = batch.once("days", lambda: _days(batch))
    for number, end in enumerate(batch.axis.ends):
        seen = days.take((days.first <= number) & (days.day >= end - window))
        at = batch.found.at(number)
        place = np.searchsorted(batch.found.customer[at], seen.customer)
        since = np.zeros(at.stop - at.start, np.int64)
        since[place] = end - seen.day  # the last one stays
        same = np.diff(place) == 0
        of, length = place[1:][same], np.diff(seen.day)[same]
        order = np.lexsort((length, of))
        yield _Intervals(of[order], length[order], len(since), since)
