"""Profit of contacting the customers whose score is high enough, per customer of the population.

After T. Verbraken, W. Verbeke, B. Baesens, A Novel Profit Maximizing Metric for Measuring Classification Performance of
Customer Churn Prediction Models (2013): churners who are contacted stay with the acceptance rate, and are worth their
value less the incentive then; stayers take the incentive for nothing. Arrays are those of `metrics`; `worth` is the sum
of the values of the churners of each score.
"""

from dataclasses import dataclass

import numpy as np

from churn_spark.definitions.economics import Economics
from churn_spark.models.metrics import Array

NODES = 40
"""Acceptance rates over which the maximum profit is averaged (Gauss-Jacobi quadrature)."""
NOBODY = float("inf")
"""The threshold where no contact pays."""


@dataclass(frozen=True, slots=True)
class Stakes:
    """What contacting everybody of a score or higher brings: acceptance x `gained` - `spent`, in money.

    `spent` does not depend on who accepts; both rise from the highest score to the lowest.
    """

    gained: Array
    spent: Array
    customers: Array

    def profit(self, acceptance: float) -> Array:
        """Per customer of the population, by the score down to which customers are contacted."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((acceptance * self.gained - self.spent) / self.customers)


def stakes(rows: Array, churners: Array, worth: Array, economics: Economics) -> Stakes:
    """The stakes of contacting down to each score."""
    gained, spent = _by_score(rows, churners, worth, economics)
    return Stakes(np.cumsum(gained, axis=-1), np.cumsum(spent, axis=-1), rows.sum(axis=-1, keepdims=True))


def profit_at(rows: Array, churners: Array, worth: Array, warned: Array, economics: Economics) -> Array:
    """Profit of contacting the scores where `warned` is 1, at the mean acceptance; 0 where nobody is."""
    gained, spent = _by_score(rows, churners, worth, economics)
    profits = Stakes(gained, spent, rows.sum(axis=-1, keepdims=True)).profit(economics.acceptance)
    return np.asarray((profits * warned).sum(axis=-1))


def expected_maximum_profit(rows: Array, churners: Array, worth: Array, economics: Economics) -> Array:
    """The profit of the best threshold for each acceptance rate, averaged over its distribution; never below 0."""
    at_stake = _thinned(stakes(rows, churners, worth, economics), churners)
    rates, weights = acceptance_rates(economics)
    best = [
        weight * np.maximum(at_stake.profit(rate).max(axis=-1, initial=0.0), 0.0)
        for rate, weight in zip(rates, weights, strict=True)
    ]
    return np.asarray(np.sum(best, axis=0))


def best_thresholds(scores: Array, rows: Array, churners: Array, worth: Array, economics: Economics) -> Array:
    """The score from which on contacting brings the highest profit, by replicate (of equals the highest score).

    NOBODY where no contact pays.
    """
    profits = stakes(rows, churners, worth, economics).profit(economics.acceptance)
    return np.asarray(np.where(profits.max(axis=-1) > 0, scores[profits.argmax(axis=-1)], NOBODY))


def acceptance_rates(economics: Economics) -> tuple[Array, Array]:
    """Rates and their weights, which are 1 together, for means over the acceptance rate.

    Nodes of the Gauss-Jacobi quadrature by G. Golub and J. Welsch, Calculation of Gauss Quadrature Rules (1969);
    `scipy.special.roots_jacobi` overflows where the deviation is small, as 0.2 with 0.005.
    """
    if economics.beta is None:
        return np.array([economics.acceptance]), np.ones(1)
    # Of the weight (1 - x)^a (1 + x)^b over -1 .. 1, where the rate is (1 + x) / 2.
    b, a = (shape - 1 for shape in economics.beta)
    n = np.arange(1, NODES)
    total = 2 * n + a + b
    middle = np.append((b - a) / (a + b + 2), (b * b - a * a) / (total * (total + 2)))
    # Of the first a + b + 1 is cancelled, which may be 0.
    first = 4 * (1 + a) * (1 + b) / ((2 + a + b) ** 2 * (3 + a + b))
    n, total = n[1:], total[1:]
    others = 4 * n * (n + a) * (n + b) * (n + a + b) / (total**2 * (total + 1) * (total - 1))
    beside = np.sqrt(np.append(first, others))
    nodes, vectors = np.linalg.eigh(np.diag(middle) + np.diag(beside, 1) + np.diag(beside, -1))
    return np.clip((1 + nodes) / 2, 0.0, 1.0), vectors[0] ** 2


def _by_score(rows: Array, churners: Array, worth: Array, economics: Economics) -> tuple[Array, Array]:
    """Gained and spent by contacting the customers of each score alone."""
    spent = economics.contact_cost * rows + economics.incentive_cost * (rows - churners)
    return worth - economics.incentive_cost * churners, spent


def _thinned(at_stake: Stakes, churners: Array) -> Stakes:
    """Only the scores that churners have: going on to another one costs and gains nothing, so it is never best."""
    kept = np.atleast_2d(churners).any(axis=0)
    return Stakes(at_stake.gained[..., kept], at_stake.spent[..., kept], at_stake.customers)
