"""The metrics of a tally: every one with its 95 % interval by bootstrap over customers.

Customers are dealt at random into `GROUPS` groups (a column made from a hash of the customer), and replicates draw
groups with replacement (cluster bootstrap), because the rows of one customer are near copies of each other. Two
candidates tested on the same rows are resampled alike, so their difference has a standard error of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.definitions.economics import Economics
from churn_spark.models import metrics, profit
from churn_spark.models.metrics import Array
from churn_spark.models.tally import Tally

GROUPS = 200
INTERVAL = (2.5, 97.5)
BIASED = frozenset({"expected_calibration_error"})
"""Metrics whose replicates all lie on one side of the value (resampling adds error of its own): none is given."""


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A metric's value, its 95 % interval (None: there is none) and its bootstrap replicates."""

    value: float
    low: float | None
    high: float | None
    replicates: Array


def group_of(customer_id: str, seed: int) -> Column:
    """The group a customer is resampled with, 0 .. GROUPS - 1."""
    return F.pmod(F.xxhash64(F.lit(f"resampled together {seed}"), F.col(customer_id)), F.lit(GROUPS)).cast("int")


def measured(
    tested: Tally,
    replicates: int,
    seed: int,
    threshold: float | None = None,
    economics: Economics | None = None,
) -> dict[str, Measure]:
    """Every metric of a tally whose parts are the groups of `group_of`; with economics those of profit too.

    threshold: the score from which on a customer is called a churner, for precision, recall, F1 and accuracy; None
    leaves them out. Without risks (a baseline that only ranks) the metrics of probabilities are left out.
    """
    weights = resampled(replicates, seed)
    values = _metrics(tested, weights, threshold)
    if economics is not None:
        values |= _profits(tested, weights, threshold, economics)
    return {name: _measure(name, replicated) for name, replicated in values.items()}


def best_threshold(out_of_fold: Tally, replicates: int, seed: int, economics: Economics) -> Measure:
    """The score from which on contacting customers brings the highest profit; `profit.NOBODY` where no contact pays."""
    weights = resampled(replicates, seed)
    scores, rows, churners, worth = _weighted(out_of_fold, weights, "rows", "churners", "worth")
    best = profit.best_thresholds(scores, rows, churners, worth, economics)
    if not replicates:
        return Measure(float(best[0]), None, None, best[1:])
    # An end of the interval is one of the thresholds: between two of them NOBODY would spread to both.
    low, high = np.percentile(best[1:], INTERVAL, method="closest_observation")
    return Measure(float(best[0]), float(low), float(high), best[1:])


def difference(one: Measure, other: Measure) -> tuple[float, float]:
    """`one - other` and the standard error of that difference over common replicates (0 where there are none)."""
    gaps = one.replicates - other.replicates
    return one.value - other.value, float(np.nanstd(gaps, ddof=1)) if len(gaps) > 1 else 0.0


def mean(measures: Sequence[Measure]) -> Measure:
    """The mean of one metric of several tallies, resampled alike."""
    together = np.vstack([np.append(measure.value, measure.replicates) for measure in measures])
    return _interval(together.mean(axis=0))


def negative(measure: Measure) -> Measure:
    """A measure of which less is better, turned round."""
    low, high = (None if end is None else -end for end in (measure.high, measure.low))
    return Measure(-measure.value, low, high, -measure.replicates)


def by_snapshot(tested: Tally) -> Mapping[str, Tally]:
    """The tally of each snapshot, by its ISO date."""
    return {str(day): tested.where(tested.snapshot == day) for day in np.unique(tested.snapshot)}


def _metrics(tested: Tally, weights: Array, threshold: float | None) -> dict[str, Array]:
    scores, rows, churners = _weighted(tested, weights, "rows", "churners")
    values = {
        "base_rate": metrics.base_rate(rows, churners),
        "roc_auc": metrics.roc_auc(rows, churners),
        "average_precision": metrics.average_precision(rows, churners),
    }
    for name, share in metrics.TOP_SHARES.items():
        values[f"recall_at_{name}"] = metrics.recall_at_top(rows, churners, share)
        values[f"lift_at_{name}"] = values[f"recall_at_{name}"] / share
    values["precision_at_decile"] = values["lift_at_decile"] * values["base_rate"]
    if threshold is not None:
        warned = (scores >= threshold).astype(float)
        values["precision"] = metrics.precision(rows, churners, warned)
        values["recall"] = metrics.recall(churners, warned)
        values["contacted"] = metrics.contacted(rows, warned)
        values["f1"] = metrics.f1(rows, churners, warned)
        values["accuracy"] = metrics.accuracy(rows, churners, warned)
    if not np.isnan(tested.predicted).any():
        _, predicted, errors, losses = _weighted(tested, weights, "predicted", "squared_error", "log_loss")
        values["brier_score"] = metrics.mean_loss(errors, rows)
        values["log_loss"] = metrics.mean_loss(losses, rows)
        values["expected_calibration_error"] = metrics.expected_calibration_error(rows, churners, predicted)
        if len(weights) > 1:
            noise = metrics.calibration_noise(rows, churners, predicted)
            values["calibration_noise_floor"] = np.append(np.nanmean(noise), noise)
    return values


def _profits(tested: Tally, weights: Array, threshold: float | None, economics: Economics) -> dict[str, Array]:
    scores, rows, churners, worth = _weighted(tested, weights, "rows", "churners", "worth")
    values = {"expected_maximum_profit": profit.expected_maximum_profit(rows, churners, worth, economics)}
    if threshold is not None:
        warned = (scores >= threshold).astype(float)
        values["profit"] = profit.profit_at(rows, churners, worth, warned, economics)
    return values


def resampled(replicates: int, seed: int) -> Array:
    """How often each group is drawn, by replicate; the first is the data themselves."""
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), size=replicates).astype(float)
    return np.vstack([np.ones(GROUPS), draws])


def _weighted(tested: Tally, weights: Array, *names: str) -> tuple[Array, ...]:
    """The distinct scores, then for each name the sums by (replicate, score) under the weights of the groups."""
    scores, place = np.unique(-tested.score, return_inverse=True)
    cell = tested.part.astype(int) * len(scores) + place
    shape = (GROUPS, len(scores))
    sums = [np.bincount(cell, getattr(tested, name), GROUPS * len(scores)).reshape(shape) for name in names]
    return (-scores, *(weights @ each for each in sums))


def _measure(name: str, replicated: Array) -> Measure:
    """replicated: the value, then its replicates."""
    if name in BIASED:
        return Measure(float(replicated[0]), None, None, replicated[1:])
    return _interval(replicated)


def _interval(replicated: Array) -> Measure:
    """replicated: the value, then its replicates."""
    value, replicates = float(replicated[0]), replicated[1:]
    if np.isnan(replicates).all():
        return Measure(value, None, None, replicates)
    low, high = np.nanpercentile(replicates, INTERVAL)
    return Measure(value, float(low), float(high), replicates)
