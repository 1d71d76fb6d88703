"""Differences of shares and of means with 95 % intervals, for rows of which several may be of one customer.

What is needed of an arm are sums over its customers. The variance of a share is that of a ratio of two sums over
customers (linearised), so rows of one customer need not be independent. The interval of a difference of shares is
Newcombe's (his method 10): the Wilson intervals of both shares, each at the number of independent rows that would have
that variance. It holds its level for small arms and rare events, where the difference plus or minus two standard errors
does not. R. Newcombe, Interval estimation for the difference between independent proportions (1998).
"""

import math
from dataclasses import dataclass

Z = 1.959963984540054
"""Of 95 %."""


@dataclass(frozen=True, slots=True)
class Arm:
    """Sums over the customers of an arm: n, the rows of a customer or what the customer counts for; y, those of them
    who left; v, their value kept.

    customers: their number; rows, left, value: sums of n, y, v; nn, ny, yy, nv, vv: sums of the products. valued:
    whether every row has a value. customers_left: of those with one row each, who left.
    """

    customers: int
    rows: float
    left: float
    nn: float
    ny: float
    yy: float
    value: float = 0.0
    nv: float = 0.0
    vv: float = 0.0
    cost: float = 0.0
    valued: bool = True
    customers_left: int = 0

    @property
    def share(self) -> float:
        """Of the rows, those who left."""
        return self.left / self.rows

    @property
    def independent_rows(self) -> float:
        """How many independent rows would tell the share as exactly; at most as many as rows so unequal are worth (L.
        Kish, Survey Sampling).
        """
        share, most = self.share, self.rows**2 / self.nn
        clustered = (self.yy - 2 * share * self.ny + share * share * self.nn) / self.rows**2
        return min(most, share * (1 - share) / clustered) if clustered > 0 else most

    @property
    def mean(self) -> float:
        """The value kept by row."""
        return self.value / self.rows

    @property
    def variance_of_mean(self) -> float:
        clustered = self.vv - 2 * self.mean * self.nv + self.mean**2 * self.nn
        return max(clustered, 0.0) / self.rows**2


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference and its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(share: float, rows: float, z: float = Z) -> tuple[float, float]:
    """The interval of a share of independent rows. E. Wilson, Probable inference (1927)."""
    middle = share + z * z / (2 * rows)
    half = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    whole = 1 + z * z / rows
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def difference_of_shares(one: Arm, other: Arm, z: float = Z) -> Difference:
    """The share who left of `one` less that of `other`; both have rows. z: standard errors to either end."""
    p, q = one.share, other.share
    (p_low, p_high), (q_low, q_high) = wilson(p, one.independent_rows, z), wilson(q, other.independent_rows, z)
    below, above = math.hypot(p - p_low, q_high - q), math.hypot(p_high - p, q - q_low)
    return Difference(p - q, p - q - below, p - q + above)


def difference_of_means(one: Arm, other: Arm) -> Difference:
    """The value kept by row of `one` less that of `other`; both have rows."""
    value, half = one.mean - other.mean, Z * math.sqrt(one.variance_of_mean + other.variance_of_mean)
    return Difference(value, value - half, value + half)


def shrunk(treated: Arm, control: Arm, prior: float, prior_customers: int) -> float:
    """The share of leavers kept, drawn towards `prior`, which counts as a trial with so many customers in each arm.

    Weights are inverse variances (normal-normal). Both trials have the same share of leavers, so only their sizes
    differ: the harmonic mean of the arms, in independent rows. The share of leavers that the difference is divided by
    is drawn towards that of both arms, so that it is not 0 where few leave. Between -1 and 1.
    """
    n, m = treated.independent_rows, control.independent_rows
    everybody = (treated.share * n + control.share * m) / (n * (1 - prior) + m)
    if everybody <= 0:
        return prior
    leavers = (control.share * m + everybody * prior_customers) / (m + prior_customers)
    size = 2 / (1 / n + 1 / m)
    seen = (control.share - treated.share) / leavers
    return max(-1.0, min(1.0, (size * seen + prior_customers * prior) / (size + prior_customers)))
