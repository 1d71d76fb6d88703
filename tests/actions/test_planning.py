"""The plan for everybody beside the exact optimum, on few customers and on many, whatever the order of rows."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.actions import allotment
from churn_spark.actions.plan_summary import summed
from churn_spark.actions.planning import planned, weighed
from churn_spark.actions.terms import Kinds
from churn_spark.definitions.actions import Action, Interventions
from tests.actions.plans import Person, optimum, people, playbooks, worth

SCHEMA = "customer_id string, suits array<int>, at_stake double, draw double, kind int"
ACTIONS = (
    Action("coupon", "email", 5.0, 0.1, capacity=40),
    Action("service", "app", 8.0, 0.12),
    Action("call", "phone", 12.3, 0.2, capacity=9),
)


def rows_of(spark, customers: list[Person], seed: int = 0, kinds: Kinds | None = None):
    """Rows of customers; the draw of each is its own, so it does not depend on their order."""
    draws = [random.Random(f"draw {n}").random() for n in range(len(customers))]
    kind = [kinds.index(person.effects) if kinds else None for person in customers]
    numbers = [(f"c{n}", list(p.suits), p.at_stake, draws[n], kind[n]) for n, p in enumerate(customers)]
    random.Random(seed).shuffle(numbers)
    return spark.createDataFrame(numbers, SCHEMA)


def plan_of(
    spark,
    customers: list[Person],
    playbook: Interventions,
    seed: int = 0,
    partitions: int = 1,
    kinds: Kinds | None = None,
):
    rows = weighed(rows_of(spark, customers, seed, kinds).repartition(partitions), playbook, kinds).persist()
    plan = planned(rows, playbook, kinds)
    chosen = {row.customer_id: row.planned for row in plan.customers.collect()}
    assert len(chosen) == len(customers)
    actions = [chosen[f"c{n}"] for n in range(len(customers))]
    priced = plan.customers.selectExpr(
        "*",
        "'treated' AS arm",
        "CAST(planned AS STRING) AS planned_action",
        "CAST(0 AS DOUBLE) AS cost",
        "CAST(0 AS DOUBLE) AS expected_profit",
    )
    most = summed(priced, plan, playbook).most
    rows.unpersist()
    return actions, most


@settings(max_examples=8)
@given(st.data())
def test_of_few_customers_it_is_the_best_plan_there_is(spark, data):
    playbook = data.draw(playbooks())
    customers = data.draw(people(len(playbook.actions)))
    actions, most = plan_of(spark, customers, playbook)
    best = optimum(customers, playbook)
    assert worth(customers, actions, playbook) == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert most == pytest.approx(best, rel=1e-6, abs=1e-6)


def many(count: int, ties: bool = False) -> list[Person]:
    dice = random.Random(5)
    stakes = [dice.lognormvariate(3, 1) for _ in range(count)]
    suits = [tuple(k for k, share in enumerate((1, 0.3, 0.5)) if dice.random() < share) for _ in range(count)]
    return [Person(60.0 if ties else stake, suit) for stake, suit in zip(stakes, suits, strict=True)]


@pytest.mark.parametrize("ties", [False, True])
def test_of_many_customers_it_comes_near_the_bound_which_the_optimum_does_not_pass(spark, ties, monkeypatch):
    monkeypatch.setattr(allotment, "CORE", 20)  # so that groups are taken apart
    customers, playbook = many(600, ties), Interventions(ACTIONS, budget=397.1)
    actions, most = plan_of(spark, customers, playbook)
    profit, best = worth(customers, actions, playbook), optimum(customers, playbook)
    assert profit <= best + 1e-6 <= most + 2e-6
    assert profit >= 0.998 * best


def test_customers_on_whom_actions_work_otherwise_are_planned_for_as_such(spark, monkeypatch):
    monkeypatch.setattr(allotment, "CORE", 20)
    kinds = [(0.1, 0.12, 0.2), (0.0, 0.12, 0.2), (0.25, 0.12, 0.05), (0.0, 0.0, 0.0)]
    dice = random.Random(9)
    customers = [replace(person, effects=dice.choice(kinds)) for person in many(400)]
    playbook = Interventions(ACTIONS, budget=297.1)
    actions, most = plan_of(spark, customers, playbook, kinds=kinds)
    profit, best = worth(customers, actions, playbook), optimum(customers, playbook)
    assert profit <= best + 1e-6 <= most + 2e-6
    assert profit >= 0.998 * best


def test_the_order_and_the_partitions_of_rows_make_no_difference(spark, monkeypatch):
    monkeypatch.setattr(allotment, "CORE", 20)
    customers, playbook = many(300, ties=True), Interventions(ACTIONS, budget=197.1)
    first, _ = plan_of(spark, customers, playbook)
    assert any(action is not None for action in first)
    assert plan_of(spark, customers, playbook, seed=1, partitions=3)[0] == first


def test_without_limits_everybody_gets_the_action_that_pays_most(spark):
    customers = [
        Person(30.0, (0, 1)),
        Person(500.0, (0, 1)),
        Person(20.0, (0,)),
        Person(None, (0, 1)),
        Person(90.0, ()),
    ]
    playbook = Interventions((Action("cheap", "email", 2.5, 0.1), Action("dear", "phone", 12.0, 0.2)))
    assert plan_of(spark, customers, playbook)[0] == [0, 1, None, None, None]


def test_a_profit_of_exactly_nothing_is_not_planned(spark):
    customers = [Person(50.0, (0,)), Person(50.1, (0,))]
    assert plan_of(spark, customers, Interventions((Action("a", "email", 5.0, 0.1),)))[0] == [None, 0]


def test_a_budget_is_used_up_to_the_last_cent_and_never_exceeded(spark):
    customers = [Person(100.0, (0,))] * 10
    actions, _ = plan_of(spark, customers, Interventions((Action("a", "email", 0.1, 0.5),), budget=0.3))
    assert sum(action == 0 for action in actions) == 3
