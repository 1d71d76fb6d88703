"""Features of any DataFrame, against the oracle: every operation, edges of windows, late rows, awkward names."""

import re
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from chispa import assert_df_equality
from hypothesis import Phase, given, settings

import churn_spark as cs
from churn_spark.api.feature_lines import resolved
from tests.features import oracle
from tests.features.made_events import CUSTOMERS, WINDOWS, S, identified
from tests.features.test_snapshot import close

COLUMNS = {"amount": "Total Amount", "points": "events", "shop": "event_time"}
"""Awkward names: with a blank, of a tile's column, of a column the engine has."""
FEATURES = [
    *("count", "active_days", "recency", "tenure", "trend"),
    *(f"interval_{kind}" for kind in ("mean", "std", "median", "p90", "max")),
    *(f"overdue_{kind}" for kind in ("mean", "median", "p90", "max")),
    *(f"{op}(Total Amount, events)" for op in ("sum", "mean", "std", "min", "max", "first", "last", "delta")),
    "distinct(event_time)",
    cs.feature("weekly", windows=[14, 70]),
    cs.feature("ewm", half_life=[7, 21], windows=WINDOWS),
    cs.feature("share", of="event_time", value=["A", "B-1"]),
    cs.feature("share", of="event_time", value=["A", "B-1"], measure="Total Amount"),
]
EVENTS = (
    "who string, happened timestamp, learnt date, id string, `Total Amount` double, events int, event_time string,"
    " `not needed` binary"
)
DATES = [S, S - timedelta(days=9), S - timedelta(days=70)]


def named(events):
    """Made events as the oracle takes them: days in UTC, known at the earliest the day after, awkward names."""
    for one in events:
        day = one["time"].date()
        values = {new: one[old] for old, new in COLUMNS.items()}
        # 32-bit integers.
        values["events"] = None if values["events"] is None else int(values["events"]) % 10**9
        known_from = max(one["known_from"], day + timedelta(days=1))
        yield {**values, "customer": one["customer"], "id": one["id"], "time": one["time"], "date": day} | {
            "known_from": known_from,
            "learnt": one["known_from"],
        }


def frame(spark, events):
    rows = [
        (
            *(one[name] for name in ("customer", "time", "learnt", "id")),
            None if one["Total Amount"] is None else float(one["Total Amount"]),
            one["events"],
            one["event_time"],
            b"",
        )
        for one in events
    ]
    return spark.createDataFrame(rows, EVENTS)


@settings(max_examples=4, phases=(Phase.explicit, Phase.generate))
@given(CUSTOMERS)
def test_every_feature_is_what_its_formula_says(spark, customers):
    events = list(named(identified(customers)))
    asked = resolved(FEATURES, WINDOWS, "")
    computed = cs.window_features(
        frame(spark, events),
        FEATURES,
        DATES,
        windows=WINDOWS,
        customer="who",
        time="happened",
        known_from="learnt",
        event_id="id",
    )
    rows = {(row["who"], row["as_of_date"]): row.asDict() for row in computed.collect()}
    by_customer = {f"c{number:02}": [] for number in range(len(customers))}
    for one in events:
        by_customer[one["customer"]].append(one)
    expected = {
        (customer, s): of_customer
        for s in DATES
        for customer, of_customer in by_customer.items()
        if any(e["known_from"] <= s and s - timedelta(days=max(WINDOWS)) <= e["date"] < s for e in of_customer)
    }
    assert computed.columns == ["who", "as_of_date", *(feature.name for feature in asked)]
    assert rows.keys() == expected.keys()
    assert not [
        (key, feature.name, rows[key][feature.name], right)
        for key, of_customer in expected.items()
        for feature in asked
        if not close(feature, rows[key][feature.name], right := oracle.value(feature, of_customer, key[1]))
    ]


def at(day, hour=12):
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=hour)


def test_a_window_holds_its_first_day_and_not_the_as_of_date(spark):
    days = ["2026-05-25", "2026-05-24", "2026-06-01"]
    events = spark.createDataFrame([(7, at(day, hour)) for day in days for hour in (0, 23)], "shop int, sold timestamp")
    counts = cs.window_features(events, ["count"], "2026-06-01", windows=[7, 8], customer="shop", time="sold")
    expected = [(7, date(2026, 6, 1), 2, 4)]
    schema = "shop int, as_of_date date, count_7d bigint, count_8d bigint"
    assert_df_equality(counts, spark.createDataFrame(expected, schema), ignore_nullable=True)


def test_what_arrives_during_a_day_is_known_from_the_next(spark):
    events = spark.createDataFrame(
        [("a", at("2026-05-20"), at("2026-05-31", 1)), ("b", at("2026-05-20"), at("2026-06-01", 1))],
        "customer_id string, event_time timestamp, arrived timestamp",
    )
    rows = cs.window_features(events, ["count"], ["2026-06-01", "2026-06-02"], known_from="arrived").collect()
    assert sorted((row["customer_id"], row["as_of_date"].day) for row in rows) == [("a", 1), ("a", 2), ("b", 2)]


def test_customers_that_are_given_keep_their_row_when_they_are_silent(spark):
    events = spark.createDataFrame([("a", at("2026-05-20"), 2.5)], "customer_id string, event_time timestamp, x double")
    rows = cs.window_features(events, ["count", "sum(x)", "max(x)"], "2026-06-01", customers=["a", "z"]).collect()
    assert sorted(map(tuple, rows)) == [
        ("a", date(2026, 6, 1), 1, 2.5, 2.5),
        ("z", date(2026, 6, 1), 0, 0.0, None),
    ]


