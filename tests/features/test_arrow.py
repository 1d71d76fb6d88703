"""Arrow batches of tiles, cut anywhere, against the oracle: any events, dates and windows, without Spark."""

import math
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.definitions.columns import SQUARE_BITS, value_column
from churn_spark.definitions.ops import OPS
from churn_spark.features import arrow
from churn_spark.features.arrow import ACTIVE, BUCKET, FeatureQuery
from churn_spark.features.axis import EPOCH, window_axis
from tests.features import made_events, oracle
from tests.features.made_events import SOURCE, S, event, identified

FEATURES = tuple(f for f in made_events.features() if f.op != "tenure" and (f.op, f.column) != ("distinct", "basket"))
POINT = pa.struct([("time", pa.int64()), ("id", pa.string()), ("value", pa.int64())])
CUSTOMERS = st.lists(st.lists(event(), max_size=12), min_size=1, max_size=5)
DATES = st.sets(st.integers(0, 80), min_size=1, max_size=5).map(lambda ages: [S - timedelta(days=age) for age in ages])
ACTIVE_DAYS = 21


def tiles(events):
    """A table of tiles, made by loops, sorted by bucket; two customers share each bucket."""
    days = defaultdict(list)
    for one in events:
        days[one["customer"], one["date"], one["known_from"]].append(one)
    rows = [
        {"customer_id": who, "event_date": day, "known_from": known, BUCKET: int(who[1:]) // 2, **compacted(one_day)}
        for (who, day, known), one_day in days.items()
    ]
    rows.sort(key=lambda row: (row[BUCKET], row["event_date"].day, row["customer_id"]))
    return pa.Table.from_pylist(rows, SCHEMA)


def compacted(events):
    made = {"events": len(events)}
    for measure in SOURCE.measures:
        valued = [(e, int(e[measure.name] * 10**measure.scale)) for e in events if e[measure.name] is not None]
        numbers = [number for _, number in valued]
        points = sorted((int(e["time"].timestamp() * 1e6), e["id"], number) for e, number in valued)
        high, low = divmod(sum(number**2 for number in numbers), 2**SQUARE_BITS)
        values = {
            "n": len(numbers),
            "sum": sum(numbers),
            # Low parts are added up, not carried over.
            "sumsq_high": high - 1 if high and len(numbers) > 1 else high,
            "sumsq_low": low + 2**SQUARE_BITS if high and len(numbers) > 1 else low,
            "min": min(numbers, default=None),
            "max": max(numbers, default=None),
            "first": dict(zip(("time", "id", "value"), points[0], strict=True)) if points else None,
            "last": dict(zip(("time", "id", "value"), points[-1], strict=True)) if points else None,
        }
        made |= {f"{measure.name}_{kind}": value for kind, value in values.items()}
    shops = SOURCE.category("shop")
    for value in shops.values:
        there = [e for e in events if e["shop"] == value]
        made[value_column("shop", value)] = len(there)
        made[value_column("shop", value, "amount")] = sum(int((e["amount"] or 0) * 100) for e in there)
    return made | {"shop_values": sorted({e["shop"] for e in events if e["shop"] is not None})}


SCHEMA = pa.schema(
    [("customer_id", pa.string()), ("event_date", pa.date32()), ("known_from", pa.date32()), (BUCKET, pa.int64())]
    + [
        (
            name,
            POINT
            if name.endswith(("_first", "_last"))
            else pa.list_(pa.string())
            if name == "shop_values"
            else pa.int64(),
        )
        for name in compacted([])
    ]
)


def made(batches, dates, features=FEATURES):
    """All snapshots by customer and as-of date."""
    query = FeatureQuery(window_axis(dates, features, ACTIVE_DAYS), features, SOURCE, ACTIVE_DAYS)
    rows = [row for batch in arrow.snapshots(iter(batches), query) for row in batch.to_pylist()]
    computed = {(row["customer_id"], row["as_of_date"]): row for row in rows}
    assert len(computed) == len(rows)
    return computed


def seen(events, s, window):
    return [e for e in events if e["known_from"] <= s and s - timedelta(days=window) <= e["date"] < s]


@settings(max_examples=300)
@given(CUSTOMERS, DATES, st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 100, 2**22]))
def test_every_feature_is_what_its_formula_says(customers, dates, size, rows, cells):
    events = identified(customers)
    of = {f"c{number:02}": [e for e in events if e["customer"] == f"c{number:02}"] for number in range(len(customers))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrow, "ROWS", rows)
        patch.setattr(arrow, "CELLS", cells)
        computed = made(tiles(events).to_batches(size), dates)
    assert computed.keys() == {(who, s) for who, theirs in of.items() for s in dates if seen(theirs, s, 70)}
    for (who, s), row in computed.items():
        assert row[ACTIVE] == bool(seen(of[who], s, ACTIVE_DAYS))
        for feature in FEATURES:
            right = oracle.value(feature, of[who], s)
            assert close(row[feature.name], right, feature), (who, s, feature.name, row[feature.name], right)


def close(computed, right, feature):
    if computed is None or right is None or OPS[feature.op].integer:
        return computed == right
    return math.isclose(computed, right, rel_tol=1e-9, abs_tol=1e-9)


def test_of_two_values_at_the_same_instant_the_id_decides():
    """Whichever of them came first."""
    time = datetime(2026, 3, 10, 12, tzinfo=UTC)
    common = {"customer": "c00", "date": time.date(), "time": time, "shop": None, "basket": None, "points": None}
    for ids in (("1", "2"), ("2", "1")):
        events = [
            {**common, "id": name, "amount": Decimal(name), "known_from": time.date() + timedelta(days=1 + late)}
            for late, name in enumerate(ids)
        ]
        (row,) = made(tiles(events).to_batches(), [S]).values()
        assert (row["first_amount_None_None_None_None_14"], row["last_amount_None_None_None_None_14"]) == (1.0, 2.0)


@given(st.sets(st.integers(0, 400), min_size=1, max_size=6), st.integers(1, 90))
def test_the_days_that_are_read_are_those_of_the_windows(ages, window):
    dates = [S - timedelta(days=age) for age in ages]
    (feature,) = (replace(f, window=window) for f in FEATURES if (f.op, f.window) == ("count", 14))
    read = {day for first, after in window_axis(dates, [feature]).reached for day in range(first, after)}
    wanted = {(s - timedelta(days=age)).toordinal() - EPOCH for s in dates for age in range(1, window + 1)}
    assert read == wanted


def test_batches_without_rows_make_nothing():
    assert made(SCHEMA.empty_table().to_batches(), [S]) == {}
    assert made([pa.RecordBatch.from_pylist([], SCHEMA)], [S]) == {}
