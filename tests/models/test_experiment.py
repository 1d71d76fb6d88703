from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.modelling import Candidate, Training
from churn_spark.definitions.rules import LabelRule
from churn_spark.models import experiment, trial
from churn_spark.models.baselines import baselines, substitutes
from churn_spark.models.calibration import Calibrator
from churn_spark.models.choice import choose_winner, weaknesses
from churn_spark.models.measures import Measure
from churn_spark.models.refit import ScoreDrift, base_rates
from churn_spark.models.slots import Slot
from churn_spark.models.split import Split
from churn_spark.models.training_set import fold_of, held_out, in_training, refuse_too_few, refuse_unlabelled
from churn_spark.models.trial import Trial
from churn_spark.models.tuning import Tuned, grid

DAY = date(2026, 1, 1)
SETTINGS = Training(candidates=(), max_score_drift=0.2)


NONE = np.array([])
ROWS = SimpleNamespace(columns=[])


def figures(auc, average_precision, replicates=NONE, interval=0.02, base_rate=0.2):
    return {
        "roc_auc": Measure(auc, auc - interval, auc + interval, NONE),
        "average_precision": Measure(average_precision, None, None, replicates if replicates is not None else NONE),
        "base_rate": Measure(base_rate, None, None, None),
    }


def trial_of(family, average_precision, replicates, auc=0.8, test=None):
    folds = {"all": figures(auc, average_precision, replicates)}
    tuned = Tuned(family, {"l2": 1.0}, {"defaults": 0.4}, Calibrator("none"), {"none": 0.3}, 0.5, folds)
    return Trial(tuned, None, {"all": test or figures(0.8, 0.4)}, [])


def test_a_clearly_better_candidate_wins():
    noise = np.random.default_rng(1).normal(0, 0.01, 100)
    tried = [trial_of("logistic_regression", 0.40, 0.40 + noise), trial_of("random_forest", 0.45, 0.45 + noise * 1.1)]
    winner, reason = choose_winner(tried)
    assert winner.tuned.family == "random_forest"
    assert reason == "average precision 0.450 over the folds, against logistic_regression 0.400"


def test_on_a_tie_the_simpler_candidate_wins():
    rng = np.random.default_rng(1)
    tried = [
        trial_of("random_forest", 0.405, 0.405 + rng.normal(0, 0.01, 100)),
        trial_of("logistic_regression", 0.40, 0.40 + rng.normal(0, 0.01, 100)),
    ]
    winner, reason = choose_winner(tried)
    assert winner.tuned.family == "logistic_regression"
    assert "within one standard error" in reason


def test_the_winner_is_chosen_over_the_folds_whatever_the_test_says():
    noise = np.random.default_rng(1).normal(0, 0.01, 100)
    lucky, steady = figures(0.9, 0.7), figures(0.6, 0.25)
    tried = [
        trial_of("logistic_regression", 0.40, 0.40 + noise, test=lucky),
        trial_of("random_forest", 0.45, 0.45 + noise * 1.1, test=steady),
    ]
    assert choose_winner(tried)[0].tuned.family == "random_forest"
    tried = [
        trial_of("logistic_regression", 0.46, 0.46 + noise, auc=0.515, test=lucky),
        trial_of("random_forest", 0.45, 0.45 + noise, auc=0.62, test=steady),
    ]
    winner, reason = choose_winner(tried)
    assert winner.tuned.family == "random_forest"
    assert reason == (
        "average precision 0.450 over the folds, against logistic_regression 0.460; logistic_regression does not order"
        " its own folds (ROC AUC 0.515 (0.495 to 0.535)), so it cannot win"
    )


