"""Metrics of ranked and calibrated scores, from counts of rows and churners by distinct score.

Every function takes arrays whose last axis runs over scores from the highest to the lowest (leading axes: bootstrap
replicates), so ties count as ties, and gives one value per replicate; NaN where the metric is undefined.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOP_SHARE = 0.1
TOP_SHARES = {"1_percent": 0.01, "5_percent": 0.05, "decile": TOP_SHARE, "20_percent": 0.2}
"""The shares of the population whose lift and recall (cumulative gain) are measured, as the metrics' names end."""
CALIBRATION_BINS = 10


def roc_auc(rows: Array, churners: Array) -> Array:
    """Area under the ROC curve: the chance that a churner outranks a stayer, a tie counting half (Mann-Whitney U)."""
    stayers = rows - churners
    outranked = _total(stayers) - np.cumsum(stayers, axis=-1) + stayers / 2
    return _ratio((churners * outranked).sum(axis=-1), churners.sum(axis=-1) * stayers.sum(axis=-1))


def average_precision(rows: Array, churners: Array) -> Array:
    """Sum over distinct scores of (increase of recall) x precision, without interpolation."""
    precision = _ratio(np.cumsum(churners, axis=-1), np.cumsum(rows, axis=-1))
    return _ratio((churners * np.nan_to_num(precision)).sum(axis=-1), churners.sum(axis=-1))


def churners_at_top(rows: Array, churners: Array, share: float = TOP_SHARE) -> Array:
    """Churners among the `share` of rows with the highest scores; a tie that straddles the cut counts in proportion."""
    wanted = share * _total(rows)
    before = np.cumsum(rows, axis=-1) - rows
    part = np.clip(np.nan_to_num(_ratio(wanted - before, rows)), 0.0, 1.0)
    return np.asarray((part * churners).sum(axis=-1))


def precision_at_top(rows: Array, churners: Array, share: float = TOP_SHARE) -> Array:
    """Share of churners among the riskiest `share` of rows."""
    return _ratio(churners_at_top(rows, churners, share), share * rows.sum(axis=-1))


def recall_at_top(rows: Array, churners: Array, share: float = TOP_SHARE) -> Array:
    """Cumulative gain: share of all churners that are among the riskiest `share` of rows."""
    return _ratio(churners_at_top(rows, churners, share), churners.sum(axis=-1))


def lift_at_top(rows: Array, churners: Array, share: float = TOP_SHARE) -> Array:
    """Precision among the riskiest `share` of rows / base rate, which is their recall / share."""
    return recall_at_top(rows, churners, share) / share


def base_rate(rows: Array, churners: Array) -> Array:
    """Share of churners."""
    return _ratio(churners.sum(axis=-1), rows.sum(axis=-1))


def precision(rows: Array, churners: Array, warned: Array) -> Array:
    """Share of churners among the rows whose score is `warned` (1: called churners)."""
    return _ratio((churners * warned).sum(axis=-1), (rows * warned).sum(axis=-1))


def recall(churners: Array, warned: Array) -> Array:
    """Share of all churners whose score is `warned`."""
    return _ratio((churners * warned).sum(axis=-1), churners.sum(axis=-1))


def contacted(rows: Array, warned: Array) -> Array:
    """Share of rows whose score is `warned`."""
    return _ratio((rows * warned).sum(axis=-1), rows.sum(axis=-1))


def f1(rows: Array, churners: Array, warned: Array) -> Array:
    """Harmonic mean of precision and recall when the scores where `warned` is 1 are called churners."""
    hits = (churners * warned).sum(axis=-1)
    return _ratio(2 * hits, (rows * warned).sum(axis=-1) + churners.sum(axis=-1))


def accuracy(rows: Array, churners: Array, warned: Array) -> Array:
    """Share of rows called rightly when the scores where `warned` is 1 are called churners."""
    right = churners * warned + (rows - churners) * (1 - warned)
    return _ratio(right.sum(axis=-1), rows.sum(axis=-1))


def best_f1_threshold(scores: Array, rows: Array, churners: Array) -> float:
    """The score from which on calling churners gives the highest F1 (of equals the highest score)."""
    f1_from_score = _ratio(2 * np.cumsum(churners), np.cumsum(rows) + churners.sum())
    return float(scores[int(np.nanargmax(f1_from_score))])


def expected_calibration_error(rows: Array, churners: Array, predicted: Array) -> Array:
    """Mean distance of observed from predicted churn over ten bins of equal count by score, weighted by their rows.

    predicted: sum of the predicted probabilities. A score's rows stay together, in the bin of their middle row.
    """
    bins = calibration_bins(rows)
    gaps = [np.abs(((predicted - churners) * (bins == b)).sum(axis=-1)) for b in range(CALIBRATION_BINS)]
    return _ratio(np.sum(gaps, axis=0), rows.sum(axis=-1))


def calibration_noise(rows: Array, churners: Array, predicted: Array) -> Array:
    """The calibration error that chance alone gives a model whose risks are right, one value per bootstrap replicate.

    The first replicate is the data themselves, so there is one value fewer: how far each replicate's gaps between
    predicted and observed churn, over the bins of the data, lie from those of the data.
    """
    inside = calibration_bins(rows[0])[:, None] == np.arange(CALIBRATION_BINS)
    gaps = _ratio((predicted - churners) @ inside, _total(rows))
    return np.asarray(np.abs(gaps[1:] - gaps[0]).sum(axis=-1))


def calibration_bins(rows: Array) -> NDArray[np.int64]:
    """The bin of equal count of every score, 0 for the highest: that of the middle of its rows."""
    middle = np.nan_to_num(_ratio(np.cumsum(rows, axis=-1) - rows / 2, _total(rows)))
    return np.minimum((middle * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)


def mean_loss(losses: Array, rows: Array) -> Array:
    """Mean over rows of a loss summed by score (squared error: Brier score; log loss)."""
    return _ratio(losses.sum(axis=-1), rows.sum(axis=-1))


def _total(values: Array) -> Array:
    return np.asarray(values.sum(axis=-1, keepdims=True))


def _ratio(above: Array, below: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below > 0, np.divide(above, below), np.nan))
