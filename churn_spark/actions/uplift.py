"""Uplift: for whom an action does more, evaluated on customers whom the model has not seen.

Uplift is P(leaves | nothing is done) - P(leaves | acted upon). A model that knows it ranks customers so that acting on
the first keeps more than acting on as many at random: the Qini coefficient of its ranking is above 0. All that is
needed are sums by group of customers (a bootstrap draws groups) and by place in the ranking.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn_spark.actions.qini import coefficients

Array = NDArray[np.float64]
BINS, BANDS = 100, 4
"""Places of a ranking that are kept apart, and parts of it that get an effect of their own."""
INTERVAL = (2.5, 97.5)
UNLIKE_AT = 4.0
"""Standard errors between the sizes of both sides, from which on chance does not explain them."""
MOST_SLOPE = 2.0
WIDER = 2**0.5
"""By so much intervals are wider than those of a bootstrap of cross-fitted rankings, which takes what was learnt for
given. But of two folds each judges what the other has taught, so that what they share by chance counts twice: where
there is nothing to learn the variance is twice as large. Cf. S. Bates, T. Hastie, R. Tibshirani, Cross-validation: what
does it estimate and how well does it do it? (2024).
"""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Sums of weights by group of customers and place in a ranking, the first to act on first: groups x BINS.

    treated, control: of all; treated_left, control_left: of those who left.
    """

    treated: Array
    treated_left: Array
    control: Array
    control_left: Array

    def coefficients(self, draws: Array) -> Array:
        """The Qini coefficient by draw. draws: how often each group is drawn, draws x groups."""
        return coefficients(
            draws @ self.treated, draws @ self.treated_left, draws @ self.control, draws @ self.control_left
        )


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Sums of one side by group of customers, each multiplied by the weight w: of p, the predicted risk of leaving if
    nothing is done, of e, what the predicted uplift is in excess of the mean share of that risk, and of y (1: left).
    """

    w: Array
    p: Array
    e: Array
    pp: Array
    pe: Array
    ee: Array
    y: Array
    py: Array
    ey: Array

    def slope(self, draws: Array) -> Array:
        """How much likelier leaving gets with each unit of e where p is the same, by draw; 0 where e never varies."""
        w, p, e, pp, pe, ee, y, py, ey = (draws @ getattr(self, name) for name in self.__slots__)
        pp, pe, ee, py, ey = pp * w - p * p, pe * w - p * e, ee * w - e * e, py * w - p * y, ey * w - e * y
        by_risk = np.divide(pe, pp, out=np.zeros_like(pp), where=pp > 1e-12 * w * w)
        spread = ee - by_risk * pe
        return np.divide(ey - by_risk * py, spread, out=np.zeros_like(w), where=spread > 1e-12 * w * w)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evaluated:
    """qini: of the ranking by uplift. risk_qini: of that by risk. gain: how much the first is above the second.

    slope: how far the measured uplift follows the predicted one where that is more than the same share of all who would
    leave, drawn towards 0 as far as it is uncertain: 1 where the prediction is right, 0 where it says nothing.
    """

    qini: Estimate
    risk_qini: Estimate
    gain: Estimate
    slope: float

    @property
    def better_than_chance(self) -> bool:
        return self.qini.low > 0


def evaluated(by_uplift: Cells, by_risk: Cells, control: Moments, treated: Moments, draws: Array) -> Evaluated | None:
    """Both rankings, resampled alike; None where the predicted uplift does not vary.

    draws: how often each group of customers is drawn, draws x groups; the first are the data themselves.
    """
    if np.count_nonzero((by_uplift.treated + by_uplift.control).sum(axis=0)) < 2:
        return None
    slopes = control.slope(draws) - treated.slope(draws)
    uplift, risk = by_uplift.coefficients(draws), by_risk.coefficients(draws)
    return Evaluated(_estimate(uplift), _estimate(risk), _estimate(uplift - risk), _drawn_to_nothing(slopes))


def imbalance(treated: float, treated_squares: float, control: float, control_squares: float) -> float:
    """By how many standard errors the weights of both sides differ, in sum; each estimates the number of all customers.

    treated, control: sums of 1 / propensity of customers; and of its squares. D. Horvitz, D. Thompson, A generalization
    of sampling without replacement (1952).
    """
    squares = treated_squares + control_squares
    return (control - treated) / float(np.sqrt(squares)) if squares > 0 else 0.0


def times_effect(uplift: Array, risk: Array, customers: Array, kept_share: float, slope: float) -> Array:
    """By band, the multiple of an action's effect (share of leavers kept) that it has there, 0 to 1 / kept_share.

    uplift, risk: mean predicted uplift, and mean predicted P(leaves | nothing is done). kept_share: the measured
    effect. slope: see `Evaluated`. Weighted by those who would leave their mean is 1, so that the plan as a whole
    expects what was measured; all are 1 where nothing is kept, and where the prediction says nothing.
    """
    leavers = customers * risk
    if kept_share <= 0 or leavers.sum() <= 0:
        return np.ones_like(uplift)
    predicted = np.divide(uplift, risk, out=np.zeros_like(risk), where=risk > 0)
    shares = kept_share + slope * (predicted - np.average(predicted, weights=leavers))
    times, most = np.maximum(shares / kept_share, 0.0), 1 / kept_share
    low, high = 0.0, 2 * most / max(float(times[times > 0].min(initial=most)), 1e-9)
    for _ in range(100):  # the mean rises with the factor, from 0 to the cap
        factor = (low + high) / 2
        mean_times = float(np.average(np.minimum(factor * times, most), weights=leavers))
        low, high = (factor, high) if mean_times < 1 else (low, factor)
    return np.minimum(high * times, most)


def _estimate(values: Array) -> Estimate:
    """values: the value, then its replicates."""
    value = float(values[0])
    low, high = (value + WIDER * (float(end) - value) for end in np.nanpercentile(values[1:], INTERVAL))
    return Estimate(value, low, high)


def _drawn_to_nothing(slopes: Array) -> float:
    """Positive-part James and Stein: less by the share of it that is chance. slopes: the value, then its replicates."""
    slope, error = float(slopes[0]), WIDER * float(np.std(slopes[1:], ddof=1))
    if slope <= 0:
        return 0.0
    return min(MOST_SLOPE, slope * max(0.0, 1 - (error / slope) ** 2))