def test_the_backtest_counts_as_much_as_the_folds_and_can_turn_the_choice():
    noise = np.random.default_rng(1).normal(0, 0.01, 100)
    tried = [
        trial_of("logistic_regression", 0.40, 0.40 + noise),
        trial_of("random_forest", 0.45, 0.45 + noise * 1.1),
    ]
    outdated = {"all": figures(0.7, 0.30, 0.30 + noise), str(DAY): figures(0.7, 0.30, 0.30 + noise)}
    steady = {"all": figures(0.8, 0.39, 0.39 + noise), str(DAY): figures(0.8, 0.39, 0.39 + noise)}
    walked = [replace(one, backtest=of) for one, of in zip(tried, (steady, outdated), strict=True)]
    winner, reason = choose_winner(walked)
    assert choose_winner(tried)[0].tuned.family == "random_forest"
    assert winner.tuned.family == "logistic_regression"
    assert reason == ("average precision 0.395 over the folds and in the backtest, against random_forest 0.375")


RECENCY = {"recency alone": figures(0.75, 0.35)}


@pytest.mark.parametrize(
    ("over_folds", "test", "clauses"),
    [
        (0.8, figures(0.8, 0.4), []),
        (0.8, figures(0.7, 0.36), []),
        (0.51, figures(0.8, 0.4), ["does not order its own folds (ROC AUC 0.510 (0.490 to 0.530))"]),
        (
            0.8,
            figures(0.447, 0.19),
            [
                "is no better than chance on the test: ROC AUC 0.447, 95 % interval from 0.427 (chance: 0.5) and"
                " average precision 0.190 (chance: 0.200, the base rate)",
                "is no better on the test than recency alone, a score without fitting (ROC AUC 0.750, average"
                " precision 0.350)",
            ],
        ),
        (0.8, figures(0.76, 0.4, interval=0.27), ["95 % interval from 0.490"]),
        (0.8, figures(float("nan"), float("nan")), ["is no better than chance on the test"]),
        (0.8, figures(0.75, 0.35), ["is no better on the test than recency alone"]),
    ],
)
def test_a_model_worth_nothing_is_found_out(over_folds, test, clauses):
    found = weaknesses(trial_of("random_forest", 0.4, None, auc=over_folds, test=test), RECENCY)
    assert len(found) == len(clauses)
    assert all(clause in whole for clause, whole in zip(clauses, found, strict=True))


def moved_by(index=0.3, agreement=0.95, risks=(0.10, 0.15), base_rates=(0.10, 0.15)):
    return ScoreDrift(index, 0.1, agreement, risks, base_rates, {"recency": -0.8} if index > 0.2 else {})


@pytest.mark.parametrize(
    ("found", "faults"),
    [
        (moved_by(), []),
        (moved_by(index=0.1, agreement=0.1, risks=(0.1, 0.5)), []),
        (moved_by(agreement=0.5), ["it ranks the customers differently (rank correlation 0.50)"]),
        (moved_by(agreement=float("nan")), ["it ranks the customers differently (rank correlation nan)"]),
        (
            moved_by(risks=(0.1, 0.2), base_rates=(0.1, 0.1)),
            ["the base rate does not explain its other level (odds 2.2 times as far)"],
        ),
        (moved_by(risks=(0.1, 0.12), base_rates=(0.1, 0.1)), []),
    ],
)
def test_a_refitted_model_is_held_to_its_ranks_and_to_a_level_the_base_rate_explains(found, faults):
    assert list(found.faults(0.2)) == faults


@pytest.mark.parametrize(("agreement", "in_force", "refused"), [(0.5, 3, True), (0.5, None, False), (0.9, 3, False)])
def test_a_refitted_model_replaces_no_model_it_differs_from(monkeypatch, agreement, in_force, refused):
    monkeypatch.setattr(experiment, "fitted", lambda *_: "refitted")
    monkeypatch.setattr(trial, "pipeline", lambda _, __, model, ___: model)
    monkeypatch.setattr(experiment, "score_drift", lambda *_: moved_by(agreement=agreement))
    prepared = SimpleNamespace(slots=(Slot("recency"),))
    data = experiment.TrainingData(Split((DAY,), (DAY,), (DAY,)), {"recency": "1"}, {}, None, prepared, ROWS, {})
    winner = trial_of("logistic_regression", 0.4, None)
    if refused:
        with pytest.raises(
            ModelError,
            match=r"correlation 0\.50.*base rate 10\.0% -> 15\.0%.*recency \(-0\.80\)\. Version 3 stays",
        ):
            experiment.deploy(data, winner, SETTINGS, None, {}, in_force)
    else:
        model, drift = experiment.deploy(data, winner, SETTINGS, None, {}, in_force)
        assert (model.pipeline, model.slots, drift.index) == ("refitted", (Slot("recency"),), 0.3)


