"""One small training run, looked at from all sides, and scoring with what it made."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError, NotReadyError
from churn_spark.definitions.modelling import Segmentation
from churn_spark.definitions.project import Tracking
from churn_spark.models.registry import Registry
from churn_spark.stages.graph import BUILD_FEATURES, SCORE
from churn_spark.stages.plan import due
from churn_spark.stages.score import Chosen, InForce, choose, score
from churn_spark.stages.train import train
from churn_spark.stages.training_snapshots import equal_features, ready
from churn_spark.tables.contracts.models import CHAMPIONS, MODEL_CURVES, MODEL_METRICS
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from tests.stages.made_warehouse import CUSTOMERS, catalog_of, do, every_four_weeks, project_at, write_snapshots

DAYS = every_four_weeks(5)
TODAY = DAYS[4]
"""Four snapshots have matured: two teach the tested model (the third matures on the day of the fourth), one tests."""


@pytest.fixture(scope="module")
def trained(spark, tmp_path_factory):
    root = tmp_path_factory.mktemp("trained")
    project = project_at(root)
    catalog = catalog_of(spark, project)
    write_snapshots(project, catalog, DAYS, DAYS[:4])
    do(train, project, catalog, TODAY)
    do(score, project, catalog, TODAY)
    return project, catalog, root


def test_the_champion_is_in_force_from_the_as_of_date(trained):
    _, catalog, _ = trained
    decisions = catalog.read(CHAMPIONS).collect()
    assert [(d["model_name"], d["model_version"], d["effective_from"]) for d in decisions] == [("made_churn", 1, TODAY)]
    assert len(decisions[0]["manifest"]) == 64


def test_both_candidates_and_baselines_are_measured_on_the_test(trained):
    _, catalog, _ = trained
    metrics = catalog.read(MODEL_METRICS, [TODAY])
    tested = metrics.where((F.col("scope") == "test") & (F.col("segment") == "all") & (F.col("metric") == "roc_auc"))
    found = {row["model"]: row for row in tested.collect()}
    assert set(found) == {
        "logistic_regression", "random_forest", "purchases_recency alone", "purchases_ewm_h21 alone",
    }  # fmt: skip
    assert all(row["low"] < row["value"] < row["high"] for row in found.values())
    assert found["logistic_regression"]["value"] > 0.6
    segments = {
        row["segment"] for row in metrics.where(F.col("scope") == "test").select("segment").distinct().collect()
    }
    assert segments == {"all", str(DAYS[3])}
    assert {row["scope"] for row in metrics.select("scope").distinct().collect()} == {"test", "fold", "naive"}
    curves = {row["curve"] for row in catalog.read(MODEL_CURVES, [TODAY]).select("curve").distinct().collect()}
    assert curves == {"roc", "precision_recall", "gain", "reliability", "importance"}


def test_the_model_says_where_it_comes_from(trained):
    project, _, root = trained
    (kept,) = (root / "warehouse" / "_models" / "made_churn").glob("1-*")
    model = Registry(project.model_name, project.tracking, root / "warehouse").load(1)
    assert model.features == project.features.hashes
    assert model.facts["snapshots"] == {
        "train": [str(day) for day in DAYS[:3]], "test": [str(DAYS[3])], "refit": [str(day) for day in DAYS[:4]],
    }  # fmt: skip
    card = (kept / "card.md").read_text()
    for told in ("no event in purchases in the 28 days", f"Untouched test: {DAYS[3]}", "## Limits", "recency-1"):
        assert told in card
    assert (root / "mlartifacts").is_dir()
    assert not Path("mlruns").exists()


def test_the_whole_population_is_scored_and_ranked(trained):
    _, catalog, _ = trained
    scores = catalog.read(RISK_SCORES, [TODAY]).orderBy("risk_rank").collect()
    assert [row["risk_rank"] for row in scores] == list(range(1, CUSTOMERS + 1))
    assert [(-row["raw_score"], row["customer_id"]) for row in scores] == sorted(
        (-row["raw_score"], row["customer_id"]) for row in scores
    )
    assert {row["decile"] for row in scores[: CUSTOMERS // 10]} == {1}
    tiers = [sum(row["tier"] == tier for row in scores) for tier in ("high", "medium", "low")]
    assert tiers == [12, 48, 180]
    assert all(0 <= row["risk"] <= 1 and row["reason_codes"] is None and not row["replayed"] for row in scores)
    assert all(row["expected_loss"] == pytest.approx(row["risk"] * row["value"]) for row in scores if row["value"])


def test_a_feature_of_another_definition_in_some_snapshots_is_left_out_by_name(trained):
    project, catalog, _ = trained
    windowed = (replace(project.features.windowed[0], hash="recency-2"), *project.features.windowed[1:])
    training = replace(project.training, exclude=("plan",))
    other = replace(project, features=replace(project.features, windowed=windowed), training=training)
    used, left_out = equal_features(other, catalog, DAYS[:4])
    assert left_out == {
        "purchases_recency": f"missing or of another definition in 4 of 4 snapshots, first {DAYS[0]}",
        "plan": "excluded by the configuration",
    }
    assert used == {name: known for name, known in project.features.hashes.items() if name not in left_out}


def test_snapshots_of_another_population_or_with_stale_labels_teach_nothing(trained):
    project, catalog, _ = trained
    assert ready(project, catalog, DAYS[:4]) == tuple(DAYS[:4])
    assert ready(replace(project, population=replace(project.population, days=28)), catalog, DAYS[:4]) == ()
    assert ready(replace(project, periods=replace(project.periods, performance=14)), catalog, DAYS[:4]) == ()


def test_another_population_segmentation_or_value_makes_features_and_scores_due(trained):
    project, catalog, _ = trained

    def reasons(**changes: object) -> list[str]:
        other = replace(project, **changes)
        stages = ((BUILD_FEATURES, "features"), (SCORE, "risk_scores"))
        return [found.reason for stage, table in stages for found in due(catalog.ledger, other, stage, table, [TODAY])]

    assert reasons() == []
    changed = "definition changed or new: ({})"
    assert reasons(population=replace(project.population, days=28)) == [changed.format("population")]
    assert reasons(segmentation=Segmentation("a", "b", "c")) == [changed.format("segmentation")]
    assert reasons(scoring=replace(project.scoring, high_share=0.2)) == [changed.format("scoring")]


def test_a_date_before_any_champion_needs_a_version_and_is_marked_as_replayed(trained):
    project, catalog, _ = trained
    with pytest.raises(ModelError, match=f"churn-spark train --conf conf/made.yaml --as-of {DAYS[3]}"):
        do(score, project, catalog, DAYS[3])
    do(score, project, catalog, DAYS[3], options=["model-version=1"])
    found = catalog.read(RISK_SCORES, [DAYS[3]]).select("model_version", "replayed").distinct().collect()
    assert [(row["model_version"], row["replayed"]) for row in found] == [(1, True)]


def test_a_version_that_does_not_exist_is_refused_with_those_that_do(trained):
    project, catalog, _ = trained
    with pytest.raises(ModelError, match="made_churn has no version 9: the newest are 1"):
        do(score, project, catalog, TODAY, options=["model-version=9"])


def test_missing_features_name_the_command_that_makes_them(trained):
    project, catalog, _ = trained
    with pytest.raises(NotReadyError, match=r"build-features --conf conf/made.yaml --as-of 2027-01-01"):
        do(score, project, catalog, date(2027, 1, 1))


def test_too_few_matured_snapshots_are_refused(trained):
    project, catalog, _ = trained
    with pytest.raises(ModelError, match=r"1 snapshots .* have matured"):
        do(train, project, catalog, DAYS[1] + timedelta(days=3))


def test_the_same_inputs_and_seed_give_the_same_model_and_scores_without_the_store(trained):
    project, catalog, _ = trained
    before = catalog.read(RISK_SCORES, [TODAY]).orderBy("customer_id").drop("model_version").collect()
    do(train, project, catalog, TODAY)
    decisions = catalog.read(CHAMPIONS).orderBy("event_id").collect()
    assert [row["model_version"] for row in decisions] == [1, 2]
    lost = replace(project, tracking=Tracking(uri="http://127.0.0.1:9"))
    do(score, lost, catalog, TODAY)
    after = catalog.read(RISK_SCORES, [TODAY])
    assert [row["model_version"] for row in after.select("model_version").distinct().collect()] == [2]
    assert after.orderBy("customer_id").drop("model_version").collect() == before


def test_the_version_in_force_follows_the_decisions():
    first, second, third = (InForce(date(2026, n, 1), f"{n}", n, f"sum {n}") for n in (1, 2, 3))
    decisions = [third, first, second]
    assert choose(decisions, date(2026, 2, 1), None) == Chosen(2, "sum 2", replayed=False)
    assert choose(decisions, date(2025, 12, 31), None) is None
    assert choose(decisions, date(2026, 2, 1), 3) == Chosen(3, "sum 3", replayed=True)
    assert choose(decisions, date(2026, 2, 1), 2) == Chosen(2, "sum 2", replayed=False)
    assert choose(decisions, date(2026, 2, 1), 9) == Chosen(9, None, replayed=True)
    rerun = InForce(date(2026, 2, 1), "2 again", 4, "sum 4")
    assert choose([*decisions, rerun], date(2026, 2, 5), None) == Chosen(4, "sum 4", replayed=False)
