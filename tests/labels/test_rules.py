"""Label rules against the oracle, and at the days where windows begin and end."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule
from churn_spark.labels import rules
from tests.labels.oracle import LAST_SEEN, label

S = date(2026, 3, 1)
PERIODS = Periods(gap=7, performance=28, lateness=2)
INACTIVITY = LabelRule("inactivity", ("purchases",))
DECLINE = LabelRule("decline", ("purchases",), measure="amount", ratio=0.5, base_days=14)
EVENT = LabelRule("event", ("cancellations",))
ROWS = "customer_id string, event_date date, known_from date, amount bigint"
ENDS = "customer_id string, as_of_date date, ended_on date, known_then date"


def engine(spark, snapshots, rows, periods, rule):
    """The engine's labels by customer and date, as the oracle gives them."""
    population = matured(spark, snapshots, periods)
    events = spark.createDataFrame(rows, ROWS)
    days = events.select("customer_id", "event_date", "known_from")
    if rule.rule == "decline":
        labelled = rules.decline(population, events, periods, rule)
    elif rule.rule == "inactivity":
        labelled = rules.inactivity(population, days, periods, LAST_SEEN)
    else:
        labelled = rules.event(population, days, periods)
    return {
        (r["customer_id"], r["as_of_date"]): (r["label"], r["excluded"], r["churned_on"]) for r in labelled.collect()
    }


def matured(spark, snapshots, periods=PERIODS):
    """Snapshots that mature when the calendar says so."""
    rows = [(customer, day, periods.matured_on(day)) for customer, day in snapshots]
    return spark.createDataFrame(rows, "customer_id string, as_of_date date, matured_on date")


def one(spark, rule, event_date, known_from=None, amount=100):
    """The label of one customer with one row."""
    known = known_from or event_date + timedelta(days=1)
    return engine(spark, [("a", S)], [("a", event_date, known, amount)], PERIODS, rule)[("a", S)]


@pytest.mark.parametrize(
    ("days_after", "expected"),
    [(-1, 1), (0, 1), (6, 1), (7, 0), (34, 0), (35, 1)],
    ids=["before", "gap opens", "gap closes", "window opens", "window closes", "after"],
)
def test_only_an_active_day_in_the_performance_window_keeps_a_customer(spark, days_after, expected):
    day = S + timedelta(days=days_after)
    assert one(spark, INACTIVITY, day)[0] == expected


@pytest.mark.parametrize(("known_after", "expected"), [(37, 0), (38, 1)])
def test_a_row_counts_when_known_by_the_maturity_date(spark, known_after, expected):
    assert one(spark, INACTIVITY, S + timedelta(days=20), S + timedelta(days=known_after))[0] == expected


def test_a_churn_event_in_the_gap_or_found_late_gives_a_reason_in_place_of_a_label(spark):
    assert one(spark, EVENT, S + timedelta(days=6)) == (None, "churned_in_gap", S + timedelta(days=6))
    yesterday = S - timedelta(days=1)
    assert one(spark, EVENT, yesterday, S + timedelta(days=1)) == (None, "already_lost", yesterday)
    assert one(spark, EVENT, yesterday, S) == (None, "already_lost", yesterday)
    assert one(spark, EVENT, S + timedelta(days=7)) == (1, None, S + timedelta(days=7))


def test_under_a_contract_an_event_known_at_the_as_of_date_belongs_to_a_former_one(spark):
    before = [("a", S - timedelta(days=5), S, 1), ("b", S - timedelta(days=5), S + timedelta(days=1), 1)]
    days = spark.createDataFrame(before, ROWS).drop("amount")
    labelled = rules.event(matured(spark, [("a", S), ("b", S)]), days, PERIODS, by_contract=True)
    assert {(row["customer_id"], row["label"], row["excluded"]) for row in labelled.collect()} == {
        ("a", 0, None),
        ("b", None, "already_lost"),
    }


def test_a_row_counts_when_known_by_the_day_on_which_its_snapshot_matured(spark):
    late = S + timedelta(days=50)
    snapshots = [("a", S, late), ("a", S + timedelta(days=1), late - timedelta(days=1))]
    population = spark.createDataFrame(snapshots, "customer_id string, as_of_date date, matured_on date")
    days = spark.createDataFrame([("a", S + timedelta(days=20), late, 1)], ROWS).drop("amount")
    labelled = rules.inactivity(population, days, PERIODS, LAST_SEEN).collect()
    assert sorted((row["label"], row["matured_on"]) for row in labelled) == [(0, late), (1, late - timedelta(days=1))]


@pytest.mark.parametrize(
    ("days_after", "expected"),
    [
        (None, (0, None)),
        (-1, (None, "already_lost")),
        (0, (None, "churned_in_gap")),
        (6, (None, "churned_in_gap")),
        (7, (1, None)),
        (34, (1, None)),
        (35, (0, None)),
    ],
)
def test_a_date_of_the_customer_labels_by_where_it_lies(spark, days_after, expected):
    ended_on = None if days_after is None else S + timedelta(days=days_after)
    ends = spark.createDataFrame([("a", S, ended_on, None)], ENDS)
    row = rules.ended(matured(spark, [("a", S)]), ends, PERIODS).first()
    assert (row["label"], row["excluded"]) == expected
    assert row["churned_on"] == (None if expected == (0, None) else ended_on)


