"""What an action brings and costs, and how much of budget and capacities there is, as arrays and exact units."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from churn_spark.definitions.actions import Interventions

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Marks = NDArray[np.bool_]
NOTHING = -1
"""Stands for no action where others are numbered from 0, in the order of the playbook."""


@dataclass(frozen=True, slots=True)
class Terms:
    """By action: cost in money, capacity (infinite: no limit); and the budget, infinite likewise.

    effects: kinds of customers x actions.
    """

    costs: Array
    effects: Array
    capacities: Array
    budget: float

    @property
    def actions(self) -> int:
        return len(self.costs)

    def profits(self, at_stake: Array, pays: Places) -> Array:
        """Customers x actions: what each action is expected to bring, less its cost. at_stake: value x risk, money."""
        return np.asarray(at_stake[:, None] * self.effects[pays >> self.actions] - self.costs)

    def marked(self, pays: Places) -> Marks:
        """Customers x actions: which pay, from a number whose bit k stands for action k; above them is the kind."""
        return np.asarray((pays[:, None] >> np.arange(self.actions)) & 1, dtype=bool)


Kinds = Sequence[Sequence[float]]
"""The effects of each kind of customers, by action."""


def terms(playbook: Interventions, kinds: Kinds | None = None) -> Terms:
    """The terms of a playbook, actions in its order. kinds: without, all customers are of one."""
    infinite = float("inf")
    return Terms(
        np.array([action.cost for action in playbook.actions]),
        np.array(kinds or [[action.effect for action in playbook.actions]]),
        np.array(
            [infinite if action.capacity is None else action.capacity for action in playbook.actions], dtype=float
        ),
        infinite if playbook.budget is None else playbook.budget,
    )


@dataclass(frozen=True, slots=True)
class Room:
    """What is left, exactly: money in whole units of which `scale` are 1, and customers by action; None: no limit.

    Sums of costs as they are written have no rounding errors here, so a budget that is used up is never exceeded.
    """

    costs: tuple[int, ...]
    budget: int | None
    capacities: tuple[int | None, ...]
    scale: int

    def fits(self, used: Places) -> bool:
        """Whether so many customers of each action fit."""
        counts = [int(count) for count in used]
        spent = sum(cost * count for cost, count in zip(self.costs, counts, strict=True))
        within = all(most is None or count <= most for most, count in zip(self.capacities, counts, strict=True))
        return within and (self.budget is None or spent <= self.budget)

    def less(self, used: Places) -> "Room":
        """What is left once so many customers of each action are served."""
        counts = [int(count) for count in used]
        spent = sum(cost * count for cost, count in zip(self.costs, counts, strict=True))
        budget = None if self.budget is None else self.budget - spent
        left = tuple(
            None if most is None else most - count for most, count in zip(self.capacities, counts, strict=True)
        )
        return Room(self.costs, budget, left, self.scale)

    @property
    def terms(self) -> tuple[float, Array]:
        """Budget in money and capacities, infinite where there is no limit."""
        budget = float("inf") if self.budget is None else self.budget / self.scale
        return budget, np.array([float("inf") if most is None else most for most in self.capacities], dtype=float)


def room(playbook: Interventions) -> Room:
    """All that a playbook allows on one as-of date."""
    costs = [_exactly(action.cost) for action in playbook.actions]
    budget = None if playbook.budget is None else _exactly(playbook.budget)
    scale = lcm(*(amount.denominator for amount in (*costs, *([] if budget is None else [budget]))))
    return Room(
        tuple(int(cost * scale) for cost in costs),
        None if budget is None else int(budget * scale),
        tuple(action.capacity for action in playbook.actions),
        scale,
    )


def used(chosen: Places, actions: int, customers: Places | None = None) -> Places:
    """Customers by action, from the action of each row, or of each group of so many customers."""
    served = chosen >= 0
    weights = np.ones(len(chosen), dtype=np.int64) if customers is None else customers
    counts = np.zeros(actions, dtype=np.int64)
    np.add.at(counts, chosen[served], weights[served])
    return counts


def _exactly(money: float) -> Fraction:
    """The number as it is written, not as it is stored."""
    return Fraction(repr(money))
