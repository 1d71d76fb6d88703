"""Features of partners against loops over raw events: who was in touch with whom, and who of them had left by then."""

import math
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from chispa import assert_df_equality
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.rules import Leaving, Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.features.partners import contacts
from churn_spark.features.snapshot import SnapshotInputs, snapshots
from churn_spark.features.tiles import first_seen
from tests.frames import rows

S = date(2026, 3, 12)
WINDOWS = (1, 14, 40)
OPS = ("degree", "left_partners", "left_contacts")
CALLS = Source("calls", "events", "csv", "", (), "customer", Delivered(), counterparty="partner")
WATCHED = Population("active", ("calls",), days=40)
BY_EVENT = Leaving(("ended",))
BY_SILENCE = Leaving(("calls",), after=10)
EVENTS = "customer_id string, counterparty string, event_date date, known_from date"


def features(leaving):
    rows = [Feature(f"{op}_{window}", "calls", op, window=window) for op in OPS for window in WINDOWS]
    return FeatureSet(tuple(rows), leaving=leaving)


def engine(spark, calls, ended, leaving, dates=(S,)):
    """The engine's features by customer and as-of date."""
    events = spark.createDataFrame(calls, EVENTS)
    tiles = events.groupBy("customer_id", "event_date", "known_from").agg(F.count("*").alias("events"))
    churned = spark.createDataFrame(ended, "customer_id string, known_from date")
    firsts = first_seen(tiles, "calls").unionByName(
        churned.select(
            "customer_id", F.lit("ended").alias("source"), F.col("known_from").alias("first_seen"), "known_from"
        )
    )
    known = SnapshotInputs(
        {"calls": tiles}, firsts, None, {"calls": contacts(events)}, None if leaving.after else churned
    )
    rows = snapshots(known, (CALLS,), features(leaving), WATCHED, dates).collect()
    return {(row["customer_id"], row["as_of_date"]): tuple(row)[2:] for row in rows}


def right(calls, ended, leaving, s):
    """The same for one date, customer by customer, partner by partner."""
    known = [(customer, partner, day) for customer, partner, day, known_from in calls if known_from <= s]
    churned = {customer for customer, known_from in ended if known_from <= s}
    ours = {customer for customer, _, _ in known} | (churned if leaving.after is None else set())
    rows = {}
    for customer in {customer for customer, _, day in known if day >= s - timedelta(days=WATCHED.days)}:
        values = {}
        for window in WINDOWS:
            met = Counter(
                partner
                for caller, partner, day in known
                if caller == customer and partner not in (None, customer) and day >= s - timedelta(days=window)
            )
            gone = [p for p in met if p in ours and _gone(p, known, churned, leaving, s)]
            values[f"degree_{window}"] = len(met)
            values[f"left_partners_{window}"] = _share(len(gone), sum(p in ours for p in met))
            values[f"left_contacts_{window}"] = _share(sum(met[p] for p in gone), sum(met[p] for p in met if p in ours))
        rows[customer, s] = tuple(values[feature.name] for feature in features(leaving).windowed)
    return rows


def _gone(partner, known, churned, leaving, s):
    if leaving.after is None:
        return partner in churned
    return not any(who == partner and day >= s - timedelta(days=leaving.after) for who, _, day in known)


def _share(part, whole):
    return part / whole if whole else None


def close(rows, expected):
    same = (a is b if a is None or b is None else math.isclose(a, b) for a, b in zip(rows, expected, strict=True))
    return all(same)


AGES = st.one_of(st.sampled_from([0, 1, 2, 9, 10, 11, 14, 15, 40, 41]), st.integers(-3, 60))
LATE = st.sampled_from([0, 0, 0, 1, 5, 20])
DAYS = st.tuples(AGES, LATE).map(lambda drawn: (S - timedelta(drawn[0]), S - timedelta(drawn[0] - 1 - drawn[1])))
CALL = st.tuples(st.sampled_from("abcdef"), st.sampled_from([None, *"abcdefxy"]), DAYS).map(lambda c: (*c[:2], *c[2]))
ENDED = st.tuples(st.sampled_from("abcx"), DAYS).map(lambda drawn: (drawn[0], drawn[1][1]))
DATES = st.sets(st.integers(0, 30), min_size=1, max_size=3).map(lambda ages: tuple(S - timedelta(n) for n in ages))


@settings(max_examples=3, phases=(Phase.explicit, Phase.generate))
@given(st.lists(CALL, min_size=1, max_size=120), st.lists(ENDED, max_size=5), DATES)
@pytest.mark.parametrize("leaving", [BY_EVENT, BY_SILENCE], ids=["by event", "by silence"])
def test_partners_are_what_loops_over_events_find(spark, leaving, calls, ended, dates):
    rows = engine(spark, calls, ended, leaving, dates)
    expected = {key: values for s in dates for key, values in right(calls, ended, leaving, s).items()}
    assert rows.keys() == expected.keys()
    assert not {key: (rows[key], expected[key]) for key in expected if not close(rows[key], expected[key])}


DAY, NEXT = S - timedelta(days=5), S + timedelta(days=1)
CALLED = [("a", "b", DAY, S), ("a", "c", DAY, S), ("b", "a", DAY, S), ("c", "a", DAY, S)]


@pytest.mark.parametrize(
    ("leaving", "late_call", "late_end"),
    [(BY_EVENT, ("a", "d", DAY, NEXT), ("b", NEXT)), (BY_SILENCE, ("d", "a", DAY, NEXT), ("a", S))],
    ids=["by event", "by silence"],
)
def test_what_becomes_known_later_changes_nothing_before(spark, leaving, late_call, late_end):
    before = engine(spark, CALLED, [("z", S)], leaving)
    dates = (S, NEXT)
    after = engine(spark, [*CALLED, late_call], [("z", S), late_end], leaving, dates)
    assert {key: values for key, values in after.items() if key[1] == S} == before
    assert before["a", S][2] == 2.0, "a called b and c in forty days"


def test_a_contact_is_with_somebody_else(spark):
    event = {"customer_id": "a", "counterparty": "b", "event_date": "2026-03-01", "known_from": "2026-03-02"}
    events = rows(spark, event, {}, {}, {"known_from": "2026-03-03"}, {"counterparty": "a"})
    nobody = events.limit(1).withColumn("counterparty", F.lit(None).cast("string"))
    expected = rows(spark, {**event, "events": 2}, {}, {"known_from": "2026-03-03", "events": 1})
    assert_df_equality(contacts(events.union(nobody)), expected, ignore_row_order=True, ignore_nullable=True)


def test_before_a_source_starts_nothing_is_known_of_partners(spark):
    later = replace(CALLS, starts=S)
    events = spark.createDataFrame(CALLED, EVENTS)
    tiles = events.groupBy("customer_id", "event_date", "known_from").agg(F.count("*").alias("events"))
    known = SnapshotInputs({"calls": tiles}, first_seen(tiles, "calls"), None, {"calls": contacts(events)})
    degree = FeatureSet((Feature("degree_14", "calls", "degree", window=14),))
    rows = snapshots(known, (later,), degree, WATCHED, (S, NEXT)).where("customer_id = 'a'").collect()
    assert {row["as_of_date"]: row["degree_14"] for row in rows} == {S: None, NEXT: 2}
