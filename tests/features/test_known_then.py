"""What a snapshot sees of customers: population, attributes, first days, sources that have not started."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pyspark.sql import Row

from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.features import AttributeFeature, DerivedFeature, Feature, FeatureSet
from churn_spark.definitions.rules import Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.features.customers import active, attributes
from churn_spark.features.population import population
from churn_spark.features.snapshot import SnapshotInputs, derived, snapshots
from tests.frames import no_rows, rows

S = date(2026, 3, 1)
TILE = {"customer_id": "a", "event_date": "2026-02-20", "known_from": "2026-02-21", "events": 1}
FIRST = {"customer_id": "a", "source": "visits", "first_seen": "2026-01-10", "known_from": "2026-01-11"}
VERSION = {
    "customer_id": "a",
    "source": "crm",
    "known_from": "2026-02-01",
    "nominal_date": "2026-01-31",
    "delivery": "d1",
    "plan": "gold",
}
VISITS = Source("visits", "events", "csv", "", (), "customer", Delivered())
CALLS = replace(VISITS, name="calls")
CRM = Source(
    "crm", "customers", "csv", "", (), "customer", Delivered(), attributes=(Attribute("plan", "plan", "string"),)
)
COUNT = Feature("visits_count_28d", "visits", "count", window=28)


def day(text):
    return date.fromisoformat(text)


def watched(spark, rule, tiles, firsts=(), dates=(S,)):
    """The population's customers and dates."""
    first_seen = rows(spark, FIRST, *firsts) if firsts else no_rows(spark, FIRST)
    candidates = active([rows(spark, TILE, *tiles)], dates, rule.days)
    return {tuple(row) for row in population(rule, dates, candidates, first_seen).collect()}


@pytest.mark.parametrize(
    ("event_date", "known_from", "inside"),
    [
        ("2026-02-01", "2026-02-02", True),
        ("2026-01-31", "2026-02-02", False),
        ("2026-02-28", "2026-03-01", True),
        ("2026-02-28", "2026-03-02", False),
    ],
    ids=["first day of the window", "a day too old", "known on the date", "known a day too late"],
)
def test_the_active_are_those_with_an_event_known_in_the_window(spark, event_date, known_from, inside):
    seen = watched(
        spark, Population("active", ("visits",), days=28), [{"event_date": event_date, "known_from": known_from}]
    )
    assert seen == ({("a", S)} if inside else set())


def test_the_active_were_first_seen_early_enough_as_known_at_the_date(spark):
    rule = Population("active", ("visits",), days=28, tenure_days=30)
    seen = [{"customer_id": name} for name in "abc"]
    firsts = [
        {"first_seen": "2026-01-30", "known_from": "2026-02-10"},
        {"customer_id": "b", "first_seen": "2026-01-31", "known_from": "2026-02-10"},
        {"customer_id": "c", "first_seen": "2026-01-01", "known_from": "2026-03-02"},
    ]
    assert watched(spark, rule, seen, firsts) == {("a", S)}


def test_each_as_of_date_has_its_own_population(spark):
    dates = [day(text) for text in ("2026-02-20", "2026-02-21", "2026-03-20", "2026-03-21")]
    seen = watched(spark, Population("active", ("visits",), days=28), [{}], dates=dates)
    assert seen == {("a", dates[1]), ("a", dates[2])}


def test_the_last_version_known_at_the_date_counts(spark):
    versions = rows(
        spark,
        VERSION,
        {"plan": "gold"},
        {"known_from": "2026-03-01", "nominal_date": "2026-02-27", "delivery": "d2", "plan": "silver"},
        {"known_from": "2026-03-01", "nominal_date": "2026-02-28", "delivery": "d1", "plan": "none"},
        {"known_from": "2026-03-02", "plan": "later"},
    )
    seen = attributes(versions, [CRM], [S, day("2026-02-01"), day("2026-01-31")]).collect()
    assert {(row["as_of_date"], row["plan"]) for row in seen} == {(S, "none"), (day("2026-02-01"), "gold")}


