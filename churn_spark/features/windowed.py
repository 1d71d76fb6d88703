"""Partials over the windows of all snapshots of a batch of customers, in NumPy.

What depends on the age of a tile is carried as of the newest date and moved to the others: an age is less by as many
days, a sum of ages by as many times the events, a decayed sum by a factor, a set of days by a shift of bits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from churn_spark.features import partials
from churn_spark.features.axis import Axis, Integers
from churn_spark.features.partials import EVENTS, WEEK, WORD, Partial, Windowed
from churn_spark.features.ranges import Numbers, Rows, Snapshots, snapshots
from churn_spark.features.wide import Wide, deviations, totals

NOTHING = {"min": np.iinfo(np.int64).max, "max": np.iinfo(np.int64).min}
MERGES = {"min": np.minimum, "max": np.maximum}
DAYS = Partial("days", f"shiftleft(1L, cast((age - 1) % {WORD} as int))", "bit_or", "days")
"""The active days of a slice: bits of one word, of the set that is counted back from the newest as-of date."""


def carried(partial: Partial) -> tuple[Partial, ...]:
    """What slices keep for a partial, over tiles with their `age` at the newest date and `days_left` in their slice."""
    match partial.kind:
        case "week":
            return (EVENTS,)
        case "moment":
            return (EVENTS, partial)
        case "decayed":
            return (partials.decayed(partial.number, "days_left"),)
        case "days":
            return (DAYS,)
        case _:
            return (partial,)


def made(windowed: Windowed) -> str:
    """The column made for what is wanted: of squares the deviations that they are for."""
    return partials.deviations(windowed) if windowed.partial.kind == "squares" else windowed.column


@dataclass(frozen=True)
class Batch:
    """The slices of some customers. values: by name of what is carried, nulls as `NOTHING`; squares: likewise."""

    axis: Axis
    rows: Rows
    values: Mapping[str, Numbers]
    squares: Mapping[str, Wide]

    def windows(self, wanted: Iterable[Windowed]) -> tuple[Snapshots, dict[str, Numbers]]:
        """The snapshots of the batch and their columns (see `made`); extremes of nothing are masked."""
        listed, found = tuple(wanted), snapshots(self.rows, self.axis)
        columns: dict[str, Numbers] = {}
        for partial in dict.fromkeys(windowed.partial for windowed in listed):
            windows = sorted(windowed.window for windowed in listed if windowed.partial == partial)
            for window, values in zip(windows, self._over(partial, windows, found), strict=True):
                columns[made(Windowed(partial, window))] = values
        return found, columns

    def _over(self, partial: Partial, windows: list[int], found: Snapshots) -> Iterable[Numbers]:
        """The column of each window."""
        outer = self._offsets(windows)
        match partial.kind:
            case "squares":
                over = self._deviations(partial, outer, found)
            case "week":
                inner, outer = (self._offsets([WEEK * int(week)]) for week in (partial.number - 1, partial.number))
                over = np.repeat(self._totals(EVENTS, outer, found, inner), len(windows), axis=0)
            case "moment":
                fewer = self.axis.lags[found.date] * self._totals(EVENTS, outer, found)
                over = self._totals(partial, outer, found) - fewer
            case "age":
                over = self._extremes(partial, outer, found) - self.axis.lags[found.date]
            case "decayed":
                over = self._decayed(partial, outer, found)
            case "days":
                over = np.vstack([self._days(int(partial.number), window, found) for window in windows])
            case _:
                over = (self._totals if partial.merge == "sum" else self._extremes)(partial, outer, found)
        return over

    def _offsets(self, days: Sequence[int]) -> list[int]:
        return [self.axis.offsets.index(number) for number in days]

    def _totals(self, partial: Partial, outer: list[int], found: Snapshots, inner: Sequence[int] = (0,)) -> Numbers:
        values = self.values[partial.name]
        return reduce(np.add, (ranges.totals(values, list(inner), outer) for ranges in found.ranges))

    def _extremes(self, partial: Partial, outer: list[int], found: Snapshots) -> Numbers:
        nothing, merge = NOTHING[partial.merge], MERGES[partial.merge]
        values = self.values[partial.name]
        merged = reduce(merge, (ranges.merged(values, merge, nothing, outer) for ranges in found.ranges))
        return np.ma.masked_equal(merged, nothing)

    def _deviations(self, squares: Partial, outer: list[int], found: Snapshots) -> Numbers:
        measure = squares.name.removesuffix("_sumsq")
        count, total = (self._totals(partials.of_measure(measure, kind), outer, found) for kind in ("n", "sum"))
        values = self.squares[squares.name]
        return deviations(
            count, total, reduce(Wide.__add__, (totals(values, ranges, outer) for ranges in found.ranges))
        )

    def _decayed(self, partial: Partial, outer: list[int], found: Snapshots) -> Numbers:
        """Sums, date by date, of what slices hold times the decay since their ends; in the order of slices."""
        over = np.zeros((len(outer), len(found.date)))
        ends = np.array(self.axis.edges[1:])
        for number, day in enumerate(self.axis.dates):
            at = found.at(number)
            factors = np.exp2(-np.maximum(day - ends, 0) / partial.number)
            values = self.values[partial.name] * factors[self.rows.slice]
            for ranges in found.ranges:
                over[:, at] += ranges.of(at).merged(values, np.add, 0.0, outer)
        return over

    def _days(self, word: int, window: int, found: Snapshots) -> Integers:
        """One word of the set of active days in the window, counted back from each as-of date."""
        words, bits = np.divmod(self.axis.lags[found.date], WORD)
        known, shift = self._known_days, bits.astype(np.uint64)
        low = known[found.date, found.customer, word + words] >> shift
        high = known[found.date, found.customer, word + words + 1] << np.uint64(1) << (np.uint64(WORD - 1) - shift)
        inside = np.uint64(2 ** min(WORD, window - WORD * word) - 1)
        return ((low | high) & inside).view(np.int64)

    @cached_property
    def _known_days(self) -> Numbers:
        """The set of active days as known at each as-of date, by customer and word, counted back from the newest."""
        words = int(self.axis.lags[0] + self.axis.offsets[-1]) // WORD + 2
        known = np.zeros((len(self.axis.dates), self.rows.customers, words), np.uint64)
        word_of = (self.axis.dates[-1] - np.array(self.axis.edges[1:])) // WORD
        place = (self.rows.first, self.rows.customer, word_of[self.rows.slice])
        np.bitwise_or.at(known, place, self.values[DAYS.name].view(np.uint64))
        return np.bitwise_or.accumulate(known, axis=0)
