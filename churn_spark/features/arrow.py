"""From Arrow batches of tiles to Arrow batches of snapshots; it runs in Spark's Python workers, so knows no Spark.

A batch is bounded: it ends with the customer that makes it large enough, and a customer has at most one tile a day and
knowledge date, however many events (and in it each value of a category once, where they are counted exactly).
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
"""What rows are sorted by: equal for all rows of a customer."""
ROWS = 2**16
"""Rows that are computed together, about."""
BYTES = 2**26
"""Bytes of tiles that are enough for a batch, however few rows they are."""
CELLS = 2**22
"""Values that a batch may become, about: fewer rows and customers go together where there are many dates."""


@dataclass(frozen=True)
class Asked:
    """What is computed. active: days; if not 0, the column `ACTIVE` says who had an event in as many."""

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
        """The windows asked for of each column of tiles."""
        found: dict[str, set[int]] = {EVENTS: {self.active}} if self.active else {}
        for feature in self.features:
            for column in columns(feature):
                found.setdefault(column, set()).add(feature.window or 0)
        return {column: sorted(windows) for column, windows in found.items()}

    @property
    def schema(self) -> pa.Schema:
        """What a snapshot has."""
        known = [(ACTIVE, pa.bool_())] if self.active else []
        made = [(one.name, pa.int64() if OPS[one.op].integer else pa.float64()) for one in self.features]
        return pa.schema([("customer_id", pa.string()), ("as_of_date", pa.date32()), *known, *made])


def snapshots(batches: Iterator[pa.RecordBatch], asked: Asked) -> Iterator[pa.RecordBatch]:
    """The snapshots of customers whose tiles come sorted by `BUCKET`."""
    dates = len(asked.axis.dates)
    at_once = max(1, CELLS // (dates * len(asked.schema)))
    # At worst, when all of them are late, a row is repeated for every date.
    for held in _whole_customers(batches, min(ROWS, max(1, CELLS // dates))):
        names, rows, tiles = _in_order(held, asked.axis)
        starts = np.searchsorted(rows.customer, np.arange(0, rows.customers + at_once, at_once))
        for start, end in pairwise(starts):
            if start < end:
                yield _computed(names, rows.take(slice(start, end)), tiles.slice(start, end - start), asked)


def _whole_customers(batches: Iterator[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """Batches put together until they have `size` rows or `BYTES`, the rows of each bucket in one."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(len(one) for one in held) < size and sum(one.nbytes for one in held) < BYTES:
            continue
        tiles = pa.Table.from_batches(held)
        # The rows of the last bucket may go on in the next batch.
        buckets = tiles[BUCKET].to_numpy()
        complete = int(np.searchsorted(buckets, buckets[-1]))
        if complete:
            yield tiles.slice(0, complete)
        held = tiles.slice(complete).to_batches()
    if any(len(one) for one in held):
        yield pa.Table.from_batches(held)


def _in_order(tiles: pa.Table, axis: Axis) -> tuple[pa.Array, Rows, pa.Table]:
    """The names of customers, and those tiles that a date sees, by customer, day and knowledge date."""
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


def _computed(names: pa.Array, rows: Rows, tiles: pa.Table, asked: Asked) -> pa.RecordBatch:
    least = rows.customer[0]
    batch = Batch(asked.axis, Rows(rows.customer - least, rows.day, rows.first), tiles, asked.windows)
    made: list[Numbers] = [batch.total(EVENTS, asked.active) > 0] if asked.active else []
    made += [value(feature, batch, asked.source) for feature in asked.features]
    who = names.take(pa.array(batch.found.customer + least))
    when = pa.array((batch.ends + asked.axis.start).astype(np.int32)).cast(pa.date32())
    kinds: Sequence[pa.DataType] = asked.schema.types[2:]
    arrays = [pa.array(one, kind) for one, kind in zip(made, kinds, strict=True)]
    return pa.RecordBatch.from_arrays([who, when, *arrays], schema=asked.schema)
