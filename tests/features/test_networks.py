"""Networks against loops in plain Python: who counts, PageRank in whole numbers, communities, what a snapshot takes."""

from datetime import date, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.rules import Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.features.networks import communities, networks, pageranks
from churn_spark.features.partners import contacts
from churn_spark.features.snapshot import SnapshotInputs, snapshots
from tests.features import network_oracle as oracle

MONTHS = (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1))
WINDOWS = (7, 28)
OPS = ("pagerank", "community_size", "community_left")
LEFT = "customer_id string, as_of_date date, left boolean"
EVENTS = "customer_id string, counterparty string, event_date date, known_from date"
FEATURES = [Feature(f"{op}_{window}", "calls", op, window=window) for op in OPS for window in WINDOWS]


def checkpoint(rows):
    return rows.localCheckpoint()


def engine(spark, calls, left, features=FEATURES, months=MONTHS):
    """The engine's rows by month, window and customer."""
    events = spark.createDataFrame(calls, EVENTS)
    gone = spark.createDataFrame([(a, m, b) for a, b in left.items() for m in months], LEFT) if left else None
    rows = networks(contacts(events), events, gone, features, months, checkpoint)
    return {tuple(row)[:3]: tuple(row)[3:] for row in rows.collect()}


def right(calls, left):
    expected = {}
    for month in MONTHS:
        for window in WINDOWS:
            edges = oracle.graph(calls, window, month)
            ranks, label = oracle.ranks_in_billionths(edges), oracle.communities(edges)
            for a in oracle.members(edges):
                size = sum(label[b] == label[a] for b in label)
                expected[month, window, a] = (ranks[a], label[a], size, oracle.share_left(label, a, left))
    return expected


AGES = st.one_of(st.sampled_from([0, 1, 7, 8, 27, 28, 29, 36, 56, 57, 59, 60]), st.integers(0, 90))
DAYS = st.tuples(AGES, st.sampled_from([0, 0, 0, 1, 5, 30])).map(
    lambda drawn: (MONTHS[-1] - timedelta(drawn[0]), MONTHS[-1] - timedelta(drawn[0] - 1 - drawn[1]))
)
CALL = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([None, *"abcdefghxy"]), DAYS).map(
    lambda drawn: (*drawn[:2], *drawn[2])
)
PAIR = [("m", "n", MONTHS[-1] - timedelta(5), MONTHS[-1]), ("n", "x", MONTHS[-1] - timedelta(5), MONTHS[-1])]
"""Two customers apart from all others, one of whom calls only who is no customer."""


@settings(max_examples=2, phases=(Phase.explicit, Phase.generate))
@given(st.lists(CALL, min_size=1, max_size=90), st.dictionaries(st.sampled_from("abcdefm"), st.booleans()))
def test_networks_are_what_loops_over_contacts_find(spark, calls, left):
    assert engine(spark, [*calls, *PAIR], left) == right([*calls, *PAIR], left)


EDGES = st.dictionaries(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), st.integers(1, 500)).map(
    lambda drawn: {(a, b): events for (a, b), events in drawn.items() if a != b}
)


@given(EDGES.filter(bool))
def test_whole_numbers_rank_as_the_textbook_does(edges):
    floating = oracle.ranks_by_power_iteration(edges, 10, dangling=False)
    assert oracle.ranks_in_billionths(edges) == {a: pytest.approx(rank, abs=1e-5) for a, rank in floating.items()}


@given(EDGES.filter(bool))
def test_what_customers_without_partners_give_may_be_lost_as_well_as_given_to_all(edges):
    lost = oracle.ranks_by_power_iteration(edges, 150, dangling=False)
    to_all = oracle.ranks_by_power_iteration(edges, 150, dangling=True)
    assert lost == {a: pytest.approx(rank, abs=1e-6) for a, rank in to_all.items()}


def graph_of(spark, edges):
    rows = [(MONTHS[0], 28, a, b, events) for a, b, events in edges]
    return spark.createDataFrame(
        rows, "as_of_date date, days int, customer_id string, counterparty string, events long"
    )


def test_who_is_called_ranks_high(spark):
    edges = [("a", "hub", 1), ("b", "hub", 3), ("b", "c", 1)]
    ranks = {r["customer_id"]: r["pagerank"] for r in pageranks(graph_of(spark, edges), checkpoint).collect()}
    expected = oracle.ranks_by_power_iteration({(a, b): events for a, b, events in edges}, 10, dangling=False)
    assert ranks == {a: pytest.approx(rank, abs=1e-6) for a, rank in expected.items()}
    assert ranks["hub"] > ranks["c"] > ranks["a"]


def test_two_circles_with_one_thin_tie_are_two_communities(spark):
    circles = [[*"abcd"], [*"wxyz"]]
    edges = [(a, b, 5) for circle in circles for a in circle for b in circle if a < b]
    rows = communities(graph_of(spark, [*edges, ("a", "z", 1), ("p", "q", 2)]), checkpoint).collect()
    label = {row["customer_id"]: row["community"] for row in rows}
    assert label == {**dict.fromkeys("abcd", "a"), **dict.fromkeys("wxyz", "w"), "p": "p", "q": "p"}


def test_only_what_is_asked_for_is_computed(spark):
    calls = [("a", "b", date(2025, 12, 30), MONTHS[0]), ("b", None, date(2025, 12, 1), date(2025, 12, 2))]
    rows = engine(spark, calls, {}, [Feature("size", "calls", "community_size", window=7)], MONTHS[:1])
    assert rows == {(MONTHS[0], 7, a): (None, "a", 2, None) for a in "ab"}


def test_a_snapshot_takes_the_network_of_its_month(spark):
    source = Source("calls", "events", "csv", "", (), "customer", Delivered(), counterparty="partner")
    features = FeatureSet(
        (Feature("rank", "calls", "pagerank", window=7), Feature("size", "calls", "community_size", window=28))
    )
    stored = [(m, "calls", days, "a", float(m.month), "a", days, None) for m in MONTHS for days in WINDOWS]
    stored.append((MONTHS[1], "texts", 7, "a", 9.0, "a", 9, None))
    frame = spark.createDataFrame(
        stored,
        "as_of_date date, source string, days int, customer_id string, pagerank double, community string,"
        " community_size long, community_left double",
    )
    tiles = spark.createDataFrame(
        [(a, date(2026, 1, 30), date(2026, 1, 31), 1) for a in "ab"],
        "customer_id string, event_date date, known_from date, events long",
    )
    firsts = tiles.select(
        "customer_id", F.lit("calls").alias("source"), F.col("event_date").alias("first_seen"), "known_from"
    )
    known = SnapshotInputs(
        {"calls": tiles}, firsts, contacts={"calls": contacts(spark.createDataFrame([], EVENTS))}, networks=frame
    )
    days = (date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1))
    rows = snapshots(known, (source,), features, Population("active", ("calls",), days=40), days).collect()
    assert {(r["customer_id"], r["as_of_date"]): (r["rank"], r["size"]) for r in rows} == {
        **{("a", day): (float(day.month), 28) for day in days},
        **{("b", day): (None, None) for day in days},
    }
