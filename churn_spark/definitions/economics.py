"""What contacting customers costs and what keeping one is worth."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Economics:
    """A retention campaign that contacts customers and offers them an incentive to stay, in money.

    value: SQL over the features, what a customer is worth who would have left and stays. contact_cost: of one contact.
    incentive_cost: of one incentive taken; stayers who are offered it always take it. acceptance: share of those
    leaving who take it and stay, 0 < acceptance <= 1. deviation: its standard deviation; 0: it is known exactly, else
    it is Beta distributed.

    After T. Verbraken, W. Verbeke, B. Baesens, A Novel Profit Maximizing Metric for Measuring Classification
    Performance of Customer Churn Prediction Models (2013).
    """

    value: str
    contact_cost: float
    incentive_cost: float
    acceptance: float
    deviation: float = 0.0

    @property
    def beta(self) -> tuple[float, float] | None:
        """Alpha and beta of the acceptance's distribution; None where it is known exactly."""
        if not self.deviation:
            return None
        together = self.acceptance * (1 - self.acceptance) / self.deviation**2 - 1
        return self.acceptance * together, (1 - self.acceptance) * together

    def break_even(self, value: float) -> float | None:
        """The risk from which on contacting a customer of this value pays; None where it never does."""
        gained, lost = self.acceptance * (value - self.incentive_cost) - self.contact_cost, self.cost
        return lost / (gained + lost) if gained > 0 else None

    @property
    def cost(self) -> float:
        """What contacting somebody costs who would have stayed anyway."""
        return self.contact_cost + self.incentive_cost
