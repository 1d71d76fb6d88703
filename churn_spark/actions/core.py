"""The best choice for a few customers within what is left: exact where it can be found, else by gain."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from churn_spark.actions.prices import Prices
from churn_spark.actions.terms import NOTHING, Array, Marks, Places, Room, Terms, used

MOST_CHOICES = 600
"""Customers times actions that pay for them, up to which the best choice is searched for."""
MOST_NODES = 100
"""Of the search for the best choice. Counted instead of timed, so that every run ends with the same one."""


@dataclass(frozen=True, slots=True)
class Settled:
    """chosen: the action of each customer, -1 for none. most: what any choice brings at most; None: unknown."""

    chosen: Places
    most: float | None


def settled(at_stake: Array, pays: Places, terms: Terms, left: Room, prices: Prices) -> Settled:
    """The actions of a few customers that together bring the most within what is left.

    The search for the best is cut off after a number of steps; what it found by then counts if it is better than
    choosing by gain, the largest first. Of equal customers the first is served.
    """
    profits, allowed = terms.profits(at_stake, pays), terms.marked(pays)
    by_gain = _by_gain(prices.gains(at_stake, pays, terms)[:, :-1], profits, left)
    searched, most = _searched(profits, allowed, terms, left)
    if searched is None or not left.fits(used(searched, terms.actions)):
        return Settled(by_gain, most)
    return Settled(max((by_gain, searched), key=lambda chosen: _profit(profits, chosen)), most)


def _by_gain(gains: Array, profits: Array, left: Room) -> Places:
    """Each in turn as far as it fits, from the largest gain beyond the prices; equal ones by profit, then in order."""
    chosen = np.full(len(gains), NOTHING, dtype=np.int64)
    row, action = np.nonzero(np.isfinite(gains))
    for place in np.lexsort((row, -profits[row, action], -gains[row, action])):
        customer, number = row[place], action[place]
        one = np.zeros(gains.shape[1], dtype=np.int64)
        one[number] = 1
        if chosen[customer] == NOTHING and left.fits(one):
            chosen[customer] = number
            left = left.less(one)
    return chosen


def _searched(profits: Array, allowed: Marks, terms: Terms, left: Room) -> tuple[Places | None, float | None]:
    """The best choice by branch and bound with an upper bound; None where it would take too many steps."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, vstack

    row, action = np.nonzero(allowed)
    if not 0 < len(row) <= MOST_CHOICES:
        return None, None
    budget, capacities = left.terms
    places = np.arange(len(row))
    once = csr_array((np.ones(len(row)), (row, places)), shape=(len(profits), len(row)))
    of_action = csr_array((np.ones(len(row)), (action, places)), shape=(terms.actions, len(row)))
    limits = np.concatenate([np.ones(len(profits)), np.minimum(capacities, len(profits)), [budget]])
    sums = vstack([once, of_action, csr_array(terms.costs[action][None, :])])
    worth = profits[row, action]
    with _quiet():
        found = milp(
            -worth / worth.max(),
            constraints=LinearConstraint(sums, -np.inf, limits),
            bounds=Bounds(0, 1),
            integrality=np.ones(len(row)),
            options={"node_limit": MOST_NODES, "mip_rel_gap": 0},
        )
    most = None if found.mip_dual_bound is None else -float(found.mip_dual_bound * worth.max())
    if found.x is None:
        return None, most
    chosen = np.full(len(profits), NOTHING, dtype=np.int64)
    taken = found.x > 0.5
    chosen[row[taken]] = action[taken]
    return chosen, most


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing on the standard output: the solver prints remarks on its search there, whatever its options say."""
    kept = os.dup(1)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _profit(profits: Array, chosen: Places) -> float:
    served = np.flatnonzero(chosen >= 0)
    return float(profits[served, chosen[served]].sum())
