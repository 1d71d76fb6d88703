"""Prices of a unit of budget and of each capacity, from groups of customers for whom an action brings about the same.

The plan for everybody is a multiple-choice knapsack. Its linear relaxation (a customer may be served in part) is solved
over groups; its dual solution are the prices. What a customer's best action brings beyond them, added up over all
customers, and the prices of all that there is, is an upper bound of every plan (Lagrangian duality; H. Kellerer,
U. Pferschy, D. Pisinger, Knapsack Problems, 2004, chapter 11).
"""

from dataclasses import dataclass, replace

import numpy as np

from churn_spark.actions.terms import NOTHING, Array, Marks, Places, Terms


@dataclass(frozen=True, slots=True)
class Groups:
    """Customers for whom the same actions pay, by what is at stake; arrays of one length.

    pays: bit k stands for action k, and above these bits is their kind. at_stake from `lowest` to `highest`, draws from
    `first` to `last` (see `planning`).
    """

    ids: Places
    pays: Places
    customers: Places
    lowest: Array
    highest: Array
    first: Array
    last: Array

    @property
    def middle(self) -> Array:
        return self.lowest + (self.highest - self.lowest) / 2

    def taken(self, chosen: Marks | Places) -> "Groups":
        """Some of them."""
        return Groups(*(getattr(self, name)[chosen] for name in self.__slots__))

    def and_others(self, others: "Groups") -> "Groups":
        """They and others."""
        pairs = ((getattr(self, name), getattr(others, name)) for name in self.__slots__)
        return Groups(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True, slots=True)
class Prices:
    """Money for a unit of the budget, and for one customer of each action's capacity."""

    budget: float
    capacities: Array

    def gains(self, at_stake: Array, pays: Places, terms: Terms) -> Array:
        """Customers x (actions, nothing): profit beyond the prices of what it uses; minus infinity where none."""
        gains = terms.profits(at_stake, pays) - self.budget * terms.costs - self.capacities
        allowed = np.where(terms.marked(pays), gains, -np.inf)
        return np.hstack([allowed, np.zeros((len(at_stake), 1))])

    def of_all(self, terms: Terms) -> float:
        """What all of the budget and of the capacities is worth; what has no limit has no price."""
        limits = np.append(terms.capacities, terms.budget)
        prices = np.append(self.capacities, self.budget)
        return float((limits[prices > 0] * prices[prices > 0]).sum())


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The solution of the relaxation: prices, profit, and the action of each group; split: it has more than one."""

    prices: Prices
    profit: float
    chosen: Places
    split: Marks

    def doubt(self, groups: Groups, terms: Terms) -> Array:
        """By group, the most that its customers may miss because the best action of some is another: money."""
        ends = [self.prices.gains(end, groups.pays, terms) for end in (groups.lowest, groups.highest)]
        rows = np.arange(len(self.chosen))
        missed = [gains.max(axis=1) - gains[rows, self.chosen] for gains in ends]
        return np.asarray(np.maximum(*missed) * groups.customers)

    def margins(self, groups: Groups, terms: Terms) -> Array:
        """By group: how much its best choice gains beyond the next best; the smaller, the more it is worth a look."""
        best = np.sort(self.prices.gains(groups.middle, groups.pays, terms), axis=1)
        return np.asarray(best[:, -1] - best[:, -2])


def relaxed(groups: Groups, terms: Terms) -> Relaxed:
    """The best allotment of groups to actions in which a customer may be served in part.

    Groups of the same actions and the same at stake are allotted as one, and get its actions in the order of draws.
    """
    same = np.where(groups.lowest == groups.highest, NOTHING, groups.ids)
    keys = np.stack([groups.pays, groups.lowest, groups.highest, same], axis=1)
    _, first, kind = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    kinds = replace(groups.taken(first), customers=np.bincount(kind, groups.customers).astype(np.int64))
    served, profit, prices = _solved(kinds, terms)
    chosen, whole = _in_order_of_draws(groups, kind, served)
    return Relaxed(prices, profit, chosen, ~whole)


def _solved(groups: Groups, terms: Terms) -> tuple[Array, float, Prices]:
    """Customers by group and action, the profit, and the prices."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    group, action = np.nonzero(terms.marked(groups.pays))
    profits = terms.profits(groups.middle, groups.pays)[group, action]
    scale = profits.max()
    once = csr_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=(len(groups.ids), len(group)))
    limited = np.flatnonzero(np.isfinite(terms.capacities))
    of_action = [csr_array((action == k)[None, :].astype(float)) for k in limited]
    of_budget = [csr_array(terms.costs[action][None, :])] if np.isfinite(terms.budget) else []
    limits = [groups.customers.astype(float), terms.capacities[limited], np.full(len(of_budget), terms.budget)]
    solved = linprog(
        -profits / scale,
        A_ub=vstack([once, *of_action, *of_budget]),
        b_ub=np.concatenate(limits),
        method="highs-ipm",
    )
    if solved.status != 0:
        raise ArithmeticError(f"the relaxation of the plan was not solved: {solved.message}")
    marginals = np.maximum(-solved.ineqlin.marginals * scale, 0.0)[len(groups.ids) :]
    capacities = np.zeros(terms.actions)
    capacities[limited] = marginals[: len(limited)]
    served = np.zeros((len(groups.ids), terms.actions))
    served[group, action] = solved.x
    return served, -solved.fun * scale, Prices(float(marginals[-1]) if of_budget else 0.0, capacities)


def _in_order_of_draws(groups: Groups, kind: Places, served: Array) -> tuple[Places, Marks]:
    """The action of each group, and whether all of the group has it. kind: the row of `served` that it is part of."""
    order = np.lexsort((groups.ids, groups.first, kind))
    customers = groups.customers[order]
    reached = np.cumsum(customers)
    opens = np.searchsorted(kind[order], np.arange(len(served)))
    ends = reached - (reached - customers)[opens][kind[order]]
    limits = np.cumsum(served, axis=1)[kind[order]]
    middle = ends - customers / 2
    chosen = (limits <= middle[:, None]).sum(axis=1)
    bounds = np.hstack([np.zeros((len(order), 1)), limits, np.full((len(order), 1), np.inf)])
    rows, slack = np.arange(len(order)), 1e-6 * customers
    whole = (bounds[rows, chosen] <= ends - customers + slack) & (ends - slack <= bounds[rows, chosen + 1])
    back = np.argsort(order)
    return np.where(chosen == served.shape[1], NOTHING, chosen)[back], whole[back]
