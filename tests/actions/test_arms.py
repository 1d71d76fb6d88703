"""Arms beside an oracle of plain Python, their probabilities beside the shares of many draws."""

import hashlib
import math
from collections import Counter, defaultdict
from datetime import date

import pytest
from pyspark.sql import functions as F

from churn_spark.actions.arms import assigned, drawn
from churn_spark.definitions.actions import Action, Holdout, Interventions
from tests.actions.plans import refuse_excess

DAY = date(2026, 3, 1)
HOLDOUT = Holdout(control=0.2, explore=0.3, salt="spring")
ACTIONS = (Action("coupon", "email", 5.0, 0.1), Action("service", "app", 8.0, 0.12), Action("call", "phone", 12.0, 0.2))
TYPES = [([0, 1, 2], 0), ([0, 1, 2], None), ([0, 2], 2), ([1], 1), ([], None), ([2], None)]
"""Actions that may be taken, and the planned one."""
EACH = 1500


def unit(purpose: str, customer: str, salt: str = "spring") -> float:
    return int(hashlib.sha256(f"{salt}|{purpose}|{customer}".encode()).hexdigest()[:13], 16) / 16**13


def customers(spark, each: int = EACH):
    types = spark.createDataFrame(list(enumerate(TYPES)), "type int, made struct<suits: array<int>, planned: int>")
    named = types.crossJoin(spark.range(each)).withColumn("customer_id", F.concat_ws("-", "type", "id"))
    return named.select("customer_id", "type", "made.suits", "made.planned")


def oracle(customer: str, suits: list[int], planned: int | None, shares: dict[int, float]) -> tuple[str, int | None]:
    if unit("control", customer) < HOLDOUT.control:
        return "control", None
    random = suits[int(unit(f"which {DAY}", customer) * len(suits))] if suits else None
    if random is not None and unit("explore", customer) < shares[random]:
        return "explore", random
    return ("treated", planned) if planned is not None else ("none", None)


def test_without_limits_arms_are_as_drawn_and_shares_as_their_probability(spark):
    playbook = Interventions(ACTIONS, holdout=HOLDOUT)
    arms = assigned(drawn(customers(spark), HOLDOUT, DAY), playbook)
    assert not arms.lowered
    rows = arms.customers.collect()
    shares = dict.fromkeys(range(3), HOLDOUT.explore)
    for row in rows:
        assert (row.arm, row.done) == oracle(row.customer_id, row.suits, row.planned, shares)
    refuse_other_shares(rows)


def test_where_random_actions_do_not_fit_fewer_explore_them_and_probabilities_follow(spark):
    """The plan uses all coupons and half the money; calls are scarce, so hardly anybody may explore one."""
    planned_calls = EACH
    actions = (Action("coupon", "email", 5.0, 0.1, EACH), ACTIONS[1], Action("call", "phone", 12.0, 0.2, planned_calls))
    playbook = Interventions(actions, budget=EACH * (5.0 + 8.0 + 12.0), holdout=HOLDOUT)
    arms = assigned(drawn(customers(spark), HOLDOUT, DAY), playbook)
    assert arms.lowered
    assert 0 < arms.steps[2] < arms.steps[0]
    rows = arms.customers.collect()
    refuse_excess(Counter(row.done for row in rows if row.done is not None), playbook)
    shares = {k: HOLDOUT.explore * step / 100 for k, step in enumerate(arms.steps)}
    for row in rows:
        assert (row.arm, row.done) == oracle(row.customer_id, row.suits, row.planned, shares)
    refuse_other_shares(rows)


def refuse_other_shares(rows) -> None:
    """Of customers of a type, a share gets each action that is its probability; all probabilities add up to 1."""
    by_type = defaultdict(list)
    for row in rows:
        by_type[row.type].append(row)
    for same in by_type.values():
        chances = {row.done: row.propensity for row in same}
        assert {(row.done, round(row.propensity, 12)) for row in same} == {
            (k, round(p, 12)) for k, p in chances.items()
        }
        assert sum(chances.values()) == pytest.approx(1, abs=1e-9)
        for done, chance in chances.items():
            share = sum(row.done == done for row in same) / len(same)
            assert abs(share - chance) <= 4.5 * math.sqrt(chance * (1 - chance) / len(same)) + 1e-12


def test_without_exploring_and_without_control_everybody_gets_what_is_planned(spark):
    playbook = Interventions(ACTIONS, holdout=Holdout(0.0, 0.0))
    rows = assigned(drawn(customers(spark, 20), playbook.holdout, DAY), playbook).customers.collect()
    assert all(row.done == row.planned and row.propensity == 1 for row in rows)
    assert {row.arm for row in rows} == {"treated", "none"}


def test_who_is_withheld_stays_and_what_is_tried_is_drawn_anew_at_each_date(spark):
    one, other = (
        drawn(customers(spark, 200), HOLDOUT, day).where("type = 0").orderBy("customer_id").collect()
        for day in (DAY, date(2026, 3, 2))
    )
    assert [(row.control, row.step) for row in one] == [(row.control, row.step) for row in other]
    assert [row.random for row in one] != [row.random for row in other]
