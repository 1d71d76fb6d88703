"""How far the scores of two models lie apart on one population."""

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

DECILES = [position / 10 for position in range(1, 10)]


def population_stability_index(scores: DataFrame) -> float:
    """PSI of the column `compared` against `expected`, over the deciles of `expected`; 0 where the frame is empty.

    PSI = sum over bins of (p - q) ln(p / q), with p, q the shares of compared and expected; an empty bin counts as half
    a row. By custom below 0.1 is stable, above 0.2 has shifted (N. Siddiqi, Credit Risk Scorecards, 2006).
    """
    edges = scores.agg(F.percentile_approx("expected", DECILES, 10_000)).collect()[0][0]
    if not edges:
        return 0.0
    cuts = F.array(*(F.lit(float(edge)) for edge in sorted(set(edges))))
    sides = [
        scores.select(F.lit(side).alias("side"), F.size(F.filter(cuts, lambda cut: F.col(side) > cut)).alias("bin"))  # noqa: B023
        for side in ("expected", "compared")
    ]
    cells = sides[0].unionByName(sides[1]).groupBy("side", "bin").count().collect()
    counts = {side: np.zeros(len(set(edges)) + 1) for side in ("expected", "compared")}
    for cell in cells:
        counts[cell["side"]][cell["bin"]] = cell["count"]
    return psi(counts["expected"], counts["compared"])


def psi(expected: np.ndarray, compared: np.ndarray) -> float:
    """The index of two arrays of counts by bin."""
    q, p = (np.maximum(counts, 0.5) / counts.sum() for counts in (expected, compared))
    return float(((p - q) * np.log(p / q)).sum())
