"""Arrow batches cut anywhere, and as few rows together as may be, make the same snapshots."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.features import slices
from churn_spark.features.axis import cut
from churn_spark.features.partials import EVENTS, Windowed, of_measure
from churn_spark.features.windowed import carried

S = date(2026, 3, 12)
DATES = [S - timedelta(days=age) for age in (0, 28, 35)]
SUMS = (EVENTS, of_measure("amount", "n"), of_measure("amount", "sum"))
PARTIALS = (*SUMS, of_measure("amount", "min"), of_measure("amount", "sumsq"))
WANTED = tuple(Windowed(partial, window) for partial in PARTIALS for window in (7, 30))
AXIS = cut(DATES, WANTED)
COLUMNS = tuple(dict.fromkeys(kept for windowed in WANTED for kept in carried(windowed.partial)))
SCHEMA = pa.schema(
    [("customer_id", pa.string()), ("slice", pa.int32()), ("first", pa.int32())]
    + [(kept.name, pa.decimal128(38, 0) if kept.kind == "squares" else pa.int64()) for kept in COLUMNS]
)
BEGINS = AXIS.begins
PLACES = [(n, first) for n in range(AXIS.slices) for first in range(3) if BEGINS[-1, first] <= n < BEGINS[0, first]]
CUSTOMERS = st.lists(st.lists(st.sampled_from(PLACES), min_size=1, max_size=6, unique=True), min_size=1, max_size=8)


def batches(customers, size):
    """The slices of customers in batches of as many rows."""
    rows = [
        (f"c{number}", *place, 2, 1, number - row, None if row % 3 else number, (row + number) ** 2)
        for number, places in enumerate(customers)
        for row, place in enumerate(sorted(places))
    ]
    columns = [
        pa.array(list(values), field.type) for values, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA).to_batches(size)


def made(given_batches):
    """All snapshots as sorted rows."""
    found = [pa.Table.from_batches([batch]) for batch in slices._snapshots(given_batches, AXIS, COLUMNS, WANTED)]
    rows = [tuple(row.values()) for table in found for row in table.to_pylist()]
    return sorted(rows, key=lambda row: row[:2])


@settings(max_examples=60)
@given(CUSTOMERS, st.integers(1, 5), st.integers(1, 9), st.sampled_from([1, 100]))
def test_batches_may_be_cut_anywhere(customers, size, rows, cells):
    whole = made(batches(customers, 1000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "ROWS", rows)
        patch.setattr(slices, "CELLS", cells)
        assert made(batches(customers, size)) == whole
    assert {row[0] for row in whole} == {f"c{number}" for number in range(len(customers))}


def test_batches_without_rows_make_nothing():
    nothing = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in SCHEMA], schema=SCHEMA)
    assert list(slices._snapshots(iter([nothing]), AXIS, COLUMNS, WANTED)) == []
