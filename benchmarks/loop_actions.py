"""What plans are worth where every customer's answer to every action is known: ours beside simpler ones and an oracle.

All act once on the same customers, within the same budget and capacities. Profit is expected: value x the probability
to leave that an action takes away, less costs; no draw of outcomes comes into it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.loop_world import Array, World, world
from churn_spark.actions.allotment import Cut, allotted
from churn_spark.actions.core import settled
from churn_spark.actions.prices import Groups
from churn_spark.actions.terms import NOTHING, Places, Room, Terms, room, terms, used
from churn_spark.definitions.actions import Interventions

Z = 1.959963984540054

Plan = Callable[[World, Interventions, np.random.Generator], Places]
"""The action of each customer, -1 for none."""


def ours(those: World, playbook: Interventions, rng: np.random.Generator) -> Places:
    """The suite's plan: its prices, allotment and core, every customer a group of its own."""
    at_stake, given = those.value * those.risk, terms(playbook)
    profits = given.profits(at_stake, np.zeros(len(at_stake), dtype=np.int64))
    pays = ((profits > 0) << np.arange(given.actions)).sum(axis=1).astype(np.int64)
    best = np.where(pays > 0, np.argmax(profits, axis=1), NOTHING)
    if room(playbook).fits(used(best, given.actions)):
        return best
    rows = np.flatnonzero(pays)
    draws = rng.random(len(rows))
    ones = np.ones(len(rows), dtype=np.int64)
    groups = Groups(rows, pays[rows], ones, at_stake[rows], at_stake[rows], draws, draws)
    found = allotted(groups, _indivisible, given, room(playbook))
    chosen = np.full(len(at_stake), NOTHING, dtype=np.int64)
    chosen[list(found.served)] = list(found.served.values())
    core = np.array(found.core, dtype=np.int64)
    chosen[core] = settled(at_stake[core], pays[core], given, found.left, found.prices).chosen
    return chosen


def ours_measured(those: World, playbook: Interventions, rng: np.random.Generator) -> Places:
    """The same with the mean effect of each action in place of the playbook's guess, as `feedback.learn` comes to."""
    shares = those.kept.sum(axis=0) / those.untreated.sum()
    known = [replace(action, effect=float(share)) for action, share in zip(playbook.actions, shares, strict=True)]
    return ours(those, replace(playbook, actions=tuple(known)), rng)


def at_random(those: World, playbook: Interventions, rng: np.random.Generator) -> Places:
    """Customers at random get actions at random, as long as there is money."""
    order = rng.permutation(len(those.value))
    wanted = rng.integers(0, len(playbook.actions), size=(len(order), 1))
    return _in_turn(order, wanted, room(playbook))


def riskiest_first(those: World, playbook: Interventions, rng: np.random.Generator) -> Places:
    """The riskiest first, each by the most effective action there is still room for."""
    return _in_turn(np.argsort(-those.risk, kind="stable"), _strongest(those, playbook), room(playbook))


def largest_loss_first(those: World, playbook: Interventions, rng: np.random.Generator) -> Places:
    """Those with the largest value x risk first, likewise."""
    return _in_turn(np.argsort(-those.risk * those.value, kind="stable"), _strongest(those, playbook), room(playbook))


def oracle(those: World, playbook: Interventions, rng: np.random.Generator) -> Places:
    """The best plan of all, by somebody who knows every customer's answer to every action."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, vstack

    given = terms(playbook)
    gains = profits(those, given)
    row, action = np.nonzero(gains > 0)
    places = np.arange(len(row))
    once = csr_array((np.ones(len(row)), (row, places)), shape=(len(gains), len(row)))
    of_action = csr_array((np.ones(len(row)), (action, places)), shape=(given.actions, len(row)))
    limits = np.concatenate([np.ones(len(gains)), np.minimum(given.capacities, len(gains)), [given.budget]])
    sums = vstack([once, of_action, csr_array(given.costs[action][None, :])])
    found = milp(
        -gains[row, action],
        constraints=LinearConstraint(sums, -np.inf, limits),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(row)),
        options={"mip_rel_gap": 1e-4},
    )
    chosen = np.full(len(gains), NOTHING, dtype=np.int64)
    taken = found.x > 0.5
    chosen[row[taken]] = action[taken]
    return chosen


PLANS: dict[str, Plan] = {
    "at random": at_random,
    "riskiest first": riskiest_first,
    "largest value x risk first": largest_loss_first,
    "ours": ours,
    "ours, mean effects known": ours_measured,
    "oracle": oracle,
}


def profits(those: World, given: Terms) -> Array:
    """Customers x actions: what each action truly brings, less its cost."""
    return np.asarray(those.value[:, None] * those.kept - given.costs)


def profit(those: World, chosen: Places, given: Terms) -> float:
    """What a plan truly brings."""
    served = np.flatnonzero(chosen != NOTHING)
    return float(profits(those, given)[served, chosen[served]].sum())


def compared(playbook: Interventions, customers: int, seeds: Sequence[int]) -> dict[str, dict[str, object]]:
    """By plan: profit by company (one a seed), its mean with a 95 % interval, customers and money spent on average."""
    given = terms(playbook)
    found: dict[str, list[tuple[float, int, float]]] = {name: [] for name in PLANS}
    for seed in seeds:
        those = world(customers, seed, playbook)
        for name, plan in PLANS.items():
            chosen = plan(those, playbook, np.random.default_rng([seed, 1]))
            counts = used(chosen, given.actions)
            if not room(playbook).fits(counts):
                raise ArithmeticError(f"{name} spends more than there is")
            found[name].append((profit(those, chosen, given), int(counts.sum()), float(counts @ given.costs)))
    return {name: _summary(rows) for name, rows in found.items()}


def mean_interval(values: Iterable[float]) -> list[float]:
    """Mean, and its 95 % interval as that of a normal variable."""
    drawn = np.array(list(values))
    half = Z * drawn.std(ddof=1) / np.sqrt(len(drawn))
    return [round(float(each), 2) for each in (drawn.mean(), drawn.mean() - half, drawn.mean() + half)]


def _summary(rows: Sequence[tuple[float, int, float]]) -> dict[str, object]:
    gained, acted, spent = zip(*rows, strict=True)
    return {
        "profits": [round(each, 2) for each in gained],
        "mean": mean_interval(gained),
        "customers": round(float(np.mean(acted)), 1),
        "spent": round(float(np.mean(spent)), 2),
    }


def _strongest(those: World, playbook: Interventions) -> Places:
    """Customers x actions: the most effective by the playbook first."""
    order = np.argsort([-action.effect for action in playbook.actions], kind="stable")
    return np.tile(order, (len(those.value), 1))


def _in_turn(order: NDArray[np.int64], wanted: Places, left: Room) -> Places:
    """Each customer in order gets the first of the actions wanted that fits. wanted: customers x actions."""
    actions = len(left.costs)
    chosen = np.full(len(order), NOTHING, dtype=np.int64)
    for customer in order:
        for action in wanted[customer]:
            one = np.bincount([action], minlength=actions)
            if left.fits(one):
                chosen[customer], left = action, left.less(one)
                break
    return chosen


def _indivisible(cuts: Sequence[Cut]) -> Groups:
    raise AssertionError("a group of one customer is not taken apart")


def against(plans: Mapping[str, Mapping[str, object]], one: str, other: str) -> list[float]:
    """The mean difference in profit of two plans on the same companies, with its interval."""
    mine, theirs = (np.array(plans[name]["profits"], dtype=float) for name in (one, other))
    return mean_interval(mine - theirs)
