"""Which rows teach and which are ranked in each step of the backtest."""

from datetime import date, timedelta

import pytest
from pyspark.sql import functions as F
from sklearn.metrics import roc_auc_score

from churn_spark.definitions.modelling import Training
from churn_spark.models import backtest as room
from churn_spark.models.calibration import Calibrator
from churn_spark.models.split import Step
from churn_spark.models.tuning import Tuned

DAYS = [date(2026, 1, 1) + timedelta(days=28 * n) for n in range(3)]
STEPS = (Step((DAYS[0],), DAYS[1]), Step((DAYS[0], DAYS[1]), DAYS[2]))
TUNED = Tuned("random_forest", {"trees": 2.0}, {}, Calibrator("none"), {}, 0.5, {})
SETTINGS = Training(candidates=(), bootstrap=5)


def rows(of_date: int) -> list[tuple]:
    """Of each date 60 customers, of whom a third left."""
    return [(f"c{n}", day, float(n % 3 == 0), n % 7, (n * 13 % 60) / 60) for day in DAYS for n in range(of_date)]


@pytest.fixture(scope="module")
def training(spark):
    schema = "customer_id string, as_of_date date, label double, part int, seen double"
    return spark.createDataFrame(rows(60), schema).coalesce(1)


def test_each_step_learns_from_its_snapshots_and_ranks_its_own(training, monkeypatch):
    taught = []

    def fitted(rows, family, parameters, seed):
        taught.append((family.name, dict(parameters), {row[0] for row in rows.select("as_of_date").collect()}))

    monkeypatch.setattr(room, "fitted", fitted)
    monkeypatch.setattr(room, "scored", lambda rows, *_: rows.withColumns({"score": F.col("seen"), "risk": F.lit(0.5)}))
    found = room.backtest(training, TUNED, STEPS, SETTINGS)
    assert taught == [("random_forest", {"trees": 2.0}, set(step.train)) for step in STEPS]
    assert list(found) == ["all", str(DAYS[1]), str(DAYS[2])]
    one_date = rows(60)[:60]
    expected = roc_auc_score([row[2] for row in one_date], [row[4] for row in one_date])
    assert {name: measures["roc_auc"].value for name, measures in found.items()} == dict.fromkeys(
        found, pytest.approx(expected)
    )
    assert "log_loss" not in found["all"]
    assert room.backtest(training, TUNED, (), SETTINGS) == {}


def test_steps_with_too_few_of_either_kind_are_left_out(training):
    assert room.with_enough(training, STEPS) == STEPS
    fewer = training.where(~((F.col("as_of_date") == F.lit(DAYS[0])) & (F.col("label") == 1) & (F.col("part") < 1)))
    assert room.with_enough(fewer, STEPS) == STEPS[1:]
    assert room.with_enough(training.where(F.col("as_of_date") != F.lit(DAYS[2])), STEPS) == STEPS[:1]
    assert room.with_enough(training.where("label = 0"), STEPS) == ()
