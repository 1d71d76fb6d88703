"""How far a feature in bins, or a snapshot's date, tells churners from stayers: figures of counts alone."""

import numpy as np
from numpy.typing import NDArray

from churn_spark.models import metrics

Counts = NDArray[np.int64]
PURE = 0.98
"""Share of churners from which a bin counts as pure."""
ENOUGH = 20
MOSTLY_STAYING = 0.5
HALF_A_ROW = 0.5
"""What an empty cell counts as."""


def bins_auc(counts: Counts) -> float:
    """ROC AUC of a feature alone, its bins ordered by the churn of one half of the customers and measured on the other.

    counts: bin x half x label. The mean of both ways; NaN where neither half has both labels. Bins are ordered by what
    another half says, so that many small bins do not flatter.
    """
    both = [_auc(counts[:, one], counts[:, other]) for one, other in ((0, 1), (1, 0))]
    known = [auc for auc in both if not np.isnan(auc)]
    return float(np.mean(known)) if known else float("nan")


def _auc(learnt: Counts, tested: Counts) -> float:
    """learnt, tested: bin x label."""
    rows = learnt.sum(axis=1)
    overall = learnt[:, 1].sum() / max(rows.sum(), 1)
    rates = np.where(rows > 0, learnt[:, 1] / np.maximum(rows, 1), overall)
    _, place = np.unique(-rates, return_inverse=True)
    ordered = [np.bincount(place, of).astype(float) for of in (tested.sum(axis=1), tested[:, 1])]
    return float(metrics.roc_auc(*ordered))


def pure_bins(counts: Counts) -> NDArray[np.bool_]:
    """The bins in which almost everybody leaves, in each half of the customers, where most customers stay.

    counts: bin x half x label. A bin with fewer than `ENOUGH` churners in a half says nothing.
    """
    left, rows = counts[:, :, 1], counts.sum(axis=2)
    if counts[:, :, 1].sum() > MOSTLY_STAYING * counts.sum():
        return np.zeros(len(counts), dtype=bool)
    return np.asarray(((left >= ENOUGH) & (left >= PURE * rows)).all(axis=1))


def information_value(counts: Counts) -> float:
    """Sum over bins of (p - q) ln(p / q), with p, q the shares of churners and stayers in the bin.

    counts: bin x label. By custom above 0.5 is suspicious (N. Siddiqi, Credit Risk Scorecards, 2006).
    """
    filled = counts[counts.sum(axis=1) > 0].astype(float)
    if not filled.sum(axis=0).all():
        return float("nan")
    q, p = (np.maximum(filled[:, label], HALF_A_ROW) / filled[:, label].sum() for label in (0, 1))
    return float(((p - q) * np.log(p / q)).sum())


def odds_at_equal_strata(counts: Counts) -> tuple[float, float]:
    """The common odds ratio of leaving of the known against the unknown, and its z, over strata of equal activity.

    counts: stratum x null (0: known) x label. N. Mantel and W. Haenszel, J. Natl. Cancer Inst. 22 (1959) 719. Both are
    NaN where no stratum has both.
    """
    stayed_known, left_known, stayed_null, left_null = (
        counts[:, null, label].astype(float) for null, label in ((0, 0), (0, 1), (1, 0), (1, 1))
    )
    known, null = stayed_known + left_known, stayed_null + left_null
    rows, left = known + null, left_known + left_null
    with np.errstate(divide="ignore", invalid="ignore"):
        above, below = (np.nansum(cells / rows) for cells in (left_known * stayed_null, left_null * stayed_known))
        variance = np.nansum(np.where(rows > 1, known * null * left * (rows - left) / (rows**2 * (rows - 1)), 0.0))
        surplus = np.nansum(left_known - known * left / rows)
        return float(np.divide(above, below)), float(np.divide(surplus, np.sqrt(variance)))


def rates_at_equal_strata(counts: Counts) -> tuple[float, float]:
    """The share that left of the known and of the unknown, weighted by the rows of the strata that have both."""
    both = counts[(counts.sum(axis=2) > 0).all(axis=1)].astype(float)
    weights = both.sum(axis=(1, 2)) / both.sum()
    known, unknown = (weights @ (both[:, null, 1] / both[:, null].sum(axis=1)) for null in (0, 1))
    return float(known), float(unknown)


def rate_change(before: Counts, after: Counts) -> tuple[float, float]:
    """By what factor the odds of the base rate changed from one snapshot to the next, and the z of the difference.

    before, after: group of customers x label. The standard error is that of clustered rows, from how each group moves
    the difference (the same customers are in both). Half a row more of each label keeps the odds finite.
    """
    rates, odds, moved = [], [], np.zeros(len(before))
    for counts, sign in ((before, -1), (after, 1)):
        rows, left = counts.sum(axis=1).astype(float), counts[:, 1].astype(float)
        rates.append(left.sum() / rows.sum() if rows.sum() else float("nan"))
        odds.append((left.sum() + HALF_A_ROW) / (rows.sum() - left.sum() + HALF_A_ROW))
        moved += sign * (left - rates[-1] * rows) / max(rows.sum(), 1.0)
    groups = int(((before + after).sum(axis=1) > 0).sum())
    error = np.sqrt((moved**2).sum() * groups / max(groups - 1, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return odds[1] / odds[0], float(np.divide(rates[1] - rates[0], error))
