"""BG/NBD: how many transactions a customer will make, from how many there were and how long ago the last one was.

A customer makes transactions at a rate of their own, and after each of them stops for good with a probability of their
own. Rates are Gamma(r, alpha) distributed among customers, probabilities Beta(a, b). After P. Fader, B. Hardie, K. Lee,
"Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model (Marketing Science, 2005).
"""

from dataclasses import dataclass

import numpy as np

from churn_spark.models.metrics import Array
from churn_spark.models.value.likelihood import UnfitError, maximum_likelihood

STARTS = ((0.5, 5.0, 0.5, 2.0), (1.0, 1.0, 1.0, 1.0), (2.0, 20.0, 0.2, 5.0))
MOST = (1e5, 1e5, 1e3, 1e3)
"""Beyond, customers hardly differ any more, and the parameters of a distribution only grow together."""
STEP = 0.05
LOG_ODDS = np.arange(-600, 601) * STEP
"""Log odds of stopping over which means are taken: the narrowest distribution that `MOST` allows spans several."""


@dataclass(frozen=True, slots=True)
class BgNbd:
    """The four parameters; alpha is in units of time, the others have no unit."""

    r: float
    alpha: float
    a: float
    b: float

    def expected_transactions(self, horizon: float, repeats: Array, last: Array, age: Array) -> Array:
        """E(Y(t) | x, t_x, T): transactions expected in the next `horizon` units of time.

        repeats: x, transactions after the first. last: t_x, units from the first to the last. age: T, units since the
        first. The chance that a customer has stopped already is allowed for.
        """
        return np.asarray(self._if_active(horizon, repeats, age) * self.active(repeats, last, age))

    def _if_active(self, horizon: float, repeats: Array, age: Array) -> Array:
        """The same of customers who have not stopped: the mean of (1 - E(exp(-rate p t))) / p over p ~ Beta(a, b + x).

        It is equation 10 before the integral over p, by trapezoids: the hypergeometric function of the closed form
        cannot be computed where r is large, as where all customers come alike.
        """
        cases, place = np.unique(np.stack([repeats, age]), axis=1, return_inverse=True)
        count, since = cases[0][:, None], self.alpha + cases[1][:, None]
        stops, goes = -np.logaddexp(0, -LOG_ODDS), -np.logaddexp(0, LOG_ODDS)
        logs = self.a * stops + (self.b + count) * goes
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        # What lies beyond either end, where the weights fall exponentially.
        weights[:, 0] *= 0.5 + 1 / (self.a * STEP)
        weights[:, -1:] *= 0.5 + 1 / ((self.b + count) * STEP)
        chance = np.exp(stops)
        later = -np.expm1(-(self.r + count) * np.log1p(chance * horizon / since)) / chance
        return np.asarray(((weights * later).sum(axis=1) / weights.sum(axis=1))[place.ravel()])

    def active(self, repeats: Array, last: Array, age: Array) -> Array:
        """The probability that a customer has not stopped; 1 without a repeat, as nobody stops before the first."""
        odds_of_stopped = (
            self.a / (self.b + np.maximum(repeats, 1) - 1)
            * ((self.alpha + age) / (self.alpha + last)) ** (self.r + repeats)
        )  # fmt: skip
        return np.asarray(1 / (1 + np.where(repeats > 0, odds_of_stopped, 0)))


def fit_bg_nbd(repeats: Array, last: Array, age: Array, customers: Array) -> BgNbd:
    """The parameters of highest likelihood over cells of equal customers; UnfitError where nobody came back.

    repeats, last, age: as in `BgNbd.expected_transactions`. customers: how many there are in each cell.
    """
    if not (repeats > 0).any():
        raise UnfitError("no customer has a second transaction")
    parameters = maximum_likelihood(
        lambda each: bg_nbd_log_likelihood(each, repeats, last, age), customers, STARTS, (0.0,) * 4, MOST
    )
    return BgNbd(*parameters)


def bg_nbd_log_likelihood(parameters: Array, repeats: Array, last: Array, age: Array) -> Array:
    """The log likelihood of each customer (equation 6), from r, alpha, a, b."""
    from scipy.special import betaln, gammaln

    r, alpha, a, b = parameters
    rate = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    going_on = betaln(a, b + repeats) - betaln(a, b) - (r + repeats) * np.log(alpha + age)
    stopped = betaln(a + 1, b + np.maximum(repeats, 1) - 1) - betaln(a, b) - (r + repeats) * np.log(alpha + last)
    return np.asarray(rate + np.logaddexp(going_on, np.where(repeats > 0, stopped, -np.inf)))