def test_a_table_of_customers_with_dates_gives_exactly_its_rows(spark):
    events = spark.createDataFrame([(1, at("2026-05-20")), (2, at("2026-05-21"))], "customer_id long, event_time date")
    wanted = pd.DataFrame({"customer_id": [1, 2], "as_of_date": ["2026-06-01", "2026-05-21"], "label": [0, 1]})
    rows = cs.window_features(events, ["count"], customers=wanted).collect()
    assert sorted(map(tuple, rows)) == [(1, date(2026, 6, 1), 1), (2, date(2026, 5, 21), 0)]


def test_pandas_gives_pandas_with_missing_numbers_left_out(spark):
    events = pd.DataFrame(
        {
            "customer_id": pd.Categorical(["a", "a", "b"]),
            "event_time": pd.to_datetime(["2026-05-20", "2026-05-20", "2026-05-21"]),
            "amount": [0.1, 0.2, float("nan")],
        }
    )
    features = cs.window_features(events, ["sum(amount)", "mean(amount)"], "2026-06-01", prefix="shop")
    expected = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "as_of_date": pd.to_datetime(["2026-06-01"] * 2),
            "shop_amount_sum_28d": [0.3, 0.0],
            "shop_amount_mean_28d": [0.15, None],
        }
    )
    pd.testing.assert_frame_equal(features, expected, check_dtype=False, rtol=1e-15)


def test_numbers_with_many_digits_keep_twelve(spark):
    amounts = [1 / 3, 2e6 / 7, -1e6 / 3]
    events = spark.createDataFrame(
        [("a", at("2026-05-20"), x) for x in amounts], "customer_id string, event_time timestamp, x double"
    )
    (row,) = cs.window_features(events, ["sum(x)"], "2026-06-01").collect()
    assert row["x_sum_28d"] == pytest.approx(sum(amounts), abs=1e-6)


ONE = {"customer_id": ["a"], "event_time": pd.to_datetime(["2026-05-20"]), "amount": [1.0], "shop": ["x"]}


@pytest.mark.parametrize(
    ("arguments", "changed", "words"),
    [
        ({"features": ["cuont"]}, {}, "Did you mean count?"),
        ({"features": ["degree"]}, {}, "degree needs the partner of each event"),
        ({"features": ["weekly_lag"]}, {}, "write weekly"),
        ({"features": "count"}, {}, "features is a list"),
        ({"features": []}, {}, "features is a list"),
        ({"features": ["sum"]}, {}, 'write "sum(column)"'),
        ({"features": ["sum of amount"]}, {}, 'write "count", "sum(amount)"'),
        ({"features": ["count(amount)"]}, {}, 'write "count"'),
        ({"features": ["sum(amout)"]}, {}, "Did you mean amount?"),
        ({"features": ["sum(shop)"]}, {}, "shop is of type string, not a number"),
        ({"features": ["share(shop)"]}, {}, "share needs the values"),
        ({"features": ["ewm"]}, {}, 'feature("ewm", half_life=14)'),
        ({"features": ["weekly"], "windows": [30]}, {}, "whole weeks"),
        ({"windows": [0]}, {}, "windows are whole days, 1 or more"),
        ({"windows": []}, {}, "windows are whole days, 1 or more"),
        ({"dates": None}, {}, "dates is missing"),
        ({"dates": []}, {}, "dates is empty"),
        ({"dates": "2026-06-31"}, {}, "write it as YYYY-MM-DD"),
        ({"dates": datetime(2026, 6, 1, 8)}, {}, "whole days"),
        ({"time": "when"}, {}, "time=..."),
        ({"time": "shop"}, {}, "not a date or a timestamp"),
        ({"known_from": "amount"}, {}, "not a date or a timestamp"),
        ({"customer": "amount"}, {}, "not a text or a whole number"),
        ({"customers": "a"}, {}, "a list of customers"),
        ({"customers": ["a"]}, {"customer_id": [7]}, "customers does not fit customer_id"),
        ({"customers": pd.DataFrame({"id": ["a"]})}, {}, "customers has no column customer_id"),
        ({"features": ["sum(amount)"]}, {"amount": [5e13]}, "amount / 100"),
        ({"features": ["sum(amount)"]}, {"amount": [float("inf")]}, "infinite"),
        ({"features": [cs.feature("share", of="shop", value=["x", "X"])]}, {}, "would be named"),
    ],
)
def test_what_does_not_fit_is_answered_with_what_to_write(spark, arguments, changed, words):
    events = pd.DataFrame(ONE | changed)
    with pytest.raises(ValueError, match=re.escape(words)):
        cs.window_features(events, **({"features": ["count"], "dates": "2026-06-01"} | arguments))


def test_events_of_nobody_are_refused_with_their_number(spark):
    events = spark.createDataFrame(
        [(None, at("2026-05-20")), ("a", at("2026-05-20"))], "customer_id string, event_time timestamp"
    )
    with pytest.raises(ValueError, match="1 events have no customer"):
        cs.window_features(events, ["count"], "2026-06-01")


def test_two_values_counted_under_one_name_are_refused():
    with pytest.raises(ValueError, match="counted under one name"):
        cs.window_features(
            pd.DataFrame(ONE),
            [cs.feature("share", of="shop", value=value, windows=days) for value, days in (("x", 7), ("X", 28))],
            "2026-06-01",
        )
