"""The axis of event dates of several as-of dates, cut into elementary slices by the edges of all their windows."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from churn_spark.features.partials import WEEK, WORD, Windowed

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Axis:
    """Slices between consecutive edges, so that every window of every as-of date is a run of whole slices.

    dates: the as-of dates; edges: the first days of the slices and, last, the newest as-of date. Both ascend, as
    ordinals (1 is 0001-01-01). offsets: the distances from an as-of date back to an edge of its own, ascending from 0.
    """

    dates: tuple[int, ...]
    edges: tuple[int, ...]
    offsets: tuple[int, ...]

    @property
    def newest(self) -> date:
        """The newest as-of date."""
        return date.fromordinal(self.dates[-1])

    @property
    def lags(self) -> Integers:
        """The days from each as-of date to the newest."""
        return self.dates[-1] - np.array(self.dates, np.int64)

    @property
    def slices(self) -> int:
        """How many slices there are."""
        return len(self.edges) - 1

    @property
    def begins(self) -> Integers:
        """The first slice of what lies within each offset (row) of each as-of date (column)."""
        wanted = np.subtract.outer(np.array(self.dates), np.array(self.offsets)).T
        return np.searchsorted(np.array(self.edges), wanted).astype(np.int64)

    def slice_of(self, event_date: str) -> str:
        """SQL of the number of the slice that holds a day."""
        return self._by_day(event_date, (bisect_right(self.edges, day) - 1 for day in self._days()))

    def days_left(self, event_date: str) -> str:
        """SQL of the days from a day to the end of its slice, 1 on the slice's last day."""
        ends = (self.edges[bisect_right(self.edges, day)] - day for day in self._days())
        return self._by_day(event_date, ends)

    def first_after(self, known_from: str) -> str:
        """SQL of the number of the first as-of date that sees what is known from a day."""
        return self._by_day(known_from, (bisect_left(self.dates, day) for day in self._days(1)))

    def reached(self, event_date: str, known_from: str) -> str:
        """SQL of whether a row lies in a window of an as-of date that sees it."""
        # Of the dates that see a row, the first reaches back furthest.
        oldest = [self.dates[bisect_left(self.dates, day)] - self.offsets[-1] - self.edges[0] for day in self._days(1)]
        start, end = (f"DATE'{date.fromordinal(day)}'" for day in (self.edges[0], self.edges[-1]))
        on_axis = f"{event_date} >= {start} and {event_date} < {end} and {known_from} <= {end}"
        return f"{on_axis} and date_diff({event_date}, {start}) >= {self._by_day(known_from, oldest)}"

    def _days(self, more: int = 0) -> range:
        return range(self.edges[0], self.edges[-1] + more)

    def _by_day(self, column: str, numbers: Iterable[int]) -> str:
        """SQL of a number by day, from the first edge on: looked up in a constant array, which beats a long `case`."""
        listed = ", ".join(map(str, numbers))
        return f"get(array({listed}), date_diff({column}, DATE'{date.fromordinal(self.edges[0])}'))"


def cut(dates: Collection[date], wanted: Collection[Windowed]) -> Axis:
    """The axis of as-of dates and what is wanted of each."""
    ordinals = sorted({day.toordinal() for day in dates})
    offsets = {0, *(windowed.window for windowed in wanted)}
    for partial in {windowed.partial for windowed in wanted if windowed.partial.kind == "week"}:
        offsets |= {int(WEEK * (partial.number - 1)), int(WEEK * partial.number)}
    edges = {day - offset for day in ordinals for offset in offsets}
    if any(windowed.partial.kind == "days" for windowed in wanted):
        # So that the active days of a slice are bits of one word, counted back from the newest as-of date.
        edges |= set(range(ordinals[-1], min(edges), -WORD))
    return Axis(tuple(ordinals), tuple(sorted(edges)), tuple(sorted(offsets)))
