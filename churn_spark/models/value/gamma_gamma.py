"""Gamma-gamma: the mean value of a customer's transactions, shrunk to that of all the more the fewer there were.

The transactions of a customer are Gamma(p, v) distributed, and v is Gamma(q, gamma) distributed among customers,
whatever their number of transactions. After P. Fader, B. Hardie, The Gamma-Gamma Model of Monetary Value (2013).
"""

from dataclasses import dataclass

import numpy as np

from churn_spark.models.metrics import Array
from churn_spark.models.value.likelihood import UnfitError, maximum_likelihood

STARTS = ((2.0, 3.0, 1.0), (6.0, 4.0, 1.0), (1.0, 2.0, 1.0))
"""Of p, q and gamma, the last as a multiple of the mean value."""
MOST = 1e5
LEAST_Q = 1.0
"""Above it the mean over all customers exists."""


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """The three parameters; gamma is in money, the others have no unit."""

    p: float
    q: float
    gamma: float

    def expected_mean(self, transactions: Array, mean: Array) -> Array:
        """E(M | p, q, gamma, m, x): the mean value of a transaction to come (equation 5), in money.

        transactions: x, at least 1. mean: m, their mean value; below 0, where more was paid back than paid, it is 0.
        """
        weight = self.p * transactions
        paid = np.maximum(mean, 0) * transactions
        return np.asarray(self.p * (self.gamma + paid) / (weight + self.q - 1))


def fit_gamma_gamma(transactions: Array, mean: Array, customers: Array) -> GammaGamma:
    """The parameters of highest likelihood over cells of equal customers; UnfitError where values do not differ.

    transactions: at least 1; mean: their mean value, above 0. customers: how many there are in each cell.
    """
    positive = mean > 0
    if not positive.any() or np.ptp(np.log(mean[positive])) < 1e-6:
        raise UnfitError("customers do not differ in the value of their transactions")
    scale = float(mean[positive] @ customers[positive] / customers[positive].sum())
    # In multiples of the mean value, so that the bounds of the search hold in any currency.
    relative = mean[positive] / scale
    p, q, gamma = maximum_likelihood(
        lambda each: gamma_gamma_log_likelihood(each, transactions[positive], relative),
        customers[positive],
        STARTS,
        (0.0, LEAST_Q, 0.0),
        (MOST,) * 3,
    )
    return GammaGamma(p, q, gamma * scale)


def gamma_gamma_log_likelihood(parameters: Array, transactions: Array, mean: Array) -> Array:
    """The log likelihood of the mean value of each customer (equation 1a), from p, q and gamma."""
    from scipy.special import betaln

    p, q, gamma = parameters
    weight, paid = p * transactions, transactions * mean
    density = weight * np.log(paid) - np.log(mean) - (weight + q) * np.log(gamma + paid)
    return np.asarray(q * np.log(gamma) - betaln(weight, q) + density)
