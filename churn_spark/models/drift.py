"""How far the scores of two models lie apart on one population."""

from collections.abc import Sequence

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

DECILES = [position / 10 for position in range(1, 10)]


def population_stability_index(scores: DataFrame) -> float:
    """PSI of the column `compared` against `expected`, over the deciles of `expected`; 0 where the frame is empty.

    PSI = sum over bins of (p - q) ln(p / q), with p, q the shares of compared and expected; an empty bin counts as half
    a row. By custom below 0.1 is stable, above 0.2 has shifted (N. Siddiqi, Credit Risk Scorecards, 2006).
    """
    found = scores.agg(F.percentile_approx("expected", DECILES, 10_000)).collect()[0][0]
    if not found:
        return 0.0
    edges = sorted(set(found))
    cells = scores.groupBy(_bin("expected", edges).alias("x"), _bin("compared", edges).alias("y")).count().collect()
    counts = np.zeros((len(edges) + 1, len(edges) + 1))
    for cell in cells:
        counts[cell["x"], cell["y"]] = cell["count"]
    return psi(counts.sum(axis=1), counts.sum(axis=0))


def psi(expected: np.ndarray, compared: np.ndarray) -> float:
    """The index of two arrays of counts by bin."""
    q, p = (np.maximum(counts, 0.5) / counts.sum() for counts in (expected, compared))
    return float(((p - q) * np.log(p / q)).sum())


def _bin(score: str, edges: Sequence[float]) -> Column:
    """How many edges a score lies above."""
    return F.size(F.filter(F.array(*(F.lit(float(edge)) for edge in edges)), lambda edge: F.col(score) > edge))
