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


def engine(spark, snapshots, rows, periods, rule):
    """The engine's labels by customer and date, as the oracle gives them."""
    population = spark.createDataFrame(snapshots, "customer_id string, as_of_date date")
    events = spark.createDataFrame(rows, ROWS)
    days = events.select("customer_id", "event_date", "known_from")
    if rule.rule == "decline":
        found = rules.decline(population, events, periods, rule)
    elif rule.rule == "inactivity":
        found = rules.inactivity(population, days, periods, LAST_SEEN)
    else:
        found = rules.event(population, days, periods)
    return {(r["customer_id"], r["as_of_date"]): (r["label"], r["excluded"], r["churned_on"]) for r in found.collect()}


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
    assert one(spark, EVENT, yesterday, S) == (0, None, None)
    assert one(spark, EVENT, S + timedelta(days=7)) == (1, None, S + timedelta(days=7))


def test_without_a_base_there_is_nothing_to_decline_from(spark):
    assert one(spark, DECLINE, S + timedelta(days=8)) == (None, "no_base", None)
    assert one(spark, DECLINE, S - timedelta(days=14)) == (1, None, None)
    assert one(spark, DECLINE, S - timedelta(days=15)) == (None, "no_base", None)


def test_a_sum_at_the_limit_itself_is_no_decline(spark):
    # 0.07 x 100 in doubles is 7.000000000000001.
    rule = LabelRule("decline", ("purchases",), measure="amount", ratio=0.07, base_days=28)
    base, now = S - timedelta(days=3), S + timedelta(days=8)
    rows = [("a", base, S, 100), ("b", base, S, 100), ("a", now, now, 7), ("b", now, now, 6)]
    found = engine(spark, [("a", S), ("b", S)], rows, PERIODS, rule)
    assert (found[("a", S)][0], found[("b", S)][0]) == (0, 1)


def test_a_contract_that_ended_too_early_takes_the_label(spark):
    days = spark.createDataFrame([("b", S, S)], "customer_id string, event_date date, known_from date")
    population = spark.createDataFrame([(name, S) for name in "abcd"], "customer_id string, as_of_date date")
    labels = rules.inactivity(population, days, PERIODS, LAST_SEEN)
    lost, in_gap = population.where("customer_id = 'a'"), population.where("customer_id in ('a', 'b')")
    found = rules.without_ended_contracts(labels, lost, in_gap).select("customer_id", "label", "excluded", "churned_on")
    assert {tuple(row) for row in found.collect()} == {
        ("a", None, "already_lost", None),
        ("b", None, "churned_in_gap", None),
        ("c", 1, None, None),
        ("d", 1, None, None),
    }


def test_days_to_churn_count_from_the_as_of_date(spark):
    population = spark.createDataFrame([("a", S)], "customer_id string, as_of_date date")
    days = spark.createDataFrame(
        [("a", S + timedelta(days=9), S + timedelta(days=10))], "customer_id string, event_date date, known_from date"
    )
    found = rules.event(population, days, PERIODS).first()
    assert (found["days_to_churn"], found["matured_on"]) == (9, S + timedelta(days=37))


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
