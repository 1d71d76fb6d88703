"""The differences between the simulated companies: use, prices, and how customers leave."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """A tariff. share: of the customers at the start; fee: a month, in cents; use: factor on use."""

    name: str
    share: float
    fee: int
    use: float = 1.0


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A rise of one plan's fee. day: days from the first one; plan: its index; rise: part of the fee."""

    day: int
    plan: int
    rise: float


@dataclass(frozen=True, slots=True)
class Domain:
    """One simulated company.

    use_median, use_spread: uses per customer and day, log-normal. weekend: factor on use on weekends, for those who use
    it at home and for those who use it at work. failure: probability that a use fails in a region of usual quality.
    churn: part of the customers who leave by their own will in 28 days. typical: mean factor of all causes on the
    hazard, measured, which the base is divided by so that `churn` comes true. closes: leaving is an event
    (a contract is cancelled), and unpaid bills end a contract; otherwise customers only fall silent.
    """

    name: str
    use_median: float
    use_spread: float
    weekend: tuple[float, float]
    failure: float
    churn: float
    typical: float
    closes: bool
    plans: tuple[Plan, ...]
    price_changes: tuple[PriceChange, ...]
    regions: tuple[str, ...]
