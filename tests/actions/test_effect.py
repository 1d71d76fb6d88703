"""Effects beside sums by plain loops, and what is said of them."""

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.actions.comparable import first_plans
from churn_spark.actions.effect import arms, effect_row, qini_curves
from churn_spark.actions.proportions import Arm
from churn_spark.definitions.feedback import HARMS, TOO_FEW, UNDECIDED, WORKS, Feedback
from tests.actions.test_proportions import LEAST, REPETITIONS
from tests.frames import rows

DAY = date(2026, 5, 1)
OUTCOME = {
    "customer_id": "a",
    "as_of_date": "2026-03-01",
    "planned_action": "coupon",
    "action": "coupon",
    "arm": "treated",
    "segment": "0",
    "audience": "others",
    "risk": 0.5,
    "value": 10.0,
    "retained": 1,
    "cost": 5.0,
    "matured_on": "2026-04-01",
    "propensity": 0.8,
}
WITHHELD = {"arm": "control", "action": None}
DRAWN = st.lists(
    st.tuples(
        st.sampled_from(["coupon", "call"]),
        st.sampled_from(["0", None]),
        st.sampled_from([0, 1]),
        st.sampled_from([1.0, 20.5]),
        st.booleans(),
        st.sampled_from([0.1, 0.5, 0.5001, 1.0]),
        st.sampled_from([0.5, 0.8]),
    ),
    min_size=1,
    max_size=31,
)


def oracle(drawn, group):
    """By planned action, group and arm every customer: what it counts for, whether it left, and its value."""
    found = {}
    for action, segment, retained, value, treated, _, propensity in drawn:
        mine = "treated" if treated else "control"
        of = found.setdefault((action, *group(segment)), {}).setdefault(mine, [])
        of.append((1 / propensity, 1 - retained, value))
    return {key: {mine: weighed(of) for mine, of in by_arm.items()} for key, by_arm in found.items()}


@settings(max_examples=8)
@given(DRAWN)
def test_sums_are_those_of_the_loops(spark, drawn):
    names = ("planned_action", "segment", "retained", "value", "arm", "risk", "propensity")
    made = [
        dict(zip(names, row, strict=True))
        | {"customer_id": f"c{n}", "arm": "treated" if row[4] else "control", "action": row[0] if row[4] else None}
        for n, row in enumerate(drawn)
    ]
    known = first_plans(rows(spark, OUTCOME, *made), DAY)
    expected = oracle(drawn, lambda segment: ("all", "all"))
    expected |= oracle(drawn, lambda segment: ("segment", segment or "unknown"))
    expected |= oracle(drawn, lambda segment: ("audience", "others"))
    found = arms(known)
    assert found.keys() == expected.keys()
    for key, by_arm in found.items():
        assert by_arm.keys() == expected[key].keys()
        for name, sums in by_arm.items():
            ours, theirs = ({slot: getattr(one, slot) for slot in Arm.__slots__} for one in (sums, expected[key][name]))
            assert ours == pytest.approx(theirs | {"cost": 5.0 * sums.rows})
    whole = {action: by_arm for (action, by, _), by_arm in found.items() if by == "all"}
    curves = qini_curves(known)
    assert curves.keys() == whole.keys()
    for action, by_arm in whole.items():
        assert (curves[action] is None) == (len(by_arm) < 2)
        if curves[action]:
            effect = effect_row((action, "all", "all"), by_arm, None, None, Feedback())["effect"]
            assert curves[action].points[-1][1] == pytest.approx(effect)


def test_rows_without_a_value_leave_money_out_and_nothing_else(spark):
    withheld = {"customer_id": "b", **WITHHELD, "retained": 0}
    found = arms(first_plans(rows(spark, OUTCOME, {"value": None}, withheld), DAY))
    row = effect_row(("coupon", "all", "all"), found["coupon", "all", "all"], None, 0.1, Feedback())
    assert row["effect"] == 1
    assert "profit" not in row


@pytest.mark.parametrize("later", [0.0, 0.3])
def test_who_is_planned_for_again_does_not_bend_the_effect(spark, later):
    """Frail customers of the control group leave first: afterwards it looks more loyal than those who were saved."""
    rng, truth, made = np.random.default_rng(7), 0.3, []
    for n in range(3000):
        withheld, leaves = rng.random() < 0.3, 0.5 if rng.random() < 0.3 else 0.05
        for again in range(4):
            works = 0.0 if withheld else truth if not again else later
            stayed = int(rng.random() >= leaves * (1 - works))
            one = {"customer_id": f"c{n}", "as_of_date": f"2026-01-{again + 1:02d}", "retained": stayed}
            made.append(one | ({**WITHHELD, "propensity": 0.3} if withheld else {"propensity": 0.7}))
            if not stayed:
                break
    by_arm = arms(first_plans(rows(spark, OUTCOME, *made), DAY))["coupon", "all", "all"]
    row = effect_row(("coupon", "all", "all"), by_arm, None, None, Feedback())
    assert row["treated"] + row["control"] == 3000
    assert row["low"] < truth * 0.185 < row["high"]
    assert row["kept_share"] == pytest.approx(truth, abs=0.1)