def test_an_end_of_a_former_contract_was_known_at_the_as_of_date(spark):
    past, other = S - timedelta(days=30), S - timedelta(days=3)
    ends = spark.createDataFrame([("a", S, past, past), ("b", S, other, past), ("c", S, other, None)], ENDS)
    labelled = rules.ended(matured(spark, [(name, S) for name in "abc"]), ends, PERIODS, by_contract=True)
    assert {(row["customer_id"], row["label"], row["excluded"]) for row in labelled.collect()} == {
        ("a", 0, None),
        ("b", None, "already_lost"),
        ("c", None, "already_lost"),
    }


def test_an_outage_takes_the_labels_of_its_dates(spark):
    later = S + timedelta(days=1)
    population = matured(spark, [("a", S), ("a", later)])
    labels = rules.inactivity(population, spark.createDataFrame([], ROWS).drop("amount"), PERIODS, LAST_SEEN)
    labelled = rules.without_outages(labels, [S]).collect()
    assert {(row["as_of_date"], row["label"], row["excluded"], row["days_to_churn"]) for row in labelled} == {
        (S, None, "outage", None),
        (later, 1, None, None),
    }


def test_without_a_base_there_is_nothing_to_decline_from(spark):
    assert one(spark, DECLINE, S + timedelta(days=8)) == (None, "no_base", None)
    assert one(spark, DECLINE, S - timedelta(days=14)) == (1, None, None)
    assert one(spark, DECLINE, S - timedelta(days=15)) == (None, "no_base", None)


def test_a_sum_at_the_limit_itself_is_no_decline(spark):
    # 0.07 x 100 in doubles is 7.000000000000001.
    rule = LabelRule("decline", ("purchases",), measure="amount", ratio=0.07, base_days=28)
    base, now = S - timedelta(days=3), S + timedelta(days=8)
    rows = [("a", base, S, 100), ("b", base, S, 100), ("a", now, now, 7), ("b", now, now, 6)]
    labelled = engine(spark, [("a", S), ("b", S)], rows, PERIODS, rule)
    assert (labelled[("a", S)][0], labelled[("b", S)][0]) == (0, 1)


def test_a_contract_that_ended_too_early_takes_the_label(spark):
    days = spark.createDataFrame([("b", S, S)], "customer_id string, event_date date, known_from date")
    population = matured(spark, [(name, S) for name in "abcd"])
    labels = rules.inactivity(population, days, PERIODS, LAST_SEEN)
    lost, in_gap = population.where("customer_id = 'a'"), population.where("customer_id in ('a', 'b')")
    labelled = rules.without_ended_contracts(labels, lost, in_gap).select(
        "customer_id", "label", "excluded", "churned_on"
    )
    assert {tuple(row) for row in labelled.collect()} == {
        ("a", None, "already_lost", None),
        ("b", None, "churned_in_gap", None),
        ("c", 1, None, None),
        ("d", 1, None, None),
    }


def test_days_to_churn_count_from_the_as_of_date(spark):
    population = matured(spark, [("a", S)])
    days = spark.createDataFrame(
        [("a", S + timedelta(days=9), S + timedelta(days=10))], "customer_id string, event_date date, known_from date"
    )
    labelled = rules.event(population, days, PERIODS).first()
    assert (labelled["days_to_churn"], labelled["matured_on"]) == (9, S + timedelta(days=37))


rows = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.integers(-40, 60),
        st.one_of(st.just(1), st.integers(1, 45)),
        st.integers(-50, 500),
    ),
    max_size=60,
)


@settings(max_examples=8)
@given(
    rows,
    st.lists(st.integers(-10, 10), min_size=1, max_size=4, unique=True),
    st.builds(Periods, gap=st.integers(0, 9), performance=st.integers(1, 30), lateness=st.integers(0, 4)),
)
def test_every_rule_equals_the_oracle(spark, drawn, offsets, periods):
    dates = [S + timedelta(days=offset) for offset in offsets]
    events = []
    for customer, day, known_after, amount in drawn:
        happened = S + timedelta(days=day)
        events.append((customer, happened, happened + timedelta(days=known_after), amount))
    snapshots = [(customer, day) for customer in "abcdef" for day in dates]
    for rule in (INACTIVITY, DECLINE, EVENT):
        expected = {
            (customer, day): label(day, [row[1:] for row in events if row[0] == customer], periods, rule)
            for customer, day in snapshots
        }
        assert engine(spark, snapshots, events, periods, rule) == expected


def test_a_column_labels_who_has_0_or_1_in_it(spark):
    """Customers without a row, with null or with another number, however large, have no label."""
    population = matured(spark, [(customer, S) for customer in "abcdef"], Periods(0, 0))
    known = spark.createDataFrame(
        [("a", S, 1), ("b", S, 0), ("c", S, None), ("d", S, 2), ("e", S, 9_999_999_999)],
        "customer_id string, as_of_date date, left bigint",
    )
    labelled = {
        row["customer_id"]: (row["label"], row["excluded"]) for row in rules.column(population, known).collect()
    }
    assert labelled == {"a": (1, None), "b": (0, None), **dict.fromkeys("cdef", (None, "no_label"))}
