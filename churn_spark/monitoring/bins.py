"""The bins in which features are compared: learnt on the reference, counted by date for all at once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.monitoring.counting import Counts, summed

DECILES = tuple(n / 10 for n in range(1, 10))
RANGE = (0.001, 0.999)
"""Quantiles of the reference between which a value is within its range."""
MOST_VALUES = 50
"""Values of a category that have a bin of their own: the most frequent ones. All others share one."""


@dataclass(frozen=True, slots=True)
class Bins:
    """The bins of one feature: the place of a number is how many edges it lies above; null has the last bin.

    values: of a category, whose number is the place of the value among them, from 1, and 0 for any other. range:
    whether the first and the last bin of numbers lie outside of the range of the reference.
    """

    name: str
    edges: tuple[float, ...]
    values: tuple[str, ...] = ()
    range: bool = False

    @property
    def size(self) -> int:
        return len(self.edges) + 2


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Rows of one feature by date and bin, the last bin that of null."""

    bins: Bins
    days: tuple[date, ...]
    rows: Counts

    def of(self, days: Iterable[date]) -> Counts:
        """Rows by bin of some dates together."""
        return np.asarray(self.rows[[self.days.index(day) for day in days]].sum(axis=0))


def of_numbers(name: str, values: NDArray[np.float64]) -> Bins:
    """Bins at the deciles and the ends of the range. values: of the reference, NaN where null."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Bins(name, ())
    low, *deciles, high = np.quantile(known, (RANGE[0], *DECILES, RANGE[1]), method="inverted_cdf")
    # What equals the low end is within the range, as is what equals the high end.
    edges = {float(np.nextafter(low, -np.inf)), *(float(one) for one in deciles if one < high), float(high)}
    return Bins(name, tuple(sorted(edges)), range=True)


def of_texts(name: str, values: Iterable[str | None]) -> Bins:
    """One bin for each of the most frequent values, of ties the first; one for all others."""
    counts = Counter(value for value in values if value is not None)
    frequent = sorted(counts, key=lambda value: (-counts[value], value))[:MOST_VALUES]
    return Bins(name, tuple(n + 0.5 for n in range(len(frequent))), tuple(frequent))


def counted(
    rows: DataFrame, bins: Sequence[Bins], numbers: Mapping[str, Column], days: Sequence[date]
) -> dict[str, Counted]:
    """Rows by date and bin of every feature, in one pass.

    rows: as_of_date and the features. numbers: each feature that is one as a finite double or null; the others are
    texts. days: the dates of the rows.
    """
    if not bins:
        return {}
    day = F.array_position(F.array(*(F.lit(one) for one in days)), F.col("as_of_date")) - 1
    places = F.array(*(numbers[one.name] if one.name in numbers else _place(one) for one in bins))
    sizes = [one.size * len(days) for one in bins]
    edges = [np.array(one.edges) for one in bins]
    read = rows.select(day.cast("int").alias("day"), places.alias("places"))
    blocks = summed(read, sizes, partial(_counted, edges=edges, dates=len(days)))
    return {
        one.name: Counted(one, tuple(days), block.reshape(len(days), one.size))
        for one, block in zip(bins, blocks, strict=True)
    }


def _place(bins: Bins) -> Column:
    """The number of a category's value."""
    value = F.col(f"`{bins.name}`")
    if not bins.values:
        return F.when(value.isNotNull(), F.lit(0.0))
    return F.array_position(F.array(*(F.lit(one) for one in bins.values)), value).cast("double")


def _counted(batch: pa.RecordBatch, edges: Sequence[NDArray[np.float64]], dates: int) -> list[Counts]:
    day = batch.column(0).to_numpy().astype(np.int64)
    places = batch.column(1).flatten().to_numpy(zero_copy_only=False).reshape(batch.num_rows, -1)
    blocks = []
    for n, cuts in enumerate(edges):
        size, values = len(cuts) + 2, places[:, n]
        bins = np.where(np.isnan(values), size - 1, np.searchsorted(cuts, values, side="left"))
        blocks.append(np.bincount(day * size + bins, minlength=size * dates))
    return blocks
