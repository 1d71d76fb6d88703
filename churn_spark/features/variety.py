"""Different values of categories, counted exactly: a value is in a window if the last day with it is."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from churn_spark.definitions.features import Feature
from churn_spark.features.axis import Integers
from churn_spark.features.batch import Batch
from churn_spark.features.ranges import Rows


def distinct(feature: Feature, batch: Batch) -> Integers:
    """How many values of its category each snapshot has in a window."""
    column = f"{feature.column}_values"
    return batch.cached(column, lambda: _counted(column, batch))[feature.window or 0]


def _counted(column: str, batch: Batch) -> Mapping[int, Integers]:
    """The counts of each window, date by date: memory grows with the values in the tiles, not with the dates."""
    snapshots, values = batch.snapshots, _Values(batch.column(column), batch.rows)
    counts = {window: np.zeros(len(snapshots.date), np.int64) for window in batch.windows[column]}
    for number, end in enumerate(batch.axis.ends):
        at, last = snapshots.slice_at(number), values.last_seen(number)
        for window, count in counts.items():
            by_customer = np.bincount(values.customer[last >= end - window], minlength=batch.rows.customers)
            count[at] = by_customer[snapshots.customer[at]]
    return counts


class _Values:
    """The values of each customer, each once. customer: whose it is."""

    def __init__(self, lists: pa.ListArray, rows: Rows) -> None:
        row = np.repeat(np.arange(len(lists)), lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))
        codes = lists.flatten().dictionary_encode()
        kinds = max(1, len(codes.dictionary))
        each = rows.customer[row] * kinds + codes.indices.to_numpy()
        order = np.argsort(each, kind="stable")
        pairs, self._starts = np.unique(each[order], return_index=True)
        self.customer = pairs // kinds
        self._day, self._first = rows.day[row][order], rows.first[row][order]

    def last_seen(self, date: int) -> Integers:
        """The last day on which each value was seen, as known at a date; -1 where it was not known yet."""
        days = np.where(self._first <= date, self._day, -1)
        return np.maximum.reduceat(days, self._starts) if len(days) else days
