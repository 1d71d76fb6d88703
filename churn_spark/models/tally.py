"""Scores summed up where they lie, so that metrics, curves and intervals cost the driver the same whatever the
customers.

Up to `EXACT` cells scores are kept apart and everything computed from a tally is exact; beyond, scores share `BINS`
bins of equal count and rows of one bin count as tied (an error of the order of 1 / BINS in the ranks).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.ml.feature import Bucketizer
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.economics import Economics
from churn_spark.models.families.family import WEIGHT
from churn_spark.models.metrics import Array
from churn_spark.spark_internals.expressions import double_or_null

EXACT = 20_000
BINS = 2_000
WORTH = "(worth)"
"""The column with the value of a customer; in brackets, as no feature is."""
SMALLEST = 1e-15
"""Probabilities are kept this far from 0 and 1 in the log loss."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """One entry per (score, snapshot, part), ordered from the highest score: rows, churners and summed losses.

    Where rows have WEIGHT each counts so often, in all sums. part: what intervals resample (a group of customers) or
    what folds keep apart. predicted: sum of risks. worth: sum of the values of the churners; 0 where the configuration
    has no economics.
    """

    score: Array
    snapshot: NDArray[np.datetime64]
    part: NDArray[np.int64]
    rows: Array
    churners: Array
    predicted: Array
    squared_error: Array
    log_loss: Array
    worth: Array

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Tally":
        """Only the entries for which `chosen` is true."""
        return Tally(**{name: getattr(self, name)[chosen] for name in self.__slots__})

    def by_score(self, *names: str) -> tuple[Array, ...]:
        """The distinct scores from the highest, then sums of the named arrays by them."""
        scores, place = np.unique(-self.score, return_inverse=True)
        return (-scores, *(np.bincount(place, getattr(self, name), len(scores)).astype(np.float64) for name in names))


def worth(snapshots: DataFrame, economics: Economics) -> Column:
    """The value of each customer in money; 0 where it is null, no number, or cannot be computed: nothing to keep.

    snapshots: customer_id and the features that the value is made of.
    """
    value = double_or_null(snapshots, economics.value)
    return F.coalesce(F.when(F.abs(value) < float("inf"), value), F.lit(0.0))


def together(tallies: Sequence[Tally]) -> Tally:
    """One tally of the entries of several."""
    joined = {name: np.concatenate([getattr(each, name) for each in tallies]) for name in Tally.__slots__}
    return _from_the_highest(Tally(**joined))


def needed(scored: DataFrame, part: str) -> DataFrame:
    """Only the columns that `tally` reads."""
    names = ("as_of_date", "label", "score", "risk", WORTH, WEIGHT)
    return scored.select(part, *(name for name in names if name in scored.columns))


def tally(scored: DataFrame, part: str) -> Tally:
    """Sum up scored rows; beyond `EXACT` cells `scored` is read three times, so cache it.

    scored: as_of_date, label (0 or 1), score, risk (null where scores are no probabilities), the column `part`,
    WORTH where the configuration has economics, and WEIGHT where rows count differently.
    """
    exact = _cells(scored.withColumn("bin", F.col("score")), part).limit(EXACT + 1).toArrow()
    return _ordered(exact if exact.num_rows <= EXACT else _cells(_binned(scored), part).toArrow())


def tallied(rows: DataFrame) -> Tally:
    """The tally of scored rows by group of customers (column `part`), computing their scores once."""
    kept = needed(rows, "part").persist()
    try:
        return tally(kept, "part")
    finally:
        kept.unpersist()


def _cells(binned: DataFrame, part: str) -> DataFrame:
    """The sums by bin, snapshot and part."""
    weight = F.col(WEIGHT) if WEIGHT in binned.columns else None

    def total(of: Column) -> Column:
        return F.sum(of if weight is None else weight * of)

    missed = F.when(F.col("label") == 1, F.col("risk")).otherwise(1 - F.col("risk"))
    worth = total(F.col("label") * F.col(WORTH)) if WORTH in binned.columns else F.lit(0.0)
    return binned.groupBy("bin", "as_of_date", F.col(part).alias("part")).agg(
        F.avg("score").alias("score"),
        (F.count("*").cast("double") if weight is None else F.sum(weight)).alias("rows"),
        total(F.col("label").cast("double")).alias("churners"),
        total(F.col("risk")).alias("predicted"),
        total(F.pow(F.col("risk") - F.col("label"), 2)).alias("squared_error"),
        total(-F.log(F.greatest(missed, F.lit(SMALLEST)))).alias("log_loss"),
        worth.alias("worth"),
    )


def _binned(scored: DataFrame) -> DataFrame:
    """Add `bin`: the lower edge of the score's bin of equal count."""
    shares = [position / BINS for position in range(1, BINS)]
    edges = scored.agg(F.percentile_approx("score", shares, 10 * BINS)).collect()[0][0]
    splits = [float("-inf"), *sorted(set(edges)), float("inf")]
    return Bucketizer(splits=splits, inputCol="score", outputCol="bin").transform(scored)


def _ordered(columns: pa.Table) -> Tally:
    """The cells as arrays: at most bins x snapshots x parts of them, never more for more customers."""
    # One score per bin, or entries of one bin that average differently by part would no longer be ties.
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
        worth=columns["worth"].to_numpy(),
    )
    return _from_the_highest(entries)


def _from_the_highest(entries: Tally) -> Tally:
    """In one order: sums must not depend on that in which Spark delivers the cells."""
    return entries.where(np.lexsort((entries.part, entries.snapshot, -entries.score)))
