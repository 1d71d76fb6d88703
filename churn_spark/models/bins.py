"""The rows of a training set counted by bin of every feature, by snapshot and by activity, all in one pass.

What is counted are sums: their number follows from the features, their bins and the snapshots, not from the customers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.models.families.family import PLAIN
from churn_spark.models.measures import GROUPS
from churn_spark.models.preparation import QUANTILES, Preparation
from churn_spark.monitoring.counting import Counts, summed

TRAINING, TEST, NEITHER = range(3)
PER_BIN = 8
"""Cells of a bin: training or test, x half of the customers, x label."""
PER_STRATUM = 4
"""Cells of a stratum: attribute known or null, x label."""


@dataclass(frozen=True, slots=True)
class Binned:
    """Where a feature stands in the vector, and its bins; the last bin is that of null.

    slot, edges: of a number, whose bin is how many edges it lies above. values: the slots of a category's values,
    one bin each, in order. mark: the slot of the indicator of its nulls; None: it has none.
    """

    name: str
    slot: int = -1
    edges: tuple[float, ...] = ()
    values: tuple[int, ...] = ()
    mark: int | None = None

    @property
    def bins(self) -> int:
        return (len(self.values) if self.values else len(self.edges) + 1) + 1

    def of(self, vectors: NDArray[np.float64]) -> Counts:
        """The bin of every row. vectors: rows x slots."""
        if self.values:
            of_values = vectors[:, self.values]
            return np.where(of_values.any(axis=1), of_values.argmax(axis=1), self.bins - 1).astype(np.int64)
        bins = np.searchsorted(np.array(self.edges), vectors[:, self.slot], side="left")
        return np.where(self.nulls(vectors), self.bins - 1, bins).astype(np.int64)

    def nulls(self, vectors: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the feature is null in each row (a category: or has a value not seen in training)."""
        if self.values:
            return np.asarray(~vectors[:, self.values].any(axis=1))
        return np.zeros(len(vectors), dtype=bool) if self.mark is None else np.asarray(vectors[:, self.mark] > 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is counted: the features, the attributes among them, the feature of activity, and the number of dates.

    activity: None where there is no such feature; then attributes are not counted by it.
    """

    features: tuple[Binned, ...]
    attributes: tuple[Binned, ...]
    activity: Binned | None
    dates: int

    @property
    def sizes(self) -> list[int]:
        """Cells of every block: one for each feature, one for the dates, one for each attribute."""
        strata = self.activity.bins if self.activity else 0
        blocks = [feature.bins * PER_BIN for feature in self.features]
        return [*blocks, self.dates * GROUPS * 2, *(strata * PER_STRATUM for _ in self.attributes)]


@dataclass(frozen=True, slots=True)
class BinnedCounts:
    """Counted rows.

    features: by name bin x part (training, test) x half of the customers x label. dates: snapshot x group of the
    bootstrap x label, in the order of `days`. attributes: by name, of training rows, bin of activity x null (0: known)
    x label; empty where there is no feature of activity.
    """

    features: Mapping[str, Counts]
    dates: Counts
    days: tuple[date, ...]
    attributes: Mapping[str, Counts]


def plan(preparation: Preparation, attributes: Collection[str], activity: str | None, dates: int) -> Plan:
    """How a training set is counted; attributes: those of customers, activity: a numeric feature."""
    binned = bins_of(preparation)
    of_customers = tuple(one for one in binned.values() if one.name in attributes)
    return Plan(tuple(binned.values()), of_customers, binned.get(activity or ""), dates)


def bins_of(preparation: Preparation) -> dict[str, Binned]:
    """The bins of every feature; those of a rate hold the same values, as no row is null there."""
    slots = list(preparation.slots)
    number = {slot.feature: n for n, slot in enumerate(slots) if slot.holds in ("number", "rate")}
    mark = {slot.feature: n for n, slot in enumerate(slots) if slot.holds == "missing"}
    binned: dict[str, Binned] = {}
    for name in preparation.medians:
        null = mark[preparation.marks[name]] if name in preparation.marks else None
        binned[name] = Binned(name, number[name], preparation.edges[name], mark=null)
    for name in preparation.values:
        values = tuple(n for n, slot in enumerate(slots) if slot.feature == name and slot.holds == "category")
        binned[name] = Binned(name, values=values)
    for name, rates in preparation.rates.items():
        binned[name] = Binned(name, number[name], tuple(sorted(set(rates.quantiles(QUANTILES)))))
    return binned


def counted(rows: DataFrame, how: Plan, days: Sequence[date], training: Column, test: Column) -> BinnedCounts:
    """Count a training set in one pass.

    rows: as_of_date, label, part (group of the bootstrap) and the vector `PLAIN`. days: its as-of dates, in order.
    """
    day = F.array_position(F.array(*(F.lit(one) for one in days)), F.col("as_of_date")) - 1
    read = rows.select(
        day.cast("int").alias("day"),
        F.when(training, TRAINING).when(test, TEST).otherwise(NEITHER).alias("role"),
        F.col("part").cast("int").alias("part"),
        F.col("label").cast("int").alias("label"),
        vector_to_array(F.col(PLAIN)).alias("vector"),
    )
    blocks = summed(read, how.sizes, partial(_counted, how=how))
    known = len(how.features)
    return BinnedCounts(
        {one.name: block.reshape(one.bins, 2, 2, 2) for one, block in zip(how.features, blocks, strict=False)},
        blocks[known].reshape(how.dates, GROUPS, 2),
        tuple(days),
        {
            one.name: block.reshape(-1, 2, 2)
            for one, block in zip(how.attributes, blocks[known + 1 :], strict=True)
            if len(block)
        },
    )


def _counted(batch: pa.RecordBatch, how: Plan) -> list[Counts]:
    day, role, part, label = (batch.column(n).to_numpy().astype(np.int64) for n in range(4))
    vectors = batch.column(4).flatten().to_numpy().reshape(batch.num_rows, -1)
    seen, taught = role != NEITHER, role == TRAINING
    place = role * 4 + part % 2 * 2 + label
    blocks = [
        _block((one.of(vectors) * PER_BIN + place)[seen], size)
        for one, size in zip(how.features, how.sizes, strict=False)
    ]
    blocks.append(_block((day * GROUPS + part) * 2 + label, how.dates * GROUPS * 2))
    if how.activity:
        stratum, size = how.activity.of(vectors), how.activity.bins * PER_STRATUM
        blocks += [
            _block((stratum * PER_STRATUM + one.nulls(vectors) * 2 + label)[taught], size) for one in how.attributes
        ]
    return blocks


def _block(cells: Counts, size: int) -> Counts:
    return np.bincount(cells, minlength=size)
