"""Effects beside sums by plain loops, and what is said of them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.actions.effect import arms, compared, effect_row, qini_curves
from churn_spark.actions.proportions import Arm
from churn_spark.definitions.feedback import HARMS, TOO_FEW, UNDECIDED, WORKS, Feedback
from tests.actions.test_proportions import arm
from tests.frames import rows

OUTCOME = {
    "customer_id": "a",
    "as_of_date": "2026-03-01",
    "planned_action": "coupon",
    "arm": "treated",
    "segment": "0",
    "audience": "others",
    "risk": 0.5,
    "value": 10.0,
    "retained": 1,
    "cost": 5.0,
}
DRAWN = st.lists(
    st.tuples(
        st.sampled_from(["coupon", "call", None]),
        st.sampled_from("abcdefgh"),
        st.sampled_from(["0", None]),
        st.sampled_from([0, 1, None]),
        st.sampled_from([1.0, 20.5]),
        st.sampled_from(["explore", "none", "", "", ""]),
        st.sampled_from([0.1, 0.5, 0.5001, 1.0]),
    ),
    min_size=1,
    max_size=31,
)


def arm_of(customer: str, drawn: str) -> str:
    """Whoever is withheld is withheld always."""
    return drawn or ("control" if customer < "d" else "treated")


def oracle(drawn, group):
    """By planned action, group and arm the rows of every customer."""
    found = {}
    for action, customer, segment, retained, value, other, _ in drawn:
        mine = arm_of(customer, other)
        if action is None or retained is None or mine not in ("treated", "control"):
            continue
        key = (action, *group(segment))
        found.setdefault(key, {}).setdefault(mine, {}).setdefault(customer, []).append((1 - retained, value))
    return {key: {mine: arm([*of.values()]) for mine, of in by_arm.items()} for key, by_arm in found.items()}


@settings(max_examples=8)
@given(DRAWN)
def test_sums_are_those_of_the_loops(spark, drawn):
    names = ("planned_action", "customer_id", "segment", "retained", "value", "arm", "risk")
    given_rows = [
        dict(zip(names, (*row[:5], arm_of(row[1], row[5]), row[6]), strict=True))
        | {"as_of_date": f"2026-03-{n + 1:02d}"}
        for n, row in enumerate(drawn)
    ]
    known = compared(rows(spark, OUTCOME, *given_rows))
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
    found = arms(compared(rows(spark, OUTCOME, {"value": None}, {"customer_id": "b", "arm": "control", "retained": 0})))
    row = effect_row(("coupon", "all", "all"), found["coupon", "all", "all"], None, 0.1, Feedback())
    assert row["effect"] == 1
    assert "profit" not in row


def of(rows_: int, left: int) -> Arm:
    made = arm([[(1, 100.0)]] * left + [[(0, 100.0)]] * (rows_ - left))
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
