"""Different values of categories, counted exactly."""

import numpy as np
import pyarrow as pa

from churn_spark.definitions.features import Feature
from churn_spark.features.axis import Integers
from churn_spark.features.batch import Batch
from churn_spark.features.ranges import Rows, Snapshots, snapshots


def distinct(feature: Feature, batch: Batch) -> Integers:
    """How many values of its category each snapshot has in a window."""
    column = f"{feature.column}_values"
    there, owner = batch.once(column, lambda: _values(batch.column(column), batch))
    offset = batch.offset(feature.window or 0)
    held = np.any([some.begins[offset] < some.ends for some in there.ranges], axis=0)
    found = batch.found
    # Whoever has a value at a date has a tile then, so there is a snapshot for it.
    place = np.searchsorted(_number(found.customer, found.date, batch), _number(owner, there.date, batch)[held])
    return np.bincount(place, minlength=len(found.date))


def _values(values: pa.ListArray, batch: Batch) -> tuple[Snapshots, Integers]:
    """Where each value of each customer is seen, as if it were a customer of its own, and whose it is."""
    row = np.repeat(np.arange(len(values)), values.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))
    codes = values.flatten().dictionary_encode()
    mine = batch.rows.take(row)
    pair = mine.customer * max(1, len(codes.dictionary)) + codes.indices.to_numpy()
    order = np.argsort(pair, kind="stable")
    pairs, number = np.unique(pair[order], return_inverse=True)
    there = snapshots(Rows(number, mine.day[order], mine.first[order]), batch.axis)
    owner = pairs // max(1, len(codes.dictionary))
    return there, owner[there.customer]


def _number(customer: Integers, date: Integers, batch: Batch) -> Integers:
    return date * batch.rows.customers + customer
