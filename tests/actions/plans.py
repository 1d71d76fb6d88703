"""Plans worked out another way: the exact optimum by a solver, the checks of a plan as plain loops."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from churn_spark.definitions.actions import Action, Interventions


@dataclass(frozen=True)
class Person:
    """A customer above the line: what is at stake (money, null: not known), and the actions that may be taken.

    effects: of each action; None: those of the playbook.
    """

    at_stake: float | None
    suits: tuple[int, ...]
    effects: tuple[float, ...] | None = None


def profit(person: Person, k: int, playbook: Interventions) -> float:
    effect = person.effects[k] if person.effects else playbook.actions[k].effect
    return person.at_stake * effect - playbook.actions[k].cost if person.at_stake is not None else float("-inf")


def optimum(people: Sequence[Person], playbook: Interventions) -> float:
    """The highest profit of any plan, by a solver for all customers at once."""
    pairs = [
        (n, k, profit(person, k, playbook))
        for n, person in enumerate(people)
        for k in person.suits
        if profit(person, k, playbook) > 0
    ]
    if not pairs:
        return 0.0
    rows, limits = [], []
    for n in range(len(people)):
        rows.append([float(pair[0] == n) for pair in pairs])
        limits.append(1.0)
    for k, action in enumerate(playbook.actions):
        if action.capacity is not None:
            rows.append([float(pair[1] == k) for pair in pairs])
            limits.append(float(action.capacity))
    if playbook.budget is not None:
        rows.append([playbook.actions[pair[1]].cost for pair in pairs])
        limits.append(playbook.budget)
    solved = milp(
        [-pair[2] for pair in pairs],
        constraints=LinearConstraint(np.array(rows), -np.inf, limits),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(pairs)),
        options={"mip_rel_gap": 0},
    )
    return float(-solved.fun)


def worth(people: Sequence[Person], planned: Sequence[int | None], playbook: Interventions) -> float:
    """The profit of a plan, which fails where it breaks a rule."""
    counts: Counter[int] = Counter()
    total = 0.0
    for person, k in zip(people, planned, strict=True):
        if k is not None:
            assert k in person.suits
            assert profit(person, k, playbook) > 0
            counts[k] += 1
            total += profit(person, k, playbook)
    refuse_excess(counts, playbook)
    return total


def refuse_excess(counts: Counter[int], playbook: Interventions) -> None:
    """Fails where so many actions exceed budget or capacities, by the numbers as they are written."""
    for k, action in enumerate(playbook.actions):
        assert action.capacity is None or counts[k] <= action.capacity
    spent = sum(Fraction(str(action.cost)) * counts[k] for k, action in enumerate(playbook.actions))
    assert playbook.budget is None or spent <= Fraction(str(playbook.budget))


COSTS = st.sampled_from([0.0, 0.1, 0.3, 1.0, 1.5, 4.0, 5.0])
EFFECTS = st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.5, 1.0])
STAKES = st.one_of(st.none(), st.sampled_from([-3.0, 0.0, 10.0, 10.0, 30.0]), st.floats(0.01, 300))


@st.composite
def playbooks(draw: st.DrawFn) -> Interventions:
    actions = tuple(
        Action(f"a{k}", "email", draw(COSTS), draw(EFFECTS), draw(st.one_of(st.none(), st.integers(1, 4))))
        for k in range(draw(st.integers(1, 4)))
    )
    return Interventions(actions, budget=draw(st.one_of(st.none(), st.sampled_from([0.3, 1.0, 3.7, 10.0, 40.0]))))


@st.composite
def people(draw: st.DrawFn, actions: int, most: int = 12) -> list[Person]:
    suits = st.sets(st.integers(0, actions - 1)).map(lambda chosen: tuple(sorted(chosen)))
    return draw(st.lists(st.builds(Person, STAKES, suits), min_size=1, max_size=most))
