"""Which groups of customers are served by one action as a whole, and which customer by customer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from churn_spark.actions.prices import Groups, Prices, Relaxed, relaxed
from churn_spark.actions.terms import NOTHING, Marks, Places, Room, Terms, used

PARTS = 64
"""Into so many a group is taken apart."""
MOST_CUT = 256
"""Groups taken apart at once."""
MOST_PASSES = 8
MOST_DOUBT = 1e-3
"""Share of the profit that may be missed by serving groups as a whole."""
CORE = 200
"""Customers who are looked at one by one: those for whom the prices decide least."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A group to be taken apart, by what is at stake or by draw, from `low` to `high`; its parts count from `base`."""

    group: int
    by_draw: bool
    low: float
    high: float
    base: int


Apart = Callable[[Sequence[Cut]], Groups]
"""Gives the parts of groups that have customers."""


@dataclass(frozen=True, slots=True)
class Allotment:
    """served: the action of each group that is served as a whole. core: the groups whose customers are to be settled
    one by one within what is `left`; together at most CORE customers. all_in_core: there are no other groups.
    """

    served: dict[int, int]
    core: tuple[int, ...]
    left: Room
    prices: Prices
    all_in_core: bool


def allotted(groups: Groups, apart: Apart, terms: Terms, room: Room) -> Allotment:
    """The best allotment of groups, those on the margin taken apart until few customers are left in doubt.

    A group that is still too large at the end (as many customers alike to the last digit of their draws) is not served.
    """
    solved = relaxed(groups, terms)
    for _ in range(MOST_PASSES):
        cuts = _cuts(groups, solved, terms)
        if not cuts:
            break
        stay = ~np.isin(groups.ids, [cut.group for cut in cuts])
        groups = groups.taken(stay).and_others(apart(cuts))
        solved = relaxed(groups, terms)
    core = _core(groups, solved, terms)
    chosen = np.where(core | solved.split, NOTHING, solved.chosen)
    chosen = _within(chosen, groups, solved, terms, room)
    served = {int(group): int(action) for group, action in zip(groups.ids, chosen, strict=True) if action != NOTHING}
    left = room.less(used(chosen, terms.actions, groups.customers))
    return Allotment(served, tuple(map(int, groups.ids[core])), left, solved.prices, bool(core.all()))


def _cuts(groups: Groups, solved: Relaxed, terms: Terms) -> list[Cut]:
    """The groups to take apart next: split ones, then those with the most in doubt; none once little is."""
    by_stake, by_draw = groups.highest > groups.lowest, groups.last > groups.first
    doubt = np.where(solved.split, 0, solved.doubt(groups, terms))
    split = solved.split if groups.customers[solved.split].sum() > CORE // 2 else np.zeros_like(solved.split)
    doubtful = doubt > 0 if doubt.sum() > MOST_DOUBT * solved.profit else np.zeros_like(split)
    divisible = (split | doubtful) & (groups.customers > 1) & (by_stake | by_draw)
    order = np.lexsort((groups.ids, -doubt, ~split))
    base = int(groups.ids.max()) + 1
    cuts = []
    for n, place in enumerate(order[divisible[order]][:MOST_CUT]):
        draws = not by_stake[place]
        low, high = (groups.first, groups.last) if draws else (groups.lowest, groups.highest)
        cuts.append(Cut(int(groups.ids[place]), draws, float(low[place]), float(high[place]), base + n * PARTS))
    return cuts


def _core(groups: Groups, solved: Relaxed, terms: Terms) -> Marks:
    """The groups to settle one by one: split ones first, then those with the smallest margin, as many as fit."""
    order = np.lexsort((groups.ids, solved.margins(groups, terms), ~solved.split))
    core = np.zeros(len(groups.ids), dtype=bool)
    customers = 0
    for place in order:
        if customers + groups.customers[place] <= CORE:
            core[place] = True
            customers += int(groups.customers[place])
        if customers == CORE:
            break
    return core


def _within(chosen: Places, groups: Groups, solved: Relaxed, terms: Terms, room: Room) -> Places:
    """The choices without groups that exceed what there is by a rounding error, the smallest margin first."""
    for place in np.lexsort((groups.ids, solved.margins(groups, terms))):
        if room.fits(used(chosen, terms.actions, groups.customers)):
            break
        chosen = np.where(np.arange(len(chosen)) == place, NOTHING, chosen)
    return chosen
