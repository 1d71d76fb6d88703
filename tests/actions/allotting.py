"""The plan's decisions on the driver with NumPy in Spark's place: customers in arrays, grouped there."""

from collections.abc import Sequence

import numpy as np

from churn_spark.actions.allotment import PARTS, Cut, allotted
from churn_spark.actions.core import settled
from churn_spark.actions.planning import GROUPS
from churn_spark.actions.prices import Groups
from churn_spark.actions.terms import room, terms, used
from churn_spark.definitions.actions import Interventions


class Customers:
    """Customers for whom something pays. suits: customers x actions."""

    def __init__(self, at_stake: np.ndarray, suits: np.ndarray, playbook: Interventions, seed: int = 0) -> None:
        self.terms, self.room = terms(playbook), room(playbook)
        profits = self.terms.profits(at_stake, np.zeros(len(at_stake), dtype=np.int64))
        allowed = suits & (profits > 0)
        paying = allowed.any(axis=1)
        self.at_stake, self.profits, allowed = at_stake[paying], profits[paying], allowed[paying]
        self.pays = (allowed * (1 << np.arange(self.terms.actions))).sum(axis=1)
        self.draw = np.random.default_rng(seed).random(len(self.at_stake))
        self.best = np.where(allowed, self.profits, -np.inf).argmax(axis=1)
        parts = 1 << max(3, GROUPS - self.terms.actions)
        top = self.at_stake.max(initial=0.0)
        place = np.minimum(np.floor((self.at_stake / top) ** 0.25 * parts), parts - 1).astype(np.int64)
        self.group = (self.pays * self.terms.actions + self.best) * parts + place

    def plan(self) -> tuple[float, float]:
        """The profit of the plan, and the upper bound that its prices give."""
        if not len(self.at_stake):
            return 0.0, 0.0
        if self.room.fits(used(self.best, self.terms.actions)):
            profit = float(self.profits[np.arange(len(self.best)), self.best].sum())
            return profit, profit
        found = allotted(self._groups(np.ones(len(self.group), dtype=bool)), self._apart, self.terms, self.room)
        chosen = np.array([found.served.get(int(group), -1) for group in self.group])
        core = np.flatnonzero(np.isin(self.group, list(found.core)))
        core = core[np.argsort(self.draw[core])]
        chosen[core] = settled(self.at_stake[core], self.pays[core], self.terms, found.left, found.prices).chosen
        assert self.room.fits(used(chosen, self.terms.actions))
        served = np.flatnonzero(chosen >= 0)
        gains = found.prices.gains(self.at_stake, self.pays, self.terms).max(axis=1)
        return float(self.profits[served, chosen[served]].sum()), found.prices.of_all(self.terms) + float(gains.sum())

    def _apart(self, cuts: Sequence[Cut]) -> Groups:
        for cut in cuts:
            members = self.group == cut.group
            numbers = self.draw[members] if cut.by_draw else self.at_stake[members]
            part = np.floor((numbers - cut.low) / (cut.high - cut.low) * PARTS)
            self.group[members] = cut.base + np.minimum(part, PARTS - 1).astype(np.int64)
        return self._groups(self.group >= cuts[0].base)

    def _groups(self, members: np.ndarray) -> Groups:
        ids, of = np.unique(self.group[members], return_inverse=True)
        pays = np.zeros(len(ids), dtype=np.int64)
        pays[of] = self.pays[members]

        def ends(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            lowest, highest = np.full(len(ids), np.inf), np.full(len(ids), -np.inf)
            np.minimum.at(lowest, of, values[members])
            np.maximum.at(highest, of, values[members])
            return lowest, highest

        return Groups(ids, pays, np.bincount(of), *ends(self.at_stake), *ends(self.draw))
