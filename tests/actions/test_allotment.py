"""How near the plan comes to the exact optimum, with many playbooks, many ties, and groups that are taken apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.actions import allotment, core
from churn_spark.actions.terms import room
from churn_spark.definitions.actions import Action, Interventions
from tests.actions.allotting import Customers
from tests.actions.plans import Person, optimum, people, playbooks


@settings(max_examples=200)
@given(st.data())
def test_few_customers_are_served_as_well_as_can_be(data):
    playbook = data.draw(playbooks())
    customers = [person for person in data.draw(people(len(playbook.actions), most=40)) if person.at_stake is not None]
    profit, most = planned(customers, playbook)
    assert profit == pytest.approx(optimum(customers, playbook), rel=1e-6, abs=1e-6)
    assert profit <= most + 1e-6


def planned(customers: list[Person], playbook: Interventions, seed: int = 0) -> tuple[float, float]:
    actions = range(len(playbook.actions))
    suits = np.array([[k in p.suits for k in actions] for p in customers], dtype=bool).reshape(-1, len(actions))
    return Customers(np.array([p.at_stake for p in customers], dtype=float), suits, playbook, seed).plan()


def drawn(seed: int, count: int) -> tuple[list[Person], Interventions]:
    """Customers, some of them with as much at stake as many others, and limits that bind."""
    dice = np.random.default_rng(seed)
    stakes = np.exp(dice.normal(4, 1, count)) * dice.beta(2, 5, count)
    if seed % 3 == 0:
        stakes = np.round(stakes / 20) * 20 + 1
    actions = tuple(
        Action(
            f"a{k}",
            "email",
            round(float(dice.uniform(0.5, 12)), 1),
            round(float(dice.uniform(0.05, 0.4)), 2),
            int(dice.integers(1, count // 4)) if dice.random() < 0.6 else None,
        )
        for k in range(int(dice.integers(1, 5)))
    )
    budget = round(float(dice.uniform(0.1, 1.0)) * count, 1)
    chosen = [tuple(k for k in range(len(actions)) if dice.random() < 0.7) for _ in range(count)]
    return [Person(float(s), c) for s, c in zip(stakes, chosen, strict=True)], Interventions(actions, budget=budget)


@pytest.mark.parametrize("search", [True, False])
def test_with_groups_taken_apart_it_misses_next_to_nothing(monkeypatch, search):
    """Without the search for the best choice of the last customers it is by gain, as where they are too many."""
    monkeypatch.setattr(allotment, "CORE", 30)
    monkeypatch.setattr(core, "MOST_CHOICES", core.MOST_CHOICES if search else 0)
    missed = []
    for seed in range(30):
        customers, playbook = drawn(seed, 400)
        profit, most = planned(customers, playbook, seed)
        best = optimum(customers, playbook)
        assert profit <= best + 1e-6
        assert best <= most + 1e-6
        assert most <= 1.05 * best
        missed.append(1 - profit / best if best else 0.0)
    assert np.median(missed) < (1e-4 if search else 1e-3)
    assert max(missed) < (0.005 if search else 0.02)


def test_of_a_hundred_thousand_equal_customers_as_many_are_served_as_fit():
    actions = (Action("a", "email", 5.0, 0.1, 100), Action("b", "email", 5.0, 0.1, 200), Action("c", "email", 5.0, 0.1))
    customers = Customers(
        np.full(100_000, 100.0), np.ones((100_000, 3), dtype=bool), Interventions(actions, budget=5000)
    )
    assert customers.plan() == (pytest.approx(5000.0), pytest.approx(5000.0))


def test_money_is_counted_as_it_is_written():
    playbook = Interventions((Action("a", "email", 0.1, 0.5), Action("b", "email", 1 / 3, 0.5)), budget=0.3)
    assert room(playbook).fits(np.array([3, 0]))
    assert not room(playbook).fits(np.array([0, 1]))
    assert not room(playbook).fits(np.array([4, 0]))
