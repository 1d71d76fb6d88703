"""How far two distributions lie apart, from counts by bin, and how far chance alone puts them.

Where both are samples of one distribution, the sum of (p - q)^2 / r over the bins, r the common share, is distributed
as chi-square with bins - 1 degrees of freedom times 1 / n + 1 / m. The population stability index equals that sum to
the second order, the Jensen-Shannon divergence (natural logarithm) an eighth of it.
"""

import math

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
LEAST_EXPECTED = 10.0
"""Rows that chance alone would put into a bin of either sample; rarer bins are counted together."""
HEAVIER = 2.0
"""How much more often than chi-square says an index of bins with few rows exceeds its quantile, at most."""


def psi(expected: Counts, compared: Counts) -> float:
    """The population stability index of two arrays of counts by bin: the sum of (p - q) ln(p / q).

    p, q: shares of compared and expected; an empty bin counts as half a row. By custom below 0.1 is stable, above 0.25
    has shifted (N. Siddiqi, Credit Risk Scorecards, 2006).
    """
    q, p = (np.maximum(counts, 0.5) / counts.sum() for counts in (expected, compared))
    return float(((p - q) * np.log(p / q)).sum())


def jensen_shannon(expected: Counts, compared: Counts) -> float:
    """The Jensen-Shannon distance, 0 to 1: the root of the divergence in bits.

    J. Lin, IEEE Transactions on Information Theory 37 (1991); D. Endres and J. Schindelin, 49 (2003).
    """
    q, p = (counts / counts.sum() for counts in (expected, compared))
    middle = (p + q) / 2
    entropies = [
        np.where(of > 0, of * np.log2(np.where(of > 0, of, 1) / np.maximum(middle, 1e-300)), 0) for of in (p, q)
    ]
    return math.sqrt(max(float(sum(each.sum() for each in entropies)) / 2, 0.0))


def psi_by_chance(bins: int, expected: float, compared: float, chance: float) -> float:
    """The index that two samples of one distribution exceed with this chance. expected, compared: their rows."""
    return _chi_square(bins, chance) * (1 / expected + 1 / compared)


def jensen_shannon_by_chance(bins: int, expected: float, compared: float, chance: float) -> float:
    """The Jensen-Shannon distance that two samples of one distribution exceed with this chance."""
    return math.sqrt(psi_by_chance(bins, expected, compared, chance) / (8 * math.log(2)))


def drift_by_chance(counts: Counts) -> float:
    """The population stability index that chance alone gives two samples in the mean: (bins - 1) (1 / n + 1 / m).

    counts: bin x part. B. Yurdakul, Statistical Properties of Population Stability Index (2018).
    """
    filled = int((counts.sum(axis=1) > 0).sum())
    return float((filled - 1) * (1 / np.maximum(counts.sum(axis=0), 1)).sum())


def pooled(expected: Counts, compared: Counts, smaller: float) -> tuple[Counts, Counts]:
    """The counts without empty bins, and with bins together in which either sample would have too few rows by chance.

    smaller: rows of the smaller sample.
    """
    both = np.stack([expected, compared])
    both = both[:, both.sum(axis=0) > 0]
    common = (both / both.sum(axis=1, keepdims=True)).mean(axis=0)
    rare = common * smaller < LEAST_EXPECTED
    if not rare.any():
        return both[0], both[1]
    if common[rare].sum() * smaller < LEAST_EXPECTED and not rare.all():
        rare[np.flatnonzero(~rare)[common[~rare].argmin()]] = True
    joined = np.column_stack([both[:, ~rare], both[:, rare].sum(axis=1)])
    return joined[0], joined[1]


def _chi_square(bins: int, chance: float) -> float:
    from scipy.stats import chi2

    return float(chi2.isf(chance / HEAVIER, bins - 1)) if bins > 1 else 0.0
