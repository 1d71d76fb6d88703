"""The tiles of some customers, and aggregates of a column over all their windows: sums, extremes, decayed sums."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import numpy as np
import pyarrow as pa

from churn_spark.features.axis import Axis, Integers
from churn_spark.features.ranges import Numbers, Ranges, Rows, Snapshots, find_snapshots

DAY = "event_date"
EVENTS = "events"
MOMENT = "events x day"
LARGEST, SMALLEST = np.iinfo(np.int64).max, np.iinfo(np.int64).min


@dataclass(frozen=True)
class Batch:
    """The tiles of some customers, sorted.

    rows: the order of `tiles`. windows: those needed of each column of tiles, ascending. Every result has one value per
    snapshot: per date, the customers with a tile in its longest window.
    """

    axis: Axis
    rows: Rows
    tiles: pa.Table
    windows: Mapping[str, Sequence[int]]
    _cache: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def snapshots(self) -> Snapshots:
        return find_snapshots(self.rows, self.axis)

    @cached_property
    def ends(self) -> Integers:
        """The as-of date of each snapshot, as a day of the axis."""
        return self.axis.ends[self.snapshots.date]

    def column(self, name: str) -> pa.Array:
        """A column of the tiles."""
        return self.tiles[name].combine_chunks()

    def numbers(self, name: str, nothing: int = 0) -> Integers:
        """A column of integers, `nothing` where it is null."""
        if name == DAY:
            return self.rows.day
        if name == MOMENT:
            return self.numbers(EVENTS) * self.rows.day
        return self.column(name).fill_null(nothing).to_numpy(zero_copy_only=False)

    def total(self, name: str, window: int, after: int = 0) -> Integers:
        """The sum of a column over a window, without the last `after` days; 0 where the window is empty."""
        inner, outer = self.offset(after), self.offset(window)
        parts = zip(self.snapshots.ranges, self._before(name), strict=True)
        return reduce(np.add, (ranges.total(before, inner, outer) for ranges, before in parts))

    def smallest(self, name: str, window: int, values: Integers | None = None) -> np.ma.MaskedArray:
        """The smallest of a column (or of `values` in its place) in a window, masked where there is none."""
        return self._extreme(name, np.minimum, LARGEST, values)[window]

    def largest(self, name: str, window: int, values: Integers | None = None) -> np.ma.MaskedArray:
        """The largest of a column in a window, masked where there is none."""
        return self._extreme(name, np.maximum, SMALLEST, values)[window]

    def decayed(self, half_life: float, window: int) -> Numbers:
        """The events of a window, each weighted by 0.5^(age / half_life); added in the order of days."""
        return self.cached(("decayed", half_life), lambda: self._decayed(half_life))[window]

    def offset(self, days: int) -> int:
        """The number of an offset of the axis."""
        return self.axis.offsets.index(days)

    def _before(self, name: str) -> list[Numbers]:
        return self.cached(
            ("before", name), lambda: [ranges.before(self.numbers(name)) for ranges in self.snapshots.ranges]
        )

    def _extreme(
        self, name: str, merge: np.ufunc, nothing: int, values: Integers | None
    ) -> dict[int, np.ma.MaskedArray]:
        def extremes() -> dict[int, np.ma.MaskedArray]:
            given = self.numbers(name, nothing) if values is None else values
            over = reduce(
                merge, (self._merged(ranges, given, merge, nothing, name) for ranges in self.snapshots.ranges)
            )
            return dict(zip(self.windows[name], np.ma.masked_equal(over, nothing), strict=True))

        return self.cached((merge, name), extremes)

    def _decayed(self, half_life: float) -> dict[int, Numbers]:
        over = np.zeros((len(self.windows[EVENTS]), len(self.snapshots.date)))
        events = self.numbers(EVENTS)
        for number, end in enumerate(self.axis.ends):
            at = self.snapshots.slice_at(number)
            values = events * np.exp2(-np.maximum(end - self.rows.day, 0) / half_life)
            for ranges in self.snapshots.ranges:
                over[:, at] += self._merged(ranges.select(at), values, np.add, 0.0, EVENTS)
        return dict(zip(self.windows[EVENTS], over, strict=True))

    def _merged(self, ranges: Ranges, values: Numbers, merge: np.ufunc, nothing: float, name: str) -> Numbers:
        return ranges.merged(values, merge, nothing, [self.offset(window) for window in self.windows[name]])

    def cached(self, key: Any, compute: Callable[[], Any]) -> Any:
        """The value of a key, computed the first time; many features share it."""
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]
