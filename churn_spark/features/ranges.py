"""Which rows lie in the windows of customers at as-of dates, as ranges of rows sorted by customer and day.

A row is seen by the as-of dates from its `first` on. Where later days are seen later, the rows of a window at a date
are one range of consecutive rows, and their sum is a difference of prefix sums. Rows out of that order (late ones) are
few: they are repeated for every date that sees them, as ranges of their own, and merged in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from churn_spark.features.axis import Axis, Integers

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Rows sorted by customer (0, 1, ...), day of the axis and `first` (the number of the first date that sees it).

    Events are known after their day, so the day of a row lies before the first date that sees it.
    """

    customer: Integers
    day: Integers
    first: Integers

    @property
    def customers(self) -> int:
        return int(self.customer[-1]) + 1 if len(self.customer) else 0

    def take(self, chosen: Numbers | slice) -> "Rows":
        return Rows(self.customer[chosen], self.day[chosen], self.first[chosen])


@dataclass(frozen=True)
class Ranges:
    """For each snapshot (a customer at an as-of date), by offset: rows `begins` up to (not including) `ends`.

    rows: which rows of a batch the ranges count over. begins: offsets x snapshots; ends: snapshots.
    """

    rows: Integers
    begins: Integers
    ends: Integers

    def select(self, snapshots: slice | Numbers) -> "Ranges":
        return Ranges(self.rows, self.begins[:, snapshots], self.ends[snapshots])

    def before(self, values: Numbers) -> Numbers:
        """Prefix sums over all customers, for `total`; they may wrap around, differences of integers stay exact."""
        sums = np.zeros(len(self.rows) + 1, values.dtype)
        np.cumsum(values[self.rows], out=sums[1:])
        return sums

    def total(self, before: Numbers, inner: int, outer: int) -> Numbers:
        """The sum of each snapshot from one offset back to another, by their numbers."""
        return before[self.begins[inner]] - before[self.begins[outer]]

    def merged(self, values: Numbers, merge: np.ufunc, nothing: float, outer: Sequence[int]) -> Numbers:
        """Each window merged by `merge`, by ascending offset of `outer` (row) and snapshot.

        The rings between consecutive offsets are merged once, then windows from rings: no value is ever subtracted.
        """
        bounds = np.vstack([self.begins[outer[::-1]], self.ends]).T
        padded = np.append(values[self.rows], values.dtype.type(nothing))
        rings = merge.reduceat(padded, bounds.ravel()).reshape(bounds.shape)[:, :-1]
        rings[bounds[:, 1:] == bounds[:, :-1]] = nothing
        return merge.accumulate(rings[:, ::-1], axis=1).T


@dataclass(frozen=True)
class Snapshots:
    """The customers with a row in the longest window of an as-of date, by date and then customer, and their rows."""

    customer: Integers
    date: Integers
    ranges: tuple[Ranges, ...]

    def slice_at(self, date: int) -> slice:
        """The positions of the snapshots of an as-of date, given by its number."""
        return slice(*np.searchsorted(self.date, [date, date + 1]))


def find_snapshots(rows: Rows, axis: Axis) -> Snapshots:
    """The customers with a row in the longest window of each as-of date."""
    date, customer = (grid.ravel() for grid in np.indices((len(axis.dates), rows.customers)))
    in_order, *late = ranges(rows, axis, customer, date)
    # A date that sees a late row also sees the later row that makes it late: the rows in order decide who is seen.
    seen = in_order.ends > in_order.begins[-1]
    return Snapshots(customer[seen], date[seen], tuple(part.select(seen) for part in (in_order, *late)))


def ranges(rows: Rows, axis: Axis, customer: Integers, date: Integers) -> tuple[Ranges, ...]:
    """The ranges of some customers at some dates: of the rows in order, then of the late rows if there are any."""
    when = rows.customer * len(axis.dates) + rows.first
    disordered = when > np.minimum.accumulate(when[::-1])[::-1]
    ordered, late = np.flatnonzero(~disordered), np.flatnonzero(disordered)
    ends = np.searchsorted(when[ordered], customer * len(axis.dates) + date, side="right")
    begins = np.searchsorted(_places(rows.take(ordered), axis), _edges(axis, customer, date))
    in_order = Ranges(ordered, np.minimum(begins, ends), ends)
    return (in_order, _of_late(rows, late, axis, customer, date)) if len(late) else (in_order,)


def _places(rows: Rows, axis: Axis) -> Integers:
    """One ascending number for customer and day."""
    return rows.customer * (axis.days + 1) + rows.day


def _edges(axis: Axis, customer: Integers, date: Integers) -> Integers:
    """The number (see `_places`) at which each offset (row) of each snapshot begins."""
    return customer * (axis.days + 1) + axis.begins[:, date]


def _of_late(rows: Rows, late: Integers, axis: Axis, customer: Integers, date: Integers) -> Ranges:
    repeated, of_date = _repeated(rows, late, axis)
    by_date = rows.customers * (axis.days + 1)
    places = of_date * by_date + _places(rows.take(repeated), axis)
    begins = np.searchsorted(places, date * by_date + _edges(axis, customer, date))
    ends = np.searchsorted(places, date * by_date + (customer + 1) * (axis.days + 1))
    return Ranges(repeated, begins, ends)


def _repeated(rows: Rows, late: Integers, axis: Axis) -> tuple[Integers, Integers]:
    """Rows, once per as-of date that sees them in its longest window, and that date; by date, then in their order."""
    dates = np.searchsorted(axis.begins[-1], rows.day[late], side="right") - rows.first[late]
    repeated = np.repeat(late, dates)
    nth = np.arange(len(repeated)) - np.repeat(np.cumsum(dates) - dates, dates)
    date = rows.first[repeated] + nth
    order = np.argsort(date, kind="stable")
    return repeated[order], date[order]
