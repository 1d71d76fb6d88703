"""How a model in force has done since: figures of scored rows whose labels have matured, with standard errors.

Rows of one snapshot are of different customers, so each figure is resampled row by row: the churners and the stayers of
every score are drawn from Poisson distributions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from churn_spark.models import metrics
from churn_spark.models.calibration import CERTAIN
from churn_spark.models.metrics import Array
from churn_spark.models.tally import Tally

REPLICATES = 200
STEPS = 50
FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Level:
    """Risks beside what happened: churners by the risks and observed, and the standard deviation of the number by
    chance if the risks are right.

    slope: of the log odds of the risks in a logistic regression of the labels, with its standard error; 1 where only
    the level may be wrong. NaN where it cannot be fitted.
    """

    expected: float
    observed: float
    deviation: float
    slope: float
    slope_error: float


@dataclass(frozen=True, slots=True)
class Live:
    """Rows, churners, figures by name with their standard errors, and the level of the risks.

    noise: the calibration error that right risks have by chance, and its standard deviation.
    """

    rows: int
    churners: int
    figures: Mapping[str, float]
    errors: Mapping[str, float]
    noise: tuple[float, float]
    level: Level


def live(tested: Tally, seed: int, replicates: int = REPLICATES) -> Live:
    """The figures of some rows. ROC AUC, average precision, Brier score and expected calibration error."""
    _, rows, churners, predicted, squared = tested.by_score("rows", "churners", "predicted", "squared_error")
    risk = np.clip(predicted / np.maximum(rows, 1), 0.0, 1.0)
    rng = np.random.default_rng(seed)
    left = rng.poisson(churners, (replicates, len(rows))).astype(float)
    stayed = rng.poisson(rows - churners, (replicates, len(rows))).astype(float)
    found = {
        "roc_auc": (metrics.roc_auc(rows, churners), metrics.roc_auc(left + stayed, left)),
        "average_precision": (
            metrics.average_precision(rows, churners),
            metrics.average_precision(left + stayed, left),
        ),
        "brier_score": (
            metrics.mean_loss(squared, rows),
            metrics.mean_loss(left * (1 - risk) ** 2 + stayed * risk**2, left + stayed),
        ),
    }
    return Live(
        rows=int(rows.sum()),
        churners=int(churners.sum()),
        figures={
            **{name: float(value) for name, (value, _) in found.items()},
            "expected_calibration_error": float(metrics.expected_calibration_error(rows, churners, predicted)),
        },
        errors={name: _spread(drawn) for name, (_, drawn) in found.items()},
        noise=calibration_by_chance(rows, risk),
        level=level(rows, churners, risk),
    )


def _spread(drawn: Array) -> float:
    """The standard deviation of the replicates that are defined; NaN where fewer than two are."""
    known = drawn[~np.isnan(drawn)]
    return float(np.std(known, ddof=1)) if len(known) > 1 else float("nan")


def calibration_by_chance(rows: Array, risk: Array) -> tuple[float, float]:
    """The mean and the standard deviation of the expected calibration error where every risk is right.

    The gap of a bin is then about normal around 0, and its absolute value half-normal.
    """
    bins = metrics.calibration_bins(rows)
    variances = np.bincount(bins, rows * risk * (1 - risk), metrics.CALIBRATION_BINS)
    total = max(float(rows.sum()), 1.0)
    mean = np.sqrt(2 / np.pi * variances).sum() / total
    return float(mean), float(np.sqrt((1 - 2 / np.pi) * variances.sum()) / total)


def level(rows: Array, churners: Array, risk: Array) -> Level:
    """Whether the risks add up to the churners, and whether their log odds have slope 1."""
    variance = float((rows * risk * (1 - risk)).sum())
    slope, error = _slope(rows, churners, risk)
    return Level(float((rows * risk).sum()), float(churners.sum()), variance**0.5, slope, error)


def _slope(rows: Array, churners: Array, risk: Array) -> tuple[float, float]:
    """D. Cox, Two further applications of a model for binary regression, Biometrika 45 (1958): Newton's method."""
    kept = np.clip(risk, CERTAIN, 1 - CERTAIN)
    odds = np.log(kept / (1 - kept))
    if not 0 < churners.sum() < rows.sum() or np.ptp(odds) < FLAT:
        return float("nan"), float("nan")
    inputs, weights = np.column_stack([np.ones(len(odds)), odds]), np.array([0.0, 1.0])
    for _ in range(STEPS):
        fitted = np.exp(-np.logaddexp(0.0, -(inputs @ weights)))
        curvature = inputs.T @ (inputs * (rows * fitted * (1 - fitted))[:, None]) + FLAT * np.eye(2)
        step = np.clip(np.linalg.solve(curvature, inputs.T @ (churners - rows * fitted)), -1.0, 1.0)
        weights = weights + step
        if np.abs(step).max() < FLAT:
            break
    return float(weights[1]), float(np.sqrt(np.linalg.inv(curvature)[1, 1]))
