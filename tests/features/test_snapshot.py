"""The engine against the oracle: every operation, on made events with late rows, edges of windows and of zones."""

import math
from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from churn_spark.definitions.features import FeatureSet
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.rules import Population
from churn_spark.features.snapshot import SnapshotInputs, snapshots
from churn_spark.features.tiles import compact, first_seen
from tests.features import made_events, oracle
from tests.features.made_events import CUSTOMERS, EVENTS, SOURCE, S, identified, rows

FEATURES = made_events.features()
RULE = Population("active", ("purchases",), days=70)


def engine(spark, events, features=FEATURES, rule=RULE, dates=(S,), source=SOURCE):
    """The engine's features by customer and as-of date."""
    frame = spark.createDataFrame(rows(events), EVENTS)
    flags = {f"{m.name}_{flag}": "cast(0 as bigint)" for m in source.measures for flag in ("missing", "outlier")}
    tiles = compact(frame.selectExpr("*", *(f"{zero} as {name}" for name, zero in flags.items())), source).cache()
    known = SnapshotInputs({"purchases": tiles}, first_seen(tiles, "purchases"))
    computed = snapshots(known, (source,), FeatureSet(features), rule, dates)
    return {(row["customer_id"], row["as_of_date"]): row.asDict() for row in computed.collect()}


def close(feature, computed, expected):
    """Integers and nulls equal, doubles to 1e-9."""
    if computed is None or expected is None:
        return computed is expected
    if OPS[feature.op].integer:
        return computed == expected
    return math.isclose(computed, expected, rel_tol=1e-9, abs_tol=1e-9)


ONE_DATE = st.sampled_from([(S,), (S - timedelta(days=9),)])
MANY_DATES = st.sets(st.integers(0, 80), min_size=2, max_size=5).map(
    lambda ages: tuple(S - timedelta(days=age) for age in ages)
)


@settings(max_examples=8, phases=(Phase.explicit, Phase.generate))
@given(CUSTOMERS, st.one_of(ONE_DATE, MANY_DATES))
def test_every_operation_is_what_its_formula_says(spark, customers, dates):
    assert not differences(spark, customers, dates)


@pytest.mark.soak(minutes=7)
@settings(max_examples=60, phases=(Phase.explicit, Phase.generate))
@given(CUSTOMERS, MANY_DATES)
def test_every_operation_is_what_its_formula_says_at_any_dates(spark, customers, dates):
    assert not differences(spark, customers, dates)


def differences(spark, customers, dates):
    """Where the engine differs from the oracle: the customer and date, the feature, what was found, what is right."""
    events = identified(customers)
    computed = engine(spark, events, dates=dates)
    by_customer = {f"c{number:02}": [] for number in range(len(customers))}
    for one in events:
        by_customer[one["customer"]].append(one)
    expected = {
        (customer, s): of_customer
        for s in dates
        for customer, of_customer in by_customer.items()
        if any(e["known_from"] <= s and s - timedelta(days=70) <= e["date"] < s for e in of_customer)
    }
    assert computed.keys() == expected.keys()
    return [
        (key, feature.name, computed[key][feature.name], right)
        for key, of_customer in expected.items()
        for feature in FEATURES
        if not close(feature, computed[key][feature.name], right := oracle.value(feature, of_customer, key[1]))
    ]
