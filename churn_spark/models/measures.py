"""What a tally says: every metric with its 95 % interval by bootstrap over customers.

Customers are dealt at random into `GROUPS` groups (a column made from a hash of the customer), and replicates draw
groups with replacement (cluster bootstrap), because the rows of one customer are near copies of each other. Two
candidates tested on the same rows are resampled alike, so their difference has a standard error of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.models import metrics
from churn_spark.models.metrics import Array
from churn_spark.models.tally import Tally

GROUPS = 200
INTERVAL = (2.5, 97.5)
BIASED = frozenset({"expected_calibration_error"})
"""Metrics whose replicates all lie on one side of the value (resampling adds error of its own): no interval is told."""


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A metric's value, its 95 % interval (None: none is told) and its bootstrap replicates."""

    value: float
    low: float | None
    high: float | None
    replicates: Array


def group_of(customer_id: str, seed: int) -> Column:
    """The group a customer is resampled with, 0 .. GROUPS - 1."""
    return F.pmod(F.xxhash64(F.lit(f"resampled together {seed}"), F.col(customer_id)), F.lit(GROUPS)).cast("int")


def measured(tested: Tally, replicates: int, seed: int, threshold: float | None = None) -> dict[str, Measure]:
    """Every metric of a tally whose parts are the groups of `group_of`.

    threshold: the score from which on a customer is called a churner, for F1 and accuracy; None leaves them out.
    Without risks (a baseline that only ranks) the metrics of probabilities are left out.
    """
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), size=replicates).astype(float)
    weights = np.vstack([np.ones(GROUPS), draws])
    values = _metrics(tested, weights, threshold)
    return {name: _measure(name, found) for name, found in values.items()}


def difference(one: Measure, other: Measure) -> tuple[float, float]:
    """`one - other` and the standard error of that difference over common replicates (0 where there are none)."""
    gaps = one.replicates - other.replicates
    return one.value - other.value, float(np.nanstd(gaps, ddof=1)) if len(gaps) > 1 else 0.0


def by_snapshot(tested: Tally) -> Mapping[str, Tally]:
    """The tally of each snapshot, by its ISO date."""
    return {str(day): tested.where(tested.snapshot == day) for day in np.unique(tested.snapshot)}


def _metrics(tested: Tally, weights: Array, threshold: float | None) -> dict[str, Array]:
    scores, rows, churners = _weighted(tested, weights, "rows", "churners")
    found = {
        "base_rate": metrics.base_rate(rows, churners),
        "roc_auc": metrics.roc_auc(rows, churners),
        "average_precision": metrics.average_precision(rows, churners),
        "lift_at_decile": metrics.lift_at_top(rows, churners),
        "precision_at_decile": metrics.precision_at_top(rows, churners),
        "recall_at_decile": metrics.recall_at_top(rows, churners),
    }
    if threshold is not None:
        warned = (scores >= threshold).astype(float)
        found["f1"] = metrics.f1(rows, churners, warned)
        found["accuracy"] = metrics.accuracy(rows, churners, warned)
    if not np.isnan(tested.predicted).any():
        _, predicted, errors, losses = _weighted(tested, weights, "predicted", "squared_error", "log_loss")
        found["brier_score"] = metrics.mean_loss(errors, rows)
        found["log_loss"] = metrics.mean_loss(losses, rows)
        found["expected_calibration_error"] = metrics.expected_calibration_error(rows, churners, predicted)
    return found


def _weighted(tested: Tally, weights: Array, *names: str) -> tuple[Array, ...]:
    """The distinct scores, then for each name the sums by (replicate, score) under the weights of the groups."""
    scores, place = np.unique(-tested.score, return_inverse=True)
    cell = tested.part.astype(int) * len(scores) + place
    shape = (GROUPS, len(scores))
    sums = [np.bincount(cell, getattr(tested, name), GROUPS * len(scores)).reshape(shape) for name in names]
    return (-scores, *(weights @ each for each in sums))


def _measure(name: str, found: Array) -> Measure:
    value, replicates = float(found[0]), found[1:]
    if name in BIASED or np.isnan(replicates).all():
        return Measure(value, None, None, replicates)
    low, high = np.nanpercentile(replicates, INTERVAL)
    return Measure(value, float(low), float(high), replicates)
