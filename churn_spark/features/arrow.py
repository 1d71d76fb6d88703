"""From Arrow batches of tiles to Arrow batches of snapshots; runs in Spark's Python workers, without a session.

A batch is bounded: it ends with the customer that makes it large enough, and a customer has at most one tile per day
and knowledge date, however many events (and in it each value of a category once, where they are counted exactly).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.sources import Source
from churn_spark.features.axis import Axis, Integers
from churn_spark.features.batch import EVENTS, Batch
from churn_spark.features.formulas import columns, value
from churn_spark.features.ranges import Numbers, Rows

ACTIVE = "_active"
BUCKET = "_bucket"
"""The column that rows are sorted by: equal for all rows of a customer."""
ROWS = 2**16
"""About how many rows are computed together."""
BYTES = 2**26
"""Bytes of tiles that are enough for a batch, however few rows they are."""
CELLS = 2**22
"""About how many values a batch may become: fewer rows and customers are computed together where dates are many."""


@dataclass(frozen=True)
class FeatureQuery:
    """Which features are computed for which dates.

    active: days; if not 0, the column `ACTIVE` says which customers had an event in the last `active` days.
    """

    axis: Axis
    features: tuple[Feature, ...]
    source: Source
    active: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of tiles that are read."""
        return tuple(self.windows)

    @property
    def windows(self) -> dict[str, list[int]]:
        """The windows needed of each column of tiles, in days."""
        by_column: dict[str, set[int]] = {EVENTS: {self.active}} if self.active else {}
        for feature in self.features:
            for column in columns(feature):
                by_column.setdefault(column, set()).add(feature.window or 0)
        return {column: sorted(windows) for column, windows in by_column.items()}

    @property
    def schema(self) -> pa.Schema:
        """The schema of the snapshots."""
        activity = [(ACTIVE, pa.bool_())] if self.active else []
        computed = [(one.name, pa.int64() if OPS[one.op].integer else pa.float64()) for one in self.features]
        return pa.schema([("customer_id", pa.string()), ("as_of_date", pa.date32()), *activity, *computed])


def snapshots(batches: Iterator[pa.RecordBatch], query: FeatureQuery) -> Iterator[pa.RecordBatch]:
    """The snapshots of customers whose tiles come sorted by `BUCKET`."""
    dates = len(query.axis.dates)
    at_once = max(1, CELLS // (dates * len(query.schema)))
    # At worst, when all rows are late, each is repeated for every date.
    for complete in _whole_customers(batches, min(ROWS, max(1, CELLS // dates))):
        names, rows, tiles = _in_order(complete, query.axis)
        starts = np.searchsorted(rows.customer, np.arange(0, rows.customers + at_once, at_once))
        for start, end in pairwise(starts):
            if start < end:
                yield _computed(names, rows.take(slice(start, end)), tiles.slice(start, end - start), query)


def _whole_customers(batches: Iterator[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """Batches put together until they have `size` rows or `BYTES`, the rows of each bucket in one."""
    pending: list[pa.RecordBatch] = []
    for batch in batches:
        pending.append(batch)
        if sum(len(waiting) for waiting in pending) < size and sum(waiting.nbytes for waiting in pending) < BYTES:
            continue
        tiles = pa.Table.from_batches(pending)
        # The rows of the last bucket may go on in the next batch.
        buckets = tiles[BUCKET].to_numpy()
        complete = int(np.searchsorted(buckets, buckets[-1]))
        if complete:
            yield tiles.slice(0, complete)
        pending = tiles.slice(complete).to_batches()
    if any(len(waiting) for waiting in pending):
        yield pa.Table.from_batches(pending)


def _in_order(tiles: pa.Table, axis: Axis) -> tuple[pa.Array, Rows, pa.Table]:
    """The ids of customers, and the tiles that some date sees, by customer, day and knowledge date."""
    day, known = (_days(tiles[name]) - axis.start for name in ("event_date", "known_from"))
    first = np.searchsorted(axis.ends, known)
    # Of the dates that see a row, the first reaches back furthest; none sees what is known later than all.
    oldest = np.append(axis.begins[-1], np.iinfo(np.int64).max)[first]
    seen = np.flatnonzero(day >= oldest)
    named = tiles["customer_id"].combine_chunks().take(pa.array(seen)).dictionary_encode()
    customer = named.indices.to_numpy().astype(np.int64)
    order = np.argsort((customer * (axis.days + 1) + day[seen]) * (axis.days + 1) + known[seen], kind="stable")
    chosen = seen[order]
    return named.dictionary, Rows(customer[order], day[chosen], first[chosen]), tiles.take(pa.array(chosen))


def _days(dates: pa.ChunkedArray) -> Integers:
    return dates.cast(pa.int32()).to_numpy().astype(np.int64)


def _computed(names: pa.Array, rows: Rows, tiles: pa.Table, query: FeatureQuery) -> pa.RecordBatch:
    least = rows.customer[0]
    batch = Batch(query.axis, Rows(rows.customer - least, rows.day, rows.first), tiles, query.windows)
    computed: list[Numbers] = [batch.total(EVENTS, query.active) > 0] if query.active else []
    computed += [value(feature, batch, query.source) for feature in query.features]
    customer_ids = names.take(pa.array(batch.snapshots.customer + least))
    as_of_dates = pa.array((batch.ends + query.axis.start).astype(np.int32)).cast(pa.date32())
    types: Sequence[pa.DataType] = query.schema.types[2:]
    arrays = [pa.array(values, type_) for values, type_ in zip(computed, types, strict=True)]
    return pa.RecordBatch.from_arrays([customer_ids, as_of_dates, *arrays], schema=query.schema)
