"""Fitting to simulated customers whose chances of leaving are known."""

import numpy as np
import pytest
from pyspark.ml.linalg import Vectors
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Survival
from churn_spark.models.families.family import LOGGED
from churn_spark.models.survival.fitting import fit_survival, person_periods
from churn_spark.models.survival.measuring import ranking

HAZARD = Survival("hazard", (14, 28, 42), 14)
AFT = Survival("aft", (14, 28, 42), 14)
TRUE, EFFECTS = np.array([0.8, -0.5]), np.array([-2.0, -1.4, -2.6])
CUSTOMERS = 3000


def followed(spark, inputs, left_after, periods):
    made = [
        (Vectors.dense(each), int(count), None if days is None else int(days))
        for each, days, count in zip(inputs.tolist(), left_after, periods, strict=True)
    ]
    return spark.createDataFrame(made, [LOGGED, "periods", "left_after"])


@pytest.fixture(scope="module")
def hazards(spark):
    """Customers who live by a hazard, a third of them followed for one period only."""
    drawn = np.random.default_rng(21)
    inputs = drawn.normal(size=(CUSTOMERS, 2))
    chances = 1 / (1 + np.exp(-((inputs @ TRUE)[:, None] + EFFECTS)))
    leaves = drawn.random((CUSTOMERS, 3)) < chances
    left = [14 * int(np.argmax(row)) + int(drawn.integers(14)) if row.any() else None for row in leaves]
    periods = drawn.choice([1, 3, 3], CUSTOMERS)
    return followed(spark, inputs, left, periods).persist(), inputs, left, periods


def test_customers_are_counted_in_each_period_until_they_leave_or_are_lost_sight_of(spark):
    made = followed(spark, np.zeros((4, 1)), [None, 3, 20, 30], [2, 3, 3, 2])
    found = person_periods(made.withColumn("n", F.monotonically_increasing_id()), HAZARD).orderBy("n", "period")
    rows = [(row["periods"], row["left_after"], row["period"], row["label"]) for row in found.collect()]
    assert rows == [
        (2, None, 1, 0), (2, None, 2, 0),
        (3, 3, 1, 1),
        (3, 20, 1, 0), (3, 20, 2, 1),
        (2, 30, 1, 0), (2, 30, 2, 0),
    ]  # fmt: skip


def test_a_hazard_is_found_again_although_some_are_lost_sight_of(hazards):
    model = fit_survival(hazards[0], HAZARD)
    assert np.array(model.coefficients) == pytest.approx(TRUE, abs=0.1)
    assert np.array(model.effects) == pytest.approx(EFFECTS, abs=0.2)


def test_one_hazard_ranks_as_well_as_a_classifier_for_each_horizon(hazards):
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.functions import vector_to_array

    rows = hazards[0].where("periods = 3")
    ranks = ranking(rows, fit_survival(hazards[0], HAZARD), HAZARD)
    for days, area in ranks.roc_auc.items():
        labelled = rows.withColumn("label", F.coalesce(F.col("left_after") < days, F.lit(False)).cast("double"))
        alone = LogisticRegression(featuresCol=LOGGED, regParam=0.003).fit(labelled).transform(labelled)
        scores = alone.select("label", vector_to_array("probability")[1].alias("score")).toPandas()
        left = scores.loc[scores["label"] == 1, "score"].to_numpy()
        stayed = scores.loc[scores["label"] == 0, "score"].to_numpy()
        separate = (left[:, None] > stayed).mean()
        assert area == pytest.approx(separate, abs=0.01)
        assert area > 0.7
    assert ranks.concordance > 0.68


def test_accelerated_failure_times_are_found_again(spark):
    drawn = np.random.default_rng(4)
    inputs = drawn.normal(size=(CUSTOMERS, 2))
    days = drawn.weibull(1 / 0.7, CUSTOMERS) * np.exp(inputs @ np.array([0.5, -0.3]) + 3.4)
    made = followed(spark, inputs, np.floor(days).tolist(), np.full(CUSTOMERS, 3))
    model = fit_survival(made, AFT)
    assert model.coefficients == pytest.approx((0.5, -0.3), abs=0.05)
    assert (*model.effects, model.spread) == pytest.approx((3.4, 0.7), abs=0.06)
    survived = (days >= 28).mean()
    assert model.answers(inputs)[:, 1].mean() == pytest.approx(survived, abs=0.02)
