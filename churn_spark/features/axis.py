"""The axis of event dates that the windows of several as-of dates lie on."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from churn_spark.definitions.features import Feature

Integers = npt.NDArray[np.int64]
EPOCH = date(1970, 1, 1).toordinal()
WEEK = 7


@dataclass(frozen=True)
class Axis:
    """Days counted from the first that a window reaches.

    dates: the as-of dates, ascending, as days since 1970. offsets: the distances from an as-of date back to an edge of
    a window of its own, ascending from 0.
    """

    dates: tuple[int, ...]
    offsets: tuple[int, ...]

    @property
    def start(self) -> int:
        """The first day, counted from 1970."""
        return self.dates[0] - self.offsets[-1]

    @property
    def days(self) -> int:
        """How many days there are."""
        return self.dates[-1] - self.start

    @property
    def ends(self) -> Integers:
        """Each as-of date as a day of the axis."""
        return np.array(self.dates, np.int64) - self.start

    @property
    def begins(self) -> Integers:
        """The day that lies each offset (row) before each as-of date (column)."""
        return self.ends - np.array(self.offsets, np.int64)[:, np.newaxis]

    @property
    def reached(self) -> list[tuple[int, int]]:
        """The runs of days (first, and the one after the last; since 1970) that lie in a window of an as-of date."""
        runs: list[tuple[int, int]] = []
        for day in self.dates:
            first = day - self.offsets[-1]
            if runs and first <= runs[-1][1]:
                first, _ = runs.pop()
            runs.append((first, day))
        return runs


def window_axis(dates: Collection[date], features: Iterable[Feature], also: int = 0) -> Axis:
    """The axis of as-of dates and the windows of features, and of one window of `also` days if not 0."""
    offsets = {0, also}
    for feature in features:
        offsets.add(feature.window or 0)
        if feature.op.startswith("weekly_"):
            offsets |= {WEEK * week for week in range((feature.window or 0) // WEEK + 1)}
    return Axis(tuple(sorted({day.toordinal() - EPOCH for day in dates})), tuple(sorted(offsets)))
