"""Calibration: from a model's score to a probability, chosen and learnt on out-of-fold scores.

None, Platt scaling (logistic regression on the score's log odds) or isotonic regression (pool adjacent violators),
whichever has the lowest log loss when learnt on the other folds; of ties the simplest. Ranks stay by the raw score,
because isotonic regression makes ties. The risk never falls where the score rises: of a score that orders its folds
wrongly, Platt scaling and isotonic regression give everybody the base rate; none leaves it as it is, and is chosen
only where that is hardly worse.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.models.metrics import Array
from churn_spark.models.tally import SMALLEST, Tally

Method = Literal["none", "platt", "isotonic"]

CERTAIN = 1e-6
"""Log odds are taken of scores kept this far from 0 and 1."""


@dataclass(frozen=True, slots=True)
class Calibrator:
    """How a score becomes a risk.

    platt: knots = ((intercept, slope),) on the score's log odds, slope >= 0. isotonic: knots (score, risk), scores
    rising and risks not falling, joined by straight lines, constant beyond the ends. ModelError for others.
    """

    method: Method
    knots: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        falls = self.method == "platt" and self.knots[0][1] < 0
        pairs = zip(self.knots, self.knots[1:], strict=False)
        if falls or any(x1 <= x0 or y1 < y0 for (x0, y0), (x1, y1) in pairs):
            raise ModelError(
                f"the {self.method} calibration of the model lets the risk fall where the score rises; train it anew"
                " (churn-spark train; for data of the past with --as-of, a date of theirs)"
            )

    @property
    def flat(self) -> bool:
        """Whether every score has the same risk."""
        if self.method == "platt":
            return self.knots[0][1] == 0
        return self.method == "isotonic" and self.knots[0][1] == self.knots[-1][1]

    def risk(self, score: Array) -> Array:
        """The risk of each score."""
        if self.method == "platt":
            intercept, slope = self.knots[0]
            return _sigmoid(intercept + slope * _log_odds(score))
        if self.method == "isotonic":
            scores, risks = zip(*self.knots, strict=True)
            return np.asarray(np.interp(score, scores, risks))
        return score

    def column(self, score: str) -> Column:
        """The same as a column expression."""
        if self.method == "platt":
            intercept, slope = self.knots[0]
            kept = F.least(F.greatest(F.col(score), F.lit(CERTAIN)), F.lit(1 - CERTAIN))
            return 1 / (1 + F.exp(-(F.lit(intercept) + F.lit(slope) * F.log(kept / (1 - kept)))))
        if self.method == "isotonic":
            return self._interpolated(F.col(score))
        return F.col(score)

    def _interpolated(self, score: Column) -> Column:
        """The first risk plus the rise of every piece as far as the score has come through it."""
        pieces = [
            F.struct(F.lit(x0).alias("from"), F.lit(x1 - x0).alias("width"), F.lit(y1 - y0).alias("rise"))
            for (x0, y0), (x1, y1) in zip(self.knots, self.knots[1:], strict=False)
        ]
        lowest = F.lit(self.knots[0][1])
        if not pieces:
            return lowest
        return F.aggregate(
            F.array(*pieces),
            lowest,
            lambda risk, piece: (
                risk
                + piece["rise"] * F.least(F.greatest((score - piece["from"]) / piece["width"], F.lit(0.0)), F.lit(1.0))
            ),
        )


def choose(out_of_fold: Tally) -> tuple[Calibrator, dict[Method, float]]:
    """The calibrator with the lowest cross-validated log loss, learnt on all folds, and the log loss of each method.

    out_of_fold: scores by a model that did not see the row's fold; its parts are the folds. Of methods within one
    standard error of the best (of the difference, row by row) the simplest wins. Rows of one customer are near copies,
    so that the error is rather larger than that; a simpler method within the true error may lose.
    """
    losses = {method: cross_validated(learn, out_of_fold) for method, learn in LEARNERS.items()}
    counts = np.stack([out_of_fold.churners, out_of_fold.rows - out_of_fold.churners])
    means = {method: float((counts * loss).sum() / counts.sum()) for method, loss in losses.items()}
    lowest = losses[min(LEARNERS, key=lambda method: means[method])]
    chosen = next(method for method in LEARNERS if tied(losses[method] - lowest, counts))
    return LEARNERS[chosen](*out_of_fold.by_score("rows", "churners")), means


def none(scores: Array, rows: Array, churners: Array) -> Calibrator:
    """The score is the risk."""
    return Calibrator("none")


def platt(scores: Array, rows: Array, churners: Array) -> Calibrator:
    """Weighted logistic regression of the label on the log odds, by Newton's method, with Platt's smoothed targets.

    J. Platt, Probabilistic outputs for support vector machines (1999). Where churn falls with the score the best slope
    of those not below 0 is 0, and the risk is the base rate (of the smoothed targets).
    """
    inputs = np.column_stack([np.ones(len(scores)), _log_odds(scores)])
    positives, negatives = churners.sum(), (rows - churners).sum()
    target = (churners * (positives + 1) / (positives + 2) + (rows - churners) / (negatives + 2)) / rows
    # From slope 0 Newton's steps do not overshoot.
    weights = np.array([np.log((positives + 1) / (negatives + 1)), 0.0])
    for _ in range(50):
        risk = _sigmoid(inputs @ weights)
        curvature = inputs.T @ (inputs * (rows * np.maximum(risk * (1 - risk), SMALLEST))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, inputs.T @ (rows * (target - risk)))
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            break
    if weights[1] <= 0:
        base_rate = (rows * target).sum() / rows.sum()
        return Calibrator("platt", ((float(np.log(base_rate / (1 - base_rate))), 0.0),))
    return Calibrator("platt", ((float(weights[0]), float(weights[1])),))


def isotonic(scores: Array, rows: Array, churners: Array) -> Calibrator:
    """Least-squares rising step function by pooling adjacent violators, kept half a row away from 0 and 1."""
    order = np.argsort(scores)
    blocks: list[list[float]] = []
    for score, weight, sum_ in zip(scores[order], rows[order], churners[order], strict=True):
        blocks.append([score, score, weight, sum_])
        while len(blocks) > 1 and blocks[-2][3] * blocks[-1][2] >= blocks[-1][3] * blocks[-2][2]:
            _, end, weight_, churned = blocks.pop()
            blocks[-1] = [blocks[-1][0], end, blocks[-1][2] + weight_, blocks[-1][3] + churned]
    nearest = 0.5 / rows.sum()
    knots: dict[float, float] = {}
    for first, end, weight, sum_ in blocks:
        risk = float(np.clip(sum_ / weight, nearest, 1 - nearest))
        knots[float(first)] = risk
        knots[float(end)] = risk
    return Calibrator("isotonic", tuple(knots.items()))


LEARNERS: dict[Method, Callable[[Array, Array, Array], Calibrator]] = {
    "none": none,
    "platt": platt,
    "isotonic": isotonic,
}
"""From the simplest."""


def cross_validated(learn: Callable[[Array, Array, Array], Calibrator], out_of_fold: Tally) -> Array:
    """The log loss of a churner (first row) and of a stayer (second) at each entry, calibrated by the other folds."""
    losses = np.zeros((2, len(out_of_fold.score)))
    for fold in np.unique(out_of_fold.part):
        held_out = out_of_fold.part == fold
        calibrator = learn(*out_of_fold.where(~held_out).by_score("rows", "churners"))
        risk = np.clip(calibrator.risk(out_of_fold.score[held_out]), SMALLEST, 1 - SMALLEST)
        losses[:, held_out] = -np.log(risk), -np.log1p(-risk)
    return losses


def tied(excess: Array, counts: Array) -> bool:
    """Whether a mean excess of loss is no larger than its standard error, rows taken as independent."""
    rows = counts.sum()
    mean = (counts * excess).sum() / rows
    return bool(mean <= np.sqrt(max((counts * excess**2).sum() / rows - mean**2, 0.0) / rows))


def _log_odds(score: Array) -> Array:
    kept = np.clip(score, CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(kept / (1 - kept)))


def _sigmoid(odds: Array) -> Array:
    """1 / (1 + exp(-odds)), without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -odds)))
