"""How far the scores of two models lie apart on one population."""

from collections.abc import Sequence

import numpy as np
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.stat import Correlation
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.monitoring.divergence import psi

DECILES = [position / 10 for position in range(1, 10)]


def population_stability_index(scores: DataFrame) -> float:
    """PSI of the column `compared` against `expected`, over the deciles of `expected`; 0 where the frame is empty.

    PSI = sum over bins of (p - q) ln(p / q), with p, q the shares of compared and expected; an empty bin counts as half
    a row. By custom below 0.1 is stable, above 0.2 has shifted (N. Siddiqi, Credit Risk Scorecards, 2006).
    """
    deciles = scores.agg(F.percentile_approx("expected", DECILES, 10_000)).collect()[0][0]
    if not deciles:
        return 0.0
    edges = sorted(set(deciles))
    cells = scores.groupBy(_bin("expected", edges).alias("x"), _bin("compared", edges).alias("y")).count().collect()
    counts = np.zeros((len(edges) + 1, len(edges) + 1))
    for cell in cells:
        counts[cell["x"], cell["y"]] = cell["count"]
    return psi(counts.sum(axis=1), counts.sum(axis=0))


def rank_agreement(scores: DataFrame) -> float:
    """Spearman's rank correlation of the columns `expected` and `compared`.

    0 where only one of them varies, as they then rank differently; 1 where neither does, and where the frame is
    empty.
    """
    varies = scores.agg(*(F.min(name) < F.max(name) for name in ("expected", "compared"))).collect()[0]
    vary = [bool(column) for column in varies]
    if not all(vary):
        return 0.0 if any(vary) else 1.0
    both = VectorAssembler(inputCols=["expected", "compared"], outputCol="both").transform(scores)
    return float(Correlation.corr(both, "both", "spearman").collect()[0][0][0, 1])


def _bin(score: str, edges: Sequence[float]) -> Column:
    """How many edges a score lies above."""
    return F.size(F.filter(F.array(*(F.lit(float(edge)) for edge in edges)), lambda edge: F.col(score) > edge))