def weighed(customers: Sequence[tuple[float, int, float]]) -> Arm:
    """The sums over customers, each with what it counts for, whether it left, and its value."""
    n = [weight for weight, _, _ in customers]
    y = [weight * left for weight, left, _ in customers]
    v = [weight * (1 - left) * value for weight, left, value in customers]
    sums = {"rows": n, "left": y, "value": v}
    products = {"nn": (n, n), "ny": (n, y), "yy": (y, y), "nv": (n, v), "vv": (v, v)}
    return Arm(
        customers=len(customers),
        customers_left=sum(left for _, left, _ in customers),
        **{name: sum(one) for name, one in sums.items()},
        **{name: sum(a * b for a, b in zip(one, other, strict=True)) for name, (one, other) in products.items()},
    )


def test_unequal_weights_are_worth_fewer_customers():
    unequal = weighed([(10.0, 0, 1.0)] * 60 + [(2.0, 1, 1.0)] * 15 + [(2.0, 0, 1.0)] * 285)
    assert unequal.independent_rows == pytest.approx(200)
    assert weighed([(7.0, n % 4 == 0, 1.0) for n in range(80)]).independent_rows == pytest.approx(80)


def test_another_share_of_the_control_group_does_not_bend_the_effect():
    """Half are withheld when a tenth leaves, a tenth when three tenths leave; nothing works."""
    rng, verdicts, covered = np.random.default_rng(8), [], 0
    for _ in range(REPETITIONS):
        sides = {"treated": [], "control": []}
        for share, leaving in ((0.5, 0.1), (0.1, 0.3)):
            for withheld, left in zip(rng.random(500) < share, rng.random(500) < leaving, strict=True):
                arm = "control" if withheld else "treated"
                sides[arm].append((1 / (share if withheld else 1 - share), int(left), 100.0))
        row = effect_row(("x", "all", "all"), {k: weighed(v) for k, v in sides.items()}, None, 0.1, Feedback(least=20))
        verdicts.append(row["verdict"])
        covered += row["low"] <= 0 <= row["high"]
    assert covered >= LEAST
    assert verdicts.count(UNDECIDED) >= REPETITIONS - 6


def of(rows_: int, left: int) -> Arm:
    made = weighed([(1.0, 1, 100.0)] * left + [(1.0, 0, 100.0)] * (rows_ - left))
    return Arm(**{name: getattr(made, name) for name in Arm.__slots__} | {"cost": 5.0 * rows_})


@pytest.mark.parametrize(
    ("treated", "control", "verdict"),
    [
        (of(1000, 100), of(200, 50), WORKS),
        (of(1000, 300), of(200, 30), HARMS),
        (of(1000, 100), of(200, 22), UNDECIDED),
        (of(1000, 100), of(49, 40), TOO_FEW),
        (of(49, 0), of(1000, 400), TOO_FEW),
        (of(50, 0), of(50, 25), WORKS),
    ],
)
def test_what_is_said(treated, control, verdict):
    row = effect_row(("coupon", "all", "all"), {"treated": treated, "control": control}, None, 0.1, Feedback())
    assert row["verdict"] == verdict
    assert row["value_kept"] == pytest.approx(100 * row["effect"])
    assert row["profit"] == pytest.approx(row["value_kept"] - 5)
    assert row["total_profit"] == pytest.approx(row["profit"] * treated.rows)
    assert row["kept_share"] == pytest.approx(1 - treated.share / control.share)
    # Both rates are drawn together a little, so that it may pass what was seen, but not by much.
    assert min(row["kept_share"], 0.1) - 0.02 <= row["shrunk"] <= max(row["kept_share"], 0.1) + 0.02


@pytest.mark.parametrize("by_arm", [{}, {"treated": of(500, 20)}, {"control": of(500, 20)}])
def test_without_one_of_the_arms_nothing_is_said_and_the_prior_stands(by_arm):
    row = effect_row(("coupon", "all", "all"), by_arm, None, 0.1, Feedback())
    assert (row["verdict"], row["shrunk"], row.get("effect")) == (TOO_FEW, 0.1, None)
    assert not any(isinstance(value, float) and math.isnan(value) for value in row.values())
