"""Which customers are compared, beside a plain account, and what is seen of the sizes of both sides."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.actions.comparable import LEFT, PLAN, RISK, TREATED, WEIGHT, Side, Sides, comparable, sides
from churn_spark.models.uplift.learning import refused
from tests.frames import rows

DAY = date(2026, 5, 1)
OUTCOME = {
    "customer_id": "a",
    "as_of_date": "2026-03-01",
    "planned_action": "coupon",
    "action": "coupon",
    "arm": "treated",
    "retained": 1,
    "matured_on": "2026-04-01",
    "risk": 0.5,
    "propensity": 0.8,
}
DRAWN = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(["coupon", "call", None]),
        st.sampled_from(
            [("treated", "planned"), ("control", None), ("explore", "coupon"), ("explore", "call"), ("none", None)]
        ),
        st.sampled_from([0, 1, None]),
        st.sampled_from(["2026-04-01", "2026-05-01", "2026-05-02", None]),
        st.sampled_from([0.1, 0.8]),
    ),
    min_size=1,
    max_size=20,
)


def account(drawn):
    """By customer the first plan, if it says something and nothing was done before."""
    first = {}
    for n, (customer, planned, (arm, done), retained, matured, propensity) in enumerate(drawn):
        got = planned if done == "planned" else done
        if planned is not None or got is not None:
            first.setdefault(customer, (n, planned, got, arm, retained, matured, propensity))
    found = set()
    for customer, (n, planned, got, arm, retained, matured, propensity) in first.items():
        if planned is None or retained is None or matured is None or matured > DAY.isoformat():
            continue
        if got == planned or arm == "control":
            left = float(1 - retained)
            found.add((customer, date(2026, 3, n + 1), planned, got == planned, left, 0.0, round(1 / propensity, 6)))
    return found


@settings(max_examples=8)
@given(DRAWN)
def test_the_first_plan_counts_if_chance_decided_it_and_its_outcome_is_known(spark, drawn):
    made = [
        {
            "customer_id": customer,
            "as_of_date": f"2026-03-{n + 1:02d}",
            "planned_action": planned,
            "arm": arm,
            "action": planned if done == "planned" else done,
            "retained": retained,
            "matured_on": matured,
            "propensity": propensity,
        }
        for n, (customer, planned, (arm, done), retained, matured, propensity) in enumerate(drawn)
    ]
    found = comparable(rows(spark, OUTCOME, *made), DAY)
    columns = ("customer_id", "as_of_date", PLAN, TREATED, LEFT, RISK, WEIGHT)
    assert {(*row[:-1], round(row[-1], 6)) for row in found.select(*columns).collect()} == account(drawn)


def test_the_sums_of_both_sides(spark):
    withheld = {"arm": "control", "action": None, "propensity": 0.1}
    made = rows(
        spark, OUTCOME, {}, {"customer_id": "b", "retained": 0}, {"customer_id": "c", **withheld, "retained": 0}
    )
    found = sides(comparable(made, DAY))
    assert found == {
        "coupon": Sides(
            Side(2, 1, *map(pytest.approx, (2.5, 3.125, 1.25, 1.5625))),
            Side(1, 1, *map(pytest.approx, (10.0, 100.0, 10.0, 100.0))),
        )
    }


MANY = Side(9000, 900, 10_000.0, 11_111.0)


@pytest.mark.parametrize(
    ("sides_", "verdict", "said"),
    [
        (Sides(), "too few to say", "of 0 customers acted upon 0 left and 0 stayed; at least 100 of each"),
        (Sides(MANY, Side(1000, 99, 10_000.0, 100_000.0)), "too few to say", "withheld 99 left and 901 stayed"),
        (Sides(MANY, Side(1000, 1000, 10_000.0, 100_000.0)), "too few to say", "1,000 left and 0 stayed"),
        (Sides(MANY, Side(800, 150, 8000.0, 80_000.0)), "not comparable", "10,000 stand against 8,000 withheld"),
    ],
)
def test_what_cannot_be_learnt_from_is_named(sides_, verdict, said):
    found = refused(sides_, 100)
    assert found.verdict == verdict
    assert said in found.finding


def test_enough_on_both_sides_can_be_learnt_from():
    assert refused(Sides(MANY, Side(1000, 150, 10_000.0, 100_000.0)), 100) is None