def test_a_customers_snapshots_share_a_fold_and_all_folds_are_used(spark):
    customers = spark.range(300).select(F.col("id").cast("string").alias("customer_id"))
    twice = customers.unionAll(customers).withColumn("fold", fold_of("customer_id", 3, seed=1))
    by_customer = twice.groupBy("customer_id").agg(F.count_distinct("fold").alias("folds"))
    assert by_customer.where("folds > 1").count() == 0
    sizes = [row["count"] for row in twice.groupBy("fold").count().orderBy("fold").collect()]
    assert len(sizes) == 3
    assert min(sizes) > 150


def test_too_few_churners_are_refused_with_the_numbers_and_ways_that_help(spark):
    later = date(2026, 2, 1)
    parts = Split((DAY,), (later,), (DAY, later))

    def rows(left: int, tested: int, twice: int = 1):
        drawn = [(f"c{n // twice}", n // twice % 2, DAY, float(n < left)) for n in range(200)]
        drawn += [(f"t{n}", 0, later, float(n < 25)) for n in range(tested)]
        return spark.createDataFrame(drawn, "customer_id string, fold int, as_of_date date, label double").coalesce(1)

    two = replace(SETTINGS, folds=2)
    with pytest.raises(
        ModelError,
        match=r"fold 0 has 100 labelled rows, of 15 customers who left and 85 who stayed; it needs at least 20 of"
        r" each\. More snapshots that have matured before the test would give more",
    ):
        refuse_too_few(rows(30, 60), parts, two)
    # Forty rows in two folds, but of ten customers each.
    with pytest.raises(ModelError, match=r"fold 0 has 100 labelled rows, of 10 customers who left"):
        refuse_too_few(rows(40, 60, twice=2), parts, two)
    with pytest.raises(ModelError, match=r"fold 2 has 0 .* before the test or fewer training.folds \(now 3\) would"):
        refuse_too_few(rows(80, 60), parts, SETTINGS)
    with pytest.raises(ModelError, match=r"test has 0 labelled .* More training.test_snapshots \(now 3\) would"):
        refuse_too_few(rows(60, 0), parts, two)
    assert refuse_too_few(rows(60, 60), parts, two) == {
        "train_rows": 200, "train_churners": 60, "train_customers_left": 60,
        "test_rows": 60, "test_churners": 25, "test_customers_left": 25,
    }  # fmt: skip
    one_date = Split((DAY,), (DAY,), (DAY,), temporal=False)
    counts = refuse_too_few(rows(100, 0), one_date, two)
    assert counts["train_rows"] + counts["test_rows"] == 200
    assert 40 <= counts["test_rows"] <= 80
    with pytest.raises(ModelError, match="More customers with a label would give more"):
        refuse_too_few(rows(10, 0), one_date, two)
    for left, kind in ((0, "stayed"), (200, "left")):
        with pytest.raises(
            ModelError, match=rf"All labelled rows are of customers who {kind}: see whether label says .*label\.attr"
        ):
            refuse_too_few(rows(left, 0), one_date, two)


def test_features_that_are_constant_null_infinite_or_identifiers_are_nothing_to_learn_from(spark):
    later = date(2026, 2, 1)
    rows = [
        (f"c{n}", day, n % 2, 7, None, (float("inf"), -float("inf"), float("nan"))[n % 3], f"id {n}", "")
        for day in (DAY, later)
        for n in range(120)
    ]
    names = ("constant", "never", "infinite", "identifier", "empty")
    kinds = ("int", "double", "double", "string", "string")
    schema = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
    labelled = spark.createDataFrame(rows, f"customer_id string, as_of_date date, label int, {schema}").coalesce(1)
    parts = Split((DAY,), (later,), (DAY, later))
    with pytest.raises(ModelError) as refused:
        experiment.training_data(labelled, parts, dict.fromkeys(names, "1"), {}, SETTINGS)
    text = str(refused.value)
    assert "identifier (more than 100 values; training" in text
    assert all(f"{name} (never varies in training)" in text for name in names if name != "identifier")
    assert text.endswith("churn-spark status)")


def test_where_no_training_row_has_a_label_the_reasons_are_counted(spark):
    later = date(2026, 2, 1)
    parts, one_date = Split((DAY,), (later,), (DAY, later)), Split((DAY,), (DAY,), (DAY,), temporal=False)
    without = [(f"c{n}", DAY, None, "outage" if n < 10 else "no_label") for n in range(100)]

    def labels(*more):
        schema = "customer_id string, as_of_date date, label int, excluded string"
        return spark.createDataFrame([*without, *more], schema).coalesce(1)

    with pytest.raises(ModelError, match=r"\(90 no_label, 10 outage\)\. There label\.attribute is null, or neither"):
        refuse_unlabelled(labels(("t", later, 1, None)), parts, SETTINGS)
    refuse_unlabelled(labels(("x", DAY, 0, None)), parts, SETTINGS)
    with pytest.raises(ModelError, match=r"no training row has a label \(\d\d no_label, \d+ outage\)"):
        refuse_unlabelled(labels(), one_date, SETTINGS)
    with pytest.raises(ModelError, match=r"has a label \(10 outage\)\. What each reason means: docs/tables\.md"):
        refuse_unlabelled(labels().where("excluded = 'outage'"), parts, SETTINGS)


def test_the_tested_model_is_not_trained_on_customers_held_out(spark):
    one_date = Split((DAY,), (DAY,), (DAY,), temporal=False)
    customers = spark.range(200).select(F.concat(F.lit("c"), "id").alias("customer_id"), F.lit(DAY).alias("as_of_date"))
    rows = customers.withColumn("label", held_out("customer_id", SETTINGS.seed).cast("double"))
    tested, everybody = base_rates(rows, in_training(one_date, SETTINGS.seed))
    assert tested == 0
    assert 0.2 < everybody < 0.4


def test_the_grid_is_every_combination_completed_by_defaults():
    assert grid(Candidate("random_forest", (("depth", (4, 6)), ("trees", (10, 20))))) == (
        {"trees": 10, "depth": 4, "leaf_rows": 8, "bins": 32},
        {"trees": 20, "depth": 4, "leaf_rows": 8, "bins": 32},
        {"trees": 10, "depth": 6, "leaf_rows": 8, "bins": 32},
        {"trees": 20, "depth": 6, "leaf_rows": 8, "bins": 32},
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
    assert substitutes(features, rule, names) == ""


def test_baselines_of_a_label_whose_source_has_none_come_from_the_next_source_that_does():
    features = FeatureSet(
        (
            Feature("t28", "tickets", "count", window=28),
            Feature("v84", "visits", "recency", window=84),
            Feature("c28", "calls", "recency", window=28),
            Feature("c84", "calls", "recency", window=84),
            Feature("c21", "calls", "ewm", window=84, half_life=21),
        )
    )
    names = [feature.name for feature in features.windowed]

    def found(*sources: str, available=names):
        rule = LabelRule("event" if len(sources) == 1 else "inactivity", sources)
        return [*baselines(features, rule, available)], substitutes(features, rule, available)

    moved = "Baselines of another source: v84 (visits) and c21 (calls), as tickets has no recency and no ewm."
    assert found("tickets") == (["v84 alone", "c21 alone"], moved)
    assert found("visits") == (
        ["v84 alone", "c21 alone"],
        "Baselines of another source: c21 (calls), as visits has no ewm.",
    )
    assert found("tickets", "calls") == (["c84 alone", "c21 alone"], "")
    assert found("tickets", available=["t28", "c28"]) == (
        ["c28 alone"],
        "Baselines of another source: c28 (calls), as tickets has no recency.",
    )
    assert found("tickets", available=["t28"]) == ([], "")