def test_a_silent_holder_of_an_open_contract_is_watched_with_zeros_and_nulls(spark):
    rule = Population("contract", expression="plan = 'gold'")
    features = FeatureSet(
        (
            COUNT,
            Feature("visits_recency_28d", "visits", "recency", window=28),
            Feature("visits_tenure", "visits", "tenure"),
        ),
        attributes=(AttributeFeature("plan", "plan", "string"),),
    )
    known = SnapshotInputs(
        {"visits": no_rows(spark, TILE)},
        no_rows(spark, FIRST),
        rows(spark, VERSION, {}, {"customer_id": "b", "plan": "x"}),
    )
    seen = snapshots(known, (VISITS, CRM), features, rule, [S]).collect()
    assert seen == [
        Row(customer_id="a", as_of_date=S, visits_count_28d=0, visits_recency_28d=None, visits_tenure=None, plan="gold")
    ]


def test_a_source_is_null_until_after_its_first_day_and_zero_from_then_on(spark):
    features = FeatureSet((COUNT, replace(COUNT, name="calls_count_28d", source="calls")))
    sources = (VISITS, replace(CALLS, starts=S))
    known = SnapshotInputs({"visits": rows(spark, TILE), "calls": no_rows(spark, TILE)}, no_rows(spark, FIRST))
    rule = Population("active", ("visits",), days=28)
    seen = snapshots(known, sources, features, rule, [S, S + timedelta(days=1)])
    assert {
        (row["as_of_date"] - S).days: (row["visits_count_28d"], row["calls_count_28d"]) for row in seen.collect()
    } == {
        0: (1, None),
        1: (1, 0),
    }


def test_derived_features_come_after_those_they_need_and_in_their_own_order(spark):
    frame = rows(spark, {"customer_id": "a", "n": 6, "m": 0})
    expressions = (
        DerivedFeature("c", "b * 2", ("b",)),
        DerivedFeature("b", "n + 1", ("n",)),
        DerivedFeature("r", "try_divide(n, m)"),
    )
    assert derived(frame, expressions).collect() == [Row(customer_id="a", n=6, m=0, c=14.0, b=7.0, r=None)]


FAILING = {
    "division": ("n / m", 4.0),
    "remainder": ("n % m", 0.0),
    "cast": ("cast(text as int)", 7.0),
    "narrowing": ("cast(wide as int)", 1.0),
    "overflow": ("wide * wide", 1.0),
    "array": ("array(n)[1 - m]", 4.0),
    "element": ("element_at(array(n), m)", 4.0),
    # The same parts again, and a feature of a feature: what Spark computes once it must not compute unguarded.
    "again": ("1 + n / m", 5.0),
    "more": ("division + cast(text as int)", 11.0),
}
"""Expressions that fail on the row `bad`, and what they are on the row `good`."""


@pytest.mark.parametrize("factory", ["NO_CODEGEN", "CODEGEN_ONLY"])
def test_a_derived_feature_is_null_on_the_row_where_it_fails(spark, factory):
    bad = {"customer_id": "bad", "n": 4, "m": 0, "text": "none", "wide": 2**40}
    both = rows(spark, bad, {}, {"customer_id": "good", "m": 1, "text": "7", "wide": 1})
    frame = both.selectExpr("customer_id", "n", "cast(m as int) as m", "text", "wide").localCheckpoint()
    features = tuple(
        DerivedFeature(name, sql, ("division",) if "division" in sql else ()) for name, (sql, _) in FAILING.items()
    )
    with setting(spark, "spark.sql.codegen.factoryMode", factory), setting(spark, "spark.sql.codegen.wholeStage", True):
        seen = {row["customer_id"]: row.asDict() for row in derived(frame, features).collect()}
    assert {name: seen["good"][name] for name in FAILING} == {name: value for name, (_, value) in FAILING.items()}
    assert {name: seen["bad"][name] for name in FAILING} == dict.fromkeys(FAILING)


@contextmanager
def setting(spark, name, value):
    """A session with another setting for a block."""
    before = spark.conf.get(name)
    spark.conf.set(name, value)
    try:
        yield
    finally:
        spark.conf.set(name, before)


def test_derived_features_that_need_each_other_are_refused(spark):
    circle = (DerivedFeature("a", "b", ("b",)), DerivedFeature("b", "a", ("a",)))
    with pytest.raises(ValueError, match="need each other: a, b"):
        derived(rows(spark, {"n": 6}), circle)
