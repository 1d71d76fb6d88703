"""Cleaning of events against its oracle, and what belongs to a whole row."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from churn_spark.definitions.columns import Category, Cleaning, Measure
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.events.cleaning import clean
from tests.events.cleaning_oracle import cleaned
from tests.frames import rows

FIRST = date(2026, 3, 1)
LOOKBACK = 4
SCHEMA = (
    "customer_id string, event_id string, event_time timestamp, event_date date, known_from date, amount decimal(18,2)"
)
LIMIT = {
    "learnt_on": "2026-03-01",
    "source": "purchases",
    "column": "amount",
    "lower": -20.0,
    "upper": 30.0,
    "mean": 7.125,
    "median": 6.5,
    "mode": "5.25",
}
EVENT = {
    "customer_id": "a",
    "event_id": "1",
    "event_time": "2026-03-02T10:00:00",
    "event_date": "2026-03-02",
    "known_from": "2026-03-03",
    "shop": "north",
}


def source(how=Cleaning(), shop=Cleaning()):
    """Purchases with one measure and one category, cleaned as configured."""
    return Source(
        "purchases",
        "events",
        "csv",
        "",
        (),
        "customer",
        Delivered(),
        measures=(Measure("amount", "amount", 2, cleaning=how),),
        categories=(Category("shop", "shop", cleaning=shop),),
    )


@st.composite
def events(draw):
    """Events of three customers on few days, some late, many without a value, some far out."""
    made = []
    for number in range(draw(st.integers(1, 40))):
        day = FIRST + timedelta(days=draw(st.integers(0, 8)))
        cents = draw(st.one_of(st.none(), st.integers(-3000, 4000), st.sampled_from([100_000, -100_000])))
        made.append(
            {
                "customer": draw(st.sampled_from("abc")),
                "id": f"{(number * 17) % 41:02}",
                "time": datetime(day.year, day.month, day.day, draw(st.integers(0, 2)), tzinfo=UTC),
                "known_from": day + timedelta(days=1 + draw(st.sampled_from([0, 0, 0, 1, 3]))),
                "amount": None if cents is None else Decimal(cents).scaleb(-2),
            }
        )
    return made


HOWS = st.builds(
    Cleaning,
    missing=st.sampled_from(
        ["null", "indicator", "drop", "constant", "mean", "median", "mode", "last_known", "interpolate"]
    ),
    constant=st.just(1.005),
    outliers=st.sampled_from(["keep", "clip", "null", "flag"]),
    smooth=st.sampled_from([None, None, 3, 4]),
)


@settings(max_examples=14, phases=(Phase.explicit, Phase.generate))
@given(events(), HOWS, st.lists(st.integers(0, 8), unique=True, max_size=3))
def test_a_measure_is_cleaned_as_described(spark, made, how, learnt_after):
    limits = {
        FIRST + timedelta(days=after): {
            "lower": -20.0 - after,
            "upper": 30.5,
            "mean": 7.125,
            "median": None,
            "mode": "5",
        }
        for after in learnt_after
    }
    frame = spark.createDataFrame(
        [(e["customer"], e["id"], e["time"], e["time"].date(), e["known_from"], e["amount"], None) for e in made],
        f"{SCHEMA}, shop string",
    )
    learnt = [{"learnt_on": day.isoformat(), **values} for day, values in limits.items()]
    base = {**LIMIT, "column": "amount"}
    known = rows(spark, base, *learnt) if learnt else rows(spark, base).limit(0)
    kept = clean(frame, known, source(how), LOOKBACK).collect()
    expected = cleaned(made, limits, how, LOOKBACK)
    assert {row["event_id"]: _told(row.asDict()) for row in kept} == {
        key: (event["amount"], event["missing"], event["outlier"], event["uncleaned"])
        for key, event in expected.items()
    }


def _told(row):
    return row["amount"], row["amount_missing"], row["amount_outlier"], row["uncleaned"]


def shops(spark, how, *overrides, limits=()):
    """The shops after cleaning, by event id."""
    amounts = rows(spark, EVENT, *overrides).selectExpr("*", "cast(1 as decimal(18,2)) as amount")
    known = rows(spark, LIMIT, *limits) if limits else rows(spark, LIMIT).limit(0)
    return {row["event_id"]: row["shop"] for row in clean(amounts, known, source(shop=how), LOOKBACK).collect()}


def test_a_missing_category_becomes_a_constant_the_mode_or_the_last_known(spark):
    gap = [{"event_id": "1"}, {"event_id": "2", "shop": None, "event_time": "2026-03-02T11:00:00"}]
    assert shops(spark, Cleaning("constant", "none"), *gap)["2"] == "none"
    assert shops(spark, Cleaning("last_known"), *gap)["2"] == "north"
    mode = {"column": "shop", "mode": "south"}
    assert shops(spark, Cleaning("mode"), *gap, limits=[mode]) == {"1": "north", "2": "south"}
    assert shops(spark, Cleaning("mode"), *gap, limits=[{**mode, "learnt_on": "2026-03-04"}])["2"] is None


@pytest.mark.parametrize(("known_from", "expected"), [("2026-03-07", "north"), ("2026-03-08", None)])
def test_a_value_is_last_known_within_the_lookback_only(spark, known_from, expected):
    later = {"event_id": "2", "shop": None, "event_time": "2026-03-06T10:00:00", "known_from": known_from}
    assert shops(spark, Cleaning("last_known"), {"known_from": "2026-03-04"}, later)["2"] == expected


def test_the_last_known_value_is_the_latest_event_known_then_not_the_latest_to_arrive(spark):
    late = {"event_id": "2", "shop": "south", "event_time": "2026-03-01T10:00:00", "known_from": "2026-03-04"}
    unknown = {"event_id": "3", "shop": "west", "event_time": "2026-03-03T10:00:00", "known_from": "2026-03-06"}
    gap = {"event_id": "4", "shop": None, "event_time": "2026-03-04T10:00:00", "known_from": "2026-03-05"}
    assert shops(spark, Cleaning("last_known"), {}, late, unknown, gap)["4"] == "north"


def test_an_event_without_a_dropped_column_goes_whole(spark):
    assert shops(spark, Cleaning("drop"), {}, {"event_id": "2", "shop": None}) == {"1": "north"}


def test_limits_of_another_source_do_not_apply(spark):
    others = [{"source": "calls", "column": "shop", "mode": "south"}]
    assert shops(spark, Cleaning("mode"), {"shop": None}, limits=others) == {"1": None}
