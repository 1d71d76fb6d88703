"""Association of features with the label, from counts of their bins: chi-square tests and Cramér's V, in NumPy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from churn_spark.models.metrics import Array

LEAST_EXPECTED = 5
"""Rows of either label that a bin must be expected to have; smaller bins are pooled (Cochran's rule)."""


@dataclass(frozen=True, slots=True)
class Association:
    """Of one feature: chi-square statistic, degrees of freedom, p-value, and Cramér's V (0: none, 1: complete)."""

    statistic: float
    freedom: int
    p_value: float
    strength: float


def association(counts: Array) -> Association:
    """Pearson's chi-square test of independence of bins x labels, and Cramér's V without its bias.

    counts: rows by bin and label, bins x 2. The correction of V is W. Bergsma's (2013), so that many bins alone give no
    strength. Rows of one customer are near copies, so the p-value is smaller than it should be: it keeps too many
    features rather than too few.
    """
    from scipy.special import chdtrc

    table = _pooled(counts)
    rows, freedom = table.sum(), len(table) - 1
    if freedom < 1:
        return Association(0.0, 0, 1.0, 0.0)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / rows
    statistic = float(((table - expected) ** 2 / expected).sum())
    squared = max(0.0, statistic / rows - freedom / (rows - 1))
    width = 1 - 1 / (rows - 1)
    return Association(statistic, freedom, float(chdtrc(freedom, statistic)), math.sqrt(squared / width))


def discoveries(p_values: Mapping[str, float], rate: float) -> frozenset[str]:
    """The names whose p-values are significant at a false discovery rate, after Benjamini and Hochberg (1995)."""
    from scipy.stats import false_discovery_control

    if not p_values:
        return frozenset()
    adjusted = false_discovery_control(list(p_values.values()))
    return frozenset(name for name, p in zip(p_values, adjusted, strict=True) if p <= rate)


def _pooled(counts: Array) -> Array:
    """The counts without empty bins, all bins too small for the test in one; that one to its neighbour if still so."""
    table = counts[counts.sum(axis=1) > 0].astype(float)
    if not len(table) or not table.sum(axis=0).all():
        return table[:1]
    share = table.sum(axis=0).min() / table.sum()
    small = table.sum(axis=1) * share < LEAST_EXPECTED
    if not small.any():
        return table
    kept, pool = table[~small], table[small].sum(axis=0)
    if not len(kept) or pool.sum() * share >= LEAST_EXPECTED:
        return np.vstack([kept, pool])
    return np.vstack([kept[:-1], kept[-1] + pool])
