"""The rows that a training run leaves, made from figures of nobody."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import numpy as np

from churn_spark.definitions.project import Run
from churn_spark.models.curves import Point
from churn_spark.models.measures import Measure
from churn_spark.stages.training.records import records
from churn_spark.tables.contracts.models import MODEL_CURVES, MODEL_METRICS

DAY = date(2026, 3, 1)
RUN = Run("train", DAY, (DAY,), "train-1", "0.1.0", "abc", datetime(2026, 3, 1, tzinfo=UTC))
MEASURES = {"all": {"roc_auc": Measure(0.8, 0.7, 0.9, np.empty(0))}}
POINT = Point("roc", 0, 0.0, 0.0)


def trial(family):
    return SimpleNamespace(
        tuned=SimpleNamespace(family=family, folds=MEASURES, thresholds={}),
        measures=MEASURES,
        curves=[POINT],
        backtest=MEASURES,
    )


def made(tried, winner):
    return SimpleNamespace(
        tried=tried, winner=winner, naive=MEASURES["all"], plain={}, by_segment={"segment 0": MEASURES["all"]},
        baselines={"recency alone": (MEASURES, [POINT])},
        weights={trial.tuned.family: {"recency": 1.0} for trial in tried},
        shapes={trial.tuned.family: () for trial in tried},
    )  # fmt: skip


def keys(table, rows):
    return [tuple(dict(zip(table.names, row, strict=True))[name] for name in table.key) for row in rows]


def test_two_models_of_one_family_do_not_collide():
    winner, other = trial("random_forest"), trial("random_forest")
    metrics, curves = records(RUN, made([other, winner], winner), 3)
    for table, rows in ((MODEL_METRICS, metrics), (MODEL_CURVES, curves)):
        assert len(set(keys(table, rows))) == len(rows)
        written = {
            tuple(dict(zip(table.names, row, strict=True))[n] for n in ("model", "role", "model_version"))
            for row in rows
        }
        assert written == {
            ("random_forest", "champion", 3), ("random_forest", "candidate", None), ("recency alone", "baseline", None),
        }  # fmt: skip
