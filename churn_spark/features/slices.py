"""Aggregates tiles over several windows of many as-of dates, in one pass and one shuffle, whatever their number.

The edges of all windows of all dates cut the axis of event dates into slices. Tiles are aggregated by customer, slice
and the first date that sees them, each customer's few rows come together, and whole customers go to NumPy in Arrow
batches, where every window is a range of rows. A batch is bounded: a customer has at most one row a slice and date.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from functools import partial as bound

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.features.axis import Axis, Integers, cut
from churn_spark.features.partials import Partial, Windowed
from churn_spark.features.ranges import Rows
from churn_spark.features.rings import KEY
from churn_spark.features.wide import Wide
from churn_spark.features.windowed import NOTHING, Batch, carried, made

PLACE = ("customer_id", "slice", "first")
ROWS = 2**16
"""Rows that go to NumPy together."""
CELLS = 2**22
"""Values that a batch may become, about: fewer rows and customers go together where there are many dates."""
EPOCH = date(1970, 1, 1).toordinal()


def over_windows(tiles: DataFrame, wanted: Collection[Windowed], dates: Collection[date]) -> DataFrame:
    """One row a customer and as-of date with a column for each partial and window.

    tiles: of one source (customer_id, event_date, known_from and what the partials read). Sums over a window without
    tiles are 0, extremes null. In place of `<measure>_sumsq_<n>d` there is `<measure>_deviations_<n>d`, a double.
    """
    axis, wanted = cut(dates, wanted), tuple(wanted)
    columns = tuple(dict.fromkeys(kept for windowed in wanted for kept in carried(windowed.partial)))
    slices = _together(_placed(tiles, columns, axis), columns)
    schema = ", ".join(f"`{name}` {kind}" for name, kind in _types(wanted).items())
    return slices.mapInArrow(
        bound(_snapshots, axis=axis, columns=columns, wanted=wanted), f"customer_id string, as_of_date date, {schema}"
    )


def _placed(tiles: DataFrame, columns: Collection[Partial], axis: Axis) -> DataFrame:
    """What is carried of each tile, with its slice and the number of the first date that sees it."""
    placed = tiles.where(axis.reached("event_date", "known_from")).selectExpr(
        "*",
        f"{axis.slice_of('event_date')} as slice",
        f"{axis.first_after('known_from')} as first",
        f"cast(date_diff(DATE'{axis.newest}', event_date) as bigint) as age",
        f"{axis.days_left('event_date')} as days_left",
    )
    return placed.selectExpr(*PLACE, *(f"{kept.expression} as `{kept.name}`" for kept in columns))


def _together(placed: DataFrame, columns: Collection[Partial]) -> DataFrame:
    """Each customer's rows together, one row a slice and first date."""
    merged = [F.expr(f"{_merged(kept)} as `{kept.name}`") for kept in columns]
    return placed.repartition("customer_id").groupBy(*PLACE).agg(*merged).sortWithinPartitions(*PLACE)


def _merged(kept: Partial) -> str:
    merged = f"{kept.merge}(`{kept.name}`)"
    return f"cast({merged} as double)" if kept.kind == "decayed" else merged


def _types(wanted: Iterable[Windowed]) -> dict[str, str]:
    doubles = ("squares", "decayed")
    return {made(windowed): "double" if windowed.partial.kind in doubles else "bigint" for windowed in wanted}


def _snapshots(
    batches: Iterator[pa.RecordBatch], axis: Axis, columns: Collection[Partial], wanted: Collection[Windowed]
) -> Iterator[pa.RecordBatch]:
    """Turn slices into snapshots; runs in the workers."""
    at_once = max(1, CELLS // (len(axis.dates) * len(wanted)))
    # At worst, when all of them are late, a row is repeated for every date.
    for slices, starts in _whole_customers(batches, min(ROWS, max(1, CELLS // len(axis.dates)))):
        for number in range(0, len(starts), at_once):
            some = starts[number : number + at_once]
            following = starts[number + at_once : number + at_once + 1]
            end = following[0] if len(following) else slices.num_rows
            yield _of_customers(slices.slice(some[0], end - some[0]), some - some[0], axis, columns, wanted)


def _whole_customers(batches: Iterator[pa.RecordBatch], size: int) -> Iterator[tuple[pa.Table, Integers]]:
    """Batches put together up to `size` rows, each customer's rows in one, and where each customer's rows start."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(len(one) for one in held) < size:
            continue
        rows, starts = _with_starts(held)
        # The last customer's rows may go on in the next batch.
        if len(starts) > 1:
            yield rows.slice(0, starts[-1]), starts[:-1]
        held = rows.slice(starts[-1]).to_batches()
    if any(len(one) for one in held):
        yield _with_starts(held)


def _with_starts(batches: list[pa.RecordBatch]) -> tuple[pa.Table, Integers]:
    rows = pa.Table.from_batches(batches).combine_chunks()
    customers = rows["customer_id"].chunk(0)
    changes = pc.not_equal(customers.slice(1), customers.slice(0, len(customers) - 1))
    return rows, np.append(0, np.flatnonzero(changes.to_numpy(zero_copy_only=False)) + 1)


def _of_customers(
    slices: pa.Table, starts: Integers, axis: Axis, columns: Collection[Partial], wanted: Collection[Windowed]
) -> pa.RecordBatch:
    customer = np.repeat(np.arange(len(starts)), np.diff(starts, append=slices.num_rows))
    place = (slices[name].chunk(0).to_numpy().astype(np.int64) for name in ("slice", "first"))
    values = {kept.name: slices[kept.name].chunk(0).fill_null(NOTHING.get(kept.merge, 0)) for kept in columns}
    squares = {kept.name: Wide.of(values.pop(kept.name)) for kept in columns if kept.kind == "squares"}
    batch = Batch(axis, Rows(customer, *place), {name: array.to_numpy() for name, array in values.items()}, squares)
    found, over = batch.windows(wanted)
    ids = slices["customer_id"].chunk(0).take(pa.array(starts)).take(pa.array(found.customer))
    days = pa.array((np.array(axis.dates) - EPOCH)[found.date].astype(np.int32)).cast(pa.date32())
    names = [made(windowed) for windowed in wanted]
    return pa.RecordBatch.from_arrays([ids, days, *(pa.array(over[name]) for name in names)], [*KEY, *names])
