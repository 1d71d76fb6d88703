"""How well a model of survival ranks customers: by concordance over all pairs, and by ROC AUC at each horizon."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Survival
from churn_spark.models import metrics
from churn_spark.models.metrics import Array
from churn_spark.models.survival.fitting import left_in
from churn_spark.models.survival.survival_model import SURVIVAL, SurvivalModel

BINS = 2_000
"""Equally wide bins of a score: rows of one bin count as tied."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """concordance: of the expected days, see `concordance`. roc_auc: of leaving by each horizon, by its days."""

    concordance: float
    roc_auc: Mapping[int, float]


def ranking(followed: DataFrame, model: SurvivalModel, settings: Survival) -> Ranking:
    """How the model ranks snapshots that were followed to the last horizon.

    followed: as in `fitting`; read twice, so cache it. At most bins x periods counts are collected.
    """
    rows = followed.select(left_in(settings).alias("left_in"), model.column())
    share = model.expected_days() / settings.horizons[-1]
    cells = rows.groupBy(F.floor(share * BINS).alias("bin"), "left_in").count().toArrow()
    place = cells["left_in"].fill_null(settings.periods + 1).to_numpy()
    table = np.zeros((BINS + 1, settings.periods + 2))
    table[cells["bin"].to_numpy(), place] = cells["count"].to_numpy()
    return Ranking(concordance(table[:, 1:-1], table[:, -1]), _auc(rows, settings))


def concordance(left: Array, stayed: Array) -> float:
    """The share of pairs of whom the one that left first had the shorter expected time; ties count half.

    left: bins of the expected time, ascending, x periods in which customers left; stayed: those who never did, by bin.
    Pairs who left in one period say nothing and are left out. NaN where there are no pairs. After F. Harrell et al.,
    Evaluating the Yield of Medical Tests (1982).
    """
    remaining = stayed + left.sum(axis=1)
    right = pairs = 0.0
    for leaving in left.T:
        remaining = remaining - leaving
        longer = remaining.sum() - np.cumsum(remaining)
        right += float(leaving @ (longer + remaining / 2))
        pairs += float(leaving.sum() * remaining.sum())
    return right / pairs if pairs else float("nan")


def _auc(rows: DataFrame, settings: Survival) -> dict[int, float]:
    """ROC AUC of 1 - survival by horizon, for having left by then."""
    at = [
        F.struct(
            F.lit(days).alias("days"),
            F.floor(F.col(SURVIVAL)[place] * BINS).alias("bin"),
            F.coalesce(F.col("left_in") <= days // settings.period_days, F.lit(False)).cast("double").alias("left"),
        )
        for place, days in enumerate(settings.horizons)
    ]
    each = rows.select(F.explode(F.array(*at)).alias("at")).select("at.*")
    cells = each.groupBy("days", "bin").agg(F.count("*").cast("double").alias("rows"), F.sum("left").alias("left"))
    found = cells.toPandas().sort_values("bin")
    by_days = ((days, found[found["days"] == days]) for days in settings.horizons)
    return {days: float(metrics.roc_auc(of["rows"].to_numpy(), of["left"].to_numpy())) for days, of in by_days}
