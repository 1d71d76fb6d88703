"""Scores summed up where they lie, so that metrics, curves and intervals cost the driver the same whatever the
customers.

Up to `EXACT` cells scores are kept apart and everything computed from a tally is exact; beyond, scores share `BINS`
bins of equal count and rows of one bin count as tied (an error of the order of 1 / BINS in the ranks).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.ml.feature import Bucketizer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.models.metrics import Array

EXACT = 20_000
BINS = 2_000
SMALLEST = 1e-15
"""Probabilities are kept this far from 0 and 1 in the log loss."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """One entry a (score, snapshot, part), ordered from the highest score: rows, churners and summed losses.

    part: what intervals resample (a group of customers) or what folds keep apart. predicted: sum of risks.
    """

    score: Array
    snapshot: NDArray[np.datetime64]
    part: NDArray[np.int64]
    rows: Array
    churners: Array
    predicted: Array
    squared_error: Array
    log_loss: Array

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Tally":
        """Only the entries for which `chosen` is true."""
        return Tally(**{name: getattr(self, name)[chosen] for name in self.__slots__})

    def by_score(self, *names: str) -> tuple[Array, ...]:
        """The distinct scores from the highest, then sums of the named arrays by them."""
        scores, place = np.unique(-self.score, return_inverse=True)
        return (-scores, *(np.bincount(place, getattr(self, name), len(scores)).astype(np.float64) for name in names))


def tally(scored: DataFrame, part: str) -> Tally:
    """Sum up scored rows; beyond `EXACT` cells `scored` is read three times, so cache it.

    scored: as_of_date, label (0 or 1), score, risk (null where scores are no probabilities), and the column `part`.
    """
    exact = _cells(scored.withColumn("bin", F.col("score")), part).limit(EXACT + 1).toArrow()
    return _ordered(exact if exact.num_rows <= EXACT else _cells(_binned(scored), part).toArrow())


def _cells(binned: DataFrame, part: str) -> DataFrame:
    """The sums by bin, snapshot and part."""
    missed = F.when(F.col("label") == 1, F.col("risk")).otherwise(1 - F.col("risk"))
    return binned.groupBy("bin", "as_of_date", F.col(part).alias("part")).agg(
        F.avg("score").alias("score"),
        F.count("*").cast("double").alias("rows"),
        F.sum(F.col("label").cast("double")).alias("churners"),
        F.sum("risk").alias("predicted"),
        F.sum(F.pow(F.col("risk") - F.col("label"), 2)).alias("squared_error"),
        F.sum(-F.log(F.greatest(missed, F.lit(SMALLEST)))).alias("log_loss"),
    )


def _binned(scored: DataFrame) -> DataFrame:
    """Add `bin`: the lower edge of the score's bin of equal count."""
    shares = [position / BINS for position in range(1, BINS)]
    edges = scored.agg(F.percentile_approx("score", shares, 10 * BINS)).collect()[0][0]
    splits = [float("-inf"), *sorted(set(edges)), float("inf")]
    return Bucketizer(splits=splits, inputCol="score", outputCol="bin").transform(scored)


def _ordered(columns: pa.Table) -> Tally:
    """The cells as arrays: at most bins x snapshots x parts of them, never more for more customers."""
    # One score a bin, or entries of one bin that average differently by part would no longer be ties.
    bins = columns["bin"].to_numpy()
    rows, means = columns["rows"].to_numpy(), columns["score"].to_numpy()
    distinct, place = np.unique(bins, return_inverse=True)
    score = np.bincount(place, means * rows, len(distinct)) / np.bincount(place, rows, len(distinct))
    entries = Tally(
        score=score[place],
        snapshot=columns["as_of_date"].to_numpy().astype("datetime64[D]"),
        part=columns["part"].to_numpy(),
        rows=rows,
        churners=columns["churners"].to_numpy(),
        predicted=columns["predicted"].to_numpy(zero_copy_only=False).astype(float),
        squared_error=columns["squared_error"].to_numpy(zero_copy_only=False).astype(float),
        log_loss=columns["log_loss"].to_numpy(zero_copy_only=False).astype(float),
    )
    # Sums must not depend on the order in which Spark delivers the cells.
    return entries.where(np.lexsort((entries.part, entries.snapshot, -entries.score)))
