"""How much may be tried at random: as much as is configured, and as fits into what the plan leaves once it is drawn."""

from dataclasses import dataclass

import numpy as np

from churn_spark.actions.terms import NOTHING, Marks, Places, Room

STEPS = 100
"""The share of customers who explore is lowered by such parts of what is configured."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Customers outside the control group, counted by what was drawn for them; arrays of one length.

    step: where in the share that explores their draw lies, from 0 to STEPS - 1; STEPS: outside. planned, random: the
    actions, -1 for none.
    """

    step: Places
    planned: Places
    random: Places
    customers: Places

    def exploring(self, shares: Places) -> Marks:
        """Who gets the random action. shares: by action, below which step."""
        return np.asarray((self.random != NOTHING) & (self.step < shares[self.random]))

    def done(self, shares: Places) -> Places:
        """Customers by the action that they get."""
        action = np.where(self.exploring(shares), self.random, self.planned)
        counts = np.zeros(len(shares), dtype=np.int64)
        np.add.at(counts, action[action != NOTHING], self.customers[action != NOTHING])
        return counts


def explored_steps(drawn: Drawn, room: Room) -> Places:
    """By action, of STEPS steps of the configured share, how many may explore it so that all that is done fits.

    Lowered one by one where there is too little. At the worst nobody explores: what was planned fits.
    """
    shares = np.full(len(room.costs), STEPS, dtype=np.int64)
    while True:
        over = _over(drawn.done(shares), room) & (shares > 0)
        if not over.any():
            return shares
        shares[over] -= 1


def _over(done: Places, room: Room) -> Marks:
    """The actions that are done too often; where it is the budget that is exceeded, all that cost something."""
    counts = [int(count) for count in done]
    spent = sum(cost * count for cost, count in zip(room.costs, counts, strict=True))
    dear = room.budget is not None and spent > room.budget
    return np.array(
        [
            (most is not None and count > most) or (dear and cost > 0)
            for most, count, cost in zip(room.capacities, counts, room.costs, strict=True)
        ]
    )
