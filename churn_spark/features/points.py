"""First and last values of measures: the earliest and latest by event time, then id."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from churn_spark.definitions.features import Feature
from churn_spark.features.axis import Integers
from churn_spark.features.batch import LARGEST, SMALLEST, Batch


def value(feature: Feature, batch: Batch) -> np.ma.MaskedArray:
    """The feature of every snapshot, at the measure's scale; masked where there is no value."""
    ends = {"first": ("first",), "last": ("last",), "delta": ("last", "first")}[feature.op]
    values = [_at(end, f"{feature.column}_{end}", feature.window or 0, batch) for end in ends]
    return values[0] - values[1] if len(values) == 2 else values[0]


def _at(end: str, column: str, window: int, batch: Batch) -> np.ma.MaskedArray:
    ranks, values = batch.cached(("ranked", column), lambda: _ranked(batch.column(column), end))
    rank = (batch.smallest if end == "first" else batch.largest)(column, window, ranks)
    return np.ma.masked_array(values[rank.filled(0)], np.ma.getmaskarray(rank))


def _ranked(points: pa.StructArray, end: str) -> tuple[Integers, Integers]:
    """The place of each row's point in the order of all, and the values in that order; points are time, id, value."""
    there = np.flatnonzero(points.is_valid().to_numpy(zero_copy_only=False))
    time, name, number = (points.field(part).take(pa.array(there)) for part in ("time", "id", "value"))
    order = pc.sort_indices(pa.table({"time": time, "id": name}), [("time", "ascending"), ("id", "ascending")])
    order = order.to_numpy().astype(np.int64)
    ranks = np.full(len(points), LARGEST if end == "first" else SMALLEST)
    ranks[there[order]] = np.arange(len(order))
    return ranks, np.append(number.to_numpy()[order], 0)
