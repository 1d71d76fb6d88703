"""Cross-fitting: every customer is ranked by a learner that has not seen it, and the rankings are counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.comparable import LEFT, RISK, TREATED, WEIGHT
from churn_spark.actions.uplift import BANDS, BINS, Cells, Moments
from churn_spark.models.measures import GROUPS
from churn_spark.models.metrics import Array
from churn_spark.models.uplift.t_learner import TLearner, fit, predicted


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The rankings by uplift and by risk, the moments of both sides, and by band the mean predicted uplift, the mean
    predicted risk and the customers.
    """

    by_uplift: Cells
    by_risk: Cells
    control: Moments
    treated: Moments
    uplift: Array
    risk: Array
    customers: Array


def one_kind(rows: DataFrame, folds: int) -> bool:
    """Whether some fold's learner would see a side on which everybody left, or everybody stayed.

    rows: fold, TREATED, LEFT.
    """
    counts = rows.groupBy("fold", TREATED, LEFT).count().collect()
    for fold in range(folds):
        seen = {(row[TREATED], row[LEFT]) for row in counts if row["fold"] != fold}
        if len(seen) < 4:
            return True
    return False


def cross_fitted(rows: DataFrame, folds: int, penalty: float) -> DataFrame:
    """Add `uplift` and `expected` (the predicted risk of leaving if nothing is done) of learners that have not seen the
    row. rows: as `t_learner.fit` needs them, with fold; cached by the caller.
    """
    learners: Sequence[TLearner] = [fit(rows.where(F.col("fold") != fold), penalty) for fold in range(folds)]
    scored = rows.withColumn("(predicted)", predicted(learners, F.col("fold")))
    return scored.select(
        "customer_id",
        "fold",
        "part",
        TREATED,
        LEFT,
        WEIGHT,
        RISK,
        F.col("(predicted)")["uplift"].alias("uplift"),
        F.col("(predicted)")["risk"].alias("expected"),
    )


def counted(scored: DataFrame) -> Counted:
    """The sums that everything is evaluated by: at most groups x BINS x 2 rows reach the driver, twice.

    scored: fold, part, TREATED, LEFT, WEIGHT, RISK, uplift, expected; cached by the caller. Learners of different
    folds do not rank on one scale, so customers are placed within their fold.
    """
    scored = scored.withColumn(RISK, F.round(RISK, 3))  # so that there are few different values
    kept = F.try_divide(F.sum("uplift"), F.sum("expected")).alias("kept")
    folds = _places(scored, "uplift", "cuts", kept).join(_places(scored, RISK, "risk_cuts"), on="fold", how="inner")
    placed = scored.join(F.broadcast(folds), on="fold", how="inner")
    w, y, p = F.col(WEIGHT), F.col(LEFT), F.col("expected")
    e = F.col("uplift") - F.coalesce("kept", F.lit(0.0)) * p
    products = {"p": p, "e": e, "pp": p * p, "pe": p * e, "ee": e * e, "y": y, "py": p * y, "ey": e * y}
    each = {"w": w, **{name: w * of for name, of in products.items()}}
    plain = {"uplift": F.col("uplift"), "risk": p, "rows": F.lit(1.0)}
    sums = _sums(placed, _bin("uplift", "cuts"), {**each, **plain})
    by_risk = _cells(_sums(placed, _bin(RISK, "risk_cuts"), {"w": w, "y": w * y}))
    customers = _by_band(sums, "rows")
    return Counted(
        _cells(sums),
        by_risk,
        _moments(sums, False),
        _moments(sums, True),
        _mean_by_band(sums, "uplift", "rows"),
        _mean_by_band(sums, "risk", "rows"),
        customers,
    )


def edges(rows: DataFrame, learner: TLearner) -> tuple[float, ...]:
    """The predicted uplifts at which the bands of a ranking begin, descending."""
    shares = [1 - n / BANDS for n in range(1, BANDS)]
    uplift = rows.select(predicted([learner], F.lit(0))["uplift"].alias("uplift"))
    found = uplift.agg(F.percentile("uplift", F.array(*map(F.lit, shares)))).collect()[0][0]
    return tuple(map(float, found))


def _places(scored: DataFrame, score: str, name: str, *others: Column) -> DataFrame:
    """By fold the values that part its customers into BINS, and other aggregates."""
    shares = F.array(*(F.lit(n / BINS) for n in range(1, BINS)))
    return scored.groupBy("fold").agg(F.percentile(score, shares).alias(name), *others)


def _bin(score: str, cuts: str) -> Column:
    """From 0, the highest scores; equal scores share one."""
    return F.lit(BINS - 1) - F.size(F.filter(cuts, lambda cut: cut <= F.col(score)))


def _sums(placed: DataFrame, place: Column, sums: dict[str, Column]) -> pd.DataFrame:
    named = [F.sum(column).alias(name) for name, column in sums.items()]
    keys = ["part", "bin", TREATED]
    return placed.groupBy("part", place.alias("bin"), TREATED).agg(*named).toPandas().sort_values(keys)


def _grid(sums: pd.DataFrame, treated: bool, name: str) -> Array:
    """Groups x BINS."""
    of = sums[sums[TREATED] == treated]
    cell = of["part"].to_numpy() * BINS + of["bin"].to_numpy()
    return np.asarray(np.bincount(cell, of[name].to_numpy(), GROUPS * BINS).reshape(GROUPS, BINS), dtype=np.float64)


def _cells(sums: pd.DataFrame) -> Cells:
    return Cells(*(_grid(sums, treated, name) for treated in (True, False) for name in ("w", "y")))


def _moments(sums: pd.DataFrame, treated: bool) -> Moments:
    return Moments(*(_grid(sums, treated, name).sum(axis=1) for name in Moments.__slots__))


def _by_band(sums: pd.DataFrame, name: str) -> Array:
    bands = sums["bin"].to_numpy() * BANDS // BINS
    return np.asarray(np.bincount(bands, sums[name].to_numpy(), BANDS), dtype=np.float64)


def _mean_by_band(sums: pd.DataFrame, name: str, count: str) -> Array:
    counts = _by_band(sums, count)
    return np.divide(_by_band(sums, name), counts, out=np.zeros(BANDS), where=counts > 0)
