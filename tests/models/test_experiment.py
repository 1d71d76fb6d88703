from datetime import date

import numpy as np
import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.modelling import Candidate, Training
from churn_spark.definitions.rules import LabelRule
from churn_spark.models import experiment, trial
from churn_spark.models.baselines import baselines
from churn_spark.models.calibration import Calibrator
from churn_spark.models.families import grid
from churn_spark.models.measures import Measure
from churn_spark.models.split import Split
from churn_spark.models.training_set import fold_of, refuse_too_few
from churn_spark.models.trial import Trial, better
from churn_spark.models.tuning import Tuned

DAY = date(2026, 1, 1)
SETTINGS = Training(candidates=(), max_score_drift=0.2)


def trial_of(family, average_precision, replicates):
    tuned = Tuned(family, {"l2": 1.0}, {"defaults": 0.4}, Calibrator("none"), {"none": 0.3}, 0.5, {})
    measure = Measure(average_precision, None, None, replicates)
    return Trial(tuned, None, {"all": {"average_precision": measure}}, [])


def test_a_clearly_better_candidate_wins():
    noise = np.random.default_rng(1).normal(0, 0.01, 100)
    tried = [trial_of("logistic_regression", 0.40, 0.40 + noise), trial_of("random_forest", 0.45, 0.45 + noise * 1.1)]
    winner, reason = better(tried)
    assert winner.tuned.family == "random_forest"
    assert reason == "average precision 0.450 on the test, against logistic_regression 0.400"


def test_on_a_tie_the_simpler_candidate_wins():
    rng = np.random.default_rng(1)
    tried = [
        trial_of("random_forest", 0.405, 0.405 + rng.normal(0, 0.01, 100)),
        trial_of("logistic_regression", 0.40, 0.40 + rng.normal(0, 0.01, 100)),
    ]
    winner, reason = better(tried)
    assert winner.tuned.family == "logistic_regression"
    assert "within one standard error" in reason


@pytest.mark.parametrize(("drift", "refused"), [(0.3, True), (0.1, False)])
def test_a_refitted_model_that_drifted_is_refused(monkeypatch, drift, refused):
    monkeypatch.setattr(experiment, "fitted", lambda *_: "refitted")
    monkeypatch.setattr(trial, "pipeline", lambda _, __, model: model)
    monkeypatch.setattr(trial, "score_drift", lambda *_: drift)
    split = Split((DAY,), (DAY,), (DAY,))
    of = experiment.Material(split, {"recency": "1"}, {}, None, None, None, {})
    winner = trial_of("logistic_regression", 0.4, None)
    if refused:
        with pytest.raises(ModelError, match=r"index 0\.300, more than training\.max_score_drift 0\.2"):
            experiment.deploy(of, winner, SETTINGS, None, {})
    else:
        model, moved = experiment.deploy(of, winner, SETTINGS, None, {})
        assert (model.pipeline, moved) == ("refitted", drift)


def test_a_customers_snapshots_share_a_fold_and_all_folds_are_used(spark):
    customers = spark.range(300).select(F.col("id").cast("string").alias("customer_id"))
    twice = customers.unionAll(customers).withColumn("fold", fold_of("customer_id", 3, seed=1))
    by_customer = twice.groupBy("customer_id").agg(F.count_distinct("fold").alias("folds"))
    assert by_customer.where("folds > 1").count() == 0
    sizes = [row["count"] for row in twice.groupBy("fold").count().orderBy("fold").collect()]
    assert len(sizes) == 3
    assert min(sizes) > 150


def test_too_few_churners_are_refused_with_the_numbers(spark):
    drawn = [(n % 2, DAY, float(n < 30 + 10 * (n % 2)), True) for n in range(200)]
    tested = [(0, date(2026, 2, 1), float(n < 25), False) for n in range(60)]
    schema = "fold int, as_of_date date, label double, teaches boolean"
    with pytest.raises(
        ModelError, match="training fold 0 has 100 labelled rows, 15 of them churners; it needs at least 20"
    ):
        refuse_too_few(spark.createDataFrame(drawn + tested, schema), 2, (date(2026, 2, 1),))
    enough = [(n % 2, DAY, float(n < 60), True) for n in range(200)]
    assert refuse_too_few(spark.createDataFrame(enough + tested, schema), 2, (date(2026, 2, 1),)) == {
        "train_rows": 200, "train_churners": 60, "test_rows": 60, "test_churners": 25,
    }  # fmt: skip
    with pytest.raises(ModelError, match="test has 0 labelled rows"):
        refuse_too_few(spark.createDataFrame(enough, schema), 2, (date(2026, 2, 1),))


def test_the_grid_is_every_combination_completed_by_defaults():
    assert grid(Candidate("random_forest", (("depth", (4, 6)), ("trees", (10, 20))))) == (
        {"trees": 10, "depth": 4, "leaf_rows": 8},
        {"trees": 20, "depth": 4, "leaf_rows": 8},
        {"trees": 10, "depth": 6, "leaf_rows": 8},
        {"trees": 20, "depth": 6, "leaf_rows": 8},
    )
    assert len(grid(Candidate("logistic_regression"))) == 1


def test_baselines_are_the_longest_recency_and_the_activity_nearest_to_three_weeks():
    features = FeatureSet(
        (
            Feature("r28", "purchases", "recency", window=28),
            Feature("r84", "purchases", "recency", window=84),
            Feature("e7", "purchases", "ewm", window=84, half_life=7),
            Feature("e42", "purchases", "ewm", window=84, half_life=42),
            Feature("calls", "calls", "recency", window=168),
        )
    )
    rule = LabelRule("inactivity", ("purchases",))
    names = [feature.name for feature in features.windowed]
    assert baselines(features, rule, names) == {
        "r84 alone": "CAST(`r84` AS DOUBLE)",
        "e7 alone": "-CAST(`e7` AS DOUBLE)",
    }
    assert baselines(features, rule, ["e42"]) == {"e42 alone": "-CAST(`e42` AS DOUBLE)"}
