"""One small training run, looked at from all sides, and scoring with what it made."""

import math
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyspark.sql import functions as F

from churn_spark.cli.main import views
from churn_spark.definitions.errors import ModelError, NotReadyError
from churn_spark.definitions.leaks import Leaks
from churn_spark.definitions.modelling import Segmentation
from churn_spark.definitions.project import Tracking
from churn_spark.definitions.selection import Selection
from churn_spark.models.calibration import Calibrator
from churn_spark.models.registry import Registry
from churn_spark.stages import train as training
from churn_spark.stages.all_stages import BUILD_FEATURES, SCORE
from churn_spark.stages.score import ModelChoice, choose, score
from churn_spark.stages.train import _refuse_weak, train
from churn_spark.stages.training import outcome
from churn_spark.stages.training.champions import Decision, decisions
from churn_spark.stages.training.snapshots import equal_features, not_ready, ready
from churn_spark.tables.contracts.models import CHAMPIONS, MODEL_CHECKS, MODEL_CURVES, MODEL_FEATURES, MODEL_METRICS
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from tests.docs.pages import blocks, page
from tests.stages.made_warehouse import CUSTOMERS, catalog_of, do, every_four_weeks, project_at, run_of, write_snapshots

DAYS = every_four_weeks(5)
TODAY = DAYS[4]
"""Four snapshots have matured: two teach the tested model (the third matures on the day of the fourth), one tests."""


def with_selection(project):
    """The smallest set of features is taken, whatever it costs; one of them is another one in other units."""
    return replace(project, training=replace(project.training, selection=Selection(max_loss=1, min_stability=0)))


pytestmark = pytest.mark.usefixtures("generated_code")


@pytest.fixture(scope="module")
def trained(spark, generated_code, tmp_path_factory):
    root = tmp_path_factory.mktemp("trained")
    project = with_selection(project_at(root))
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
    project, catalog, _ = trained
    metrics = catalog.read(MODEL_METRICS, [TODAY])
    tested = metrics.where((F.col("scope") == "test") & (F.col("segment") == "all") & (F.col("metric") == "roc_auc"))
    found = {row["model"]: row for row in tested.collect()}
    assert set(found) == {
        "logistic_regression", "random_forest", "purchases_recency alone", "purchases_ewm_h21 alone",
    }  # fmt: skip
    roles = {row["model"]: (row["role"], row["model_version"]) for row in found.values()}
    winner = decisions(project, catalog)[0].family
    assert roles.pop(winner) == ("champion", 1)
    assert sorted(roles.values()) == [("baseline", None), ("baseline", None), ("candidate", None)]
    assert all(row["low"] < row["value"] < row["high"] for row in found.values())
    assert found["logistic_regression"]["value"] > 0.6
    segments = {
        row["segment"] for row in metrics.where(F.col("scope") == "test").select("segment").distinct().collect()
    }
    assert segments == {"all", str(DAYS[3])}
    assert {row["scope"] for row in metrics.select("scope").distinct().collect()} == {
        "test", "fold", "backtest", "naive", "selection",
    }  # fmt: skip
    walked = metrics.where("scope = 'backtest' AND metric = 'average_precision'").collect()
    both, days = ("logistic_regression", "random_forest"), ("all", str(DAYS[1]), str(DAYS[2]))
    assert {(row["model"], row["segment"]) for row in walked} == {(model, day) for model in both for day in days}
    curves = {row["curve"] for row in catalog.read(MODEL_CURVES, [TODAY]).select("curve").distinct().collect()}
    explained = {curve for curve in curves if curve.startswith("dependence_in_")}
    assert len(explained) == 1
    assert curves - explained == {"roc", "precision_recall", "gain", "profit", "reliability", "importance"}


def test_the_data_are_checked_before_anything_is_learnt(trained):
    """Every feature is made up, so nothing can be computed again from tiles; that is a finding, and no error."""
    _, catalog, _ = trained
    found = {(row["check"], row["subject"]): row for row in catalog.read(MODEL_CHECKS, [TODAY]).collect()}
    outcomes = sorted((check, row["outcome"]) for (check, _), row in found.items() if check != "floor")
    assert outcomes == [
        ("feature_drift", "passed"), ("recomputed", "warning"), ("recomputed", "warning"), ("single_feature", "passed"),
    ]  # fmt: skip
    assert found["recomputed", str(DAYS[0])]["text"].endswith("no tiles within its windows (tiles_purchases)")
    assert ("recomputed", str(DAYS[2])) in found


def test_a_leak_ends_the_training_before_anything_is_learnt(trained, monkeypatch):
    """No feature of the made customers decides anything, so the limit is set below what the strongest reaches."""
    project, catalog, _ = trained
    strict = replace(project.training, leaks=Leaks(max_single_auc=0.55, warn_single_auc=0.55))
    monkeypatch.setattr(training, "compare", lambda *_: pytest.fail("something was learnt"))
    before = catalog.read(MODEL_CHECKS).count()
    with pytest.raises(ModelError, match=r"^nothing was learnt: plan alone nearly decides .*training\.exclude: \[plan"):
        do(train, replace(project, name="other", training=strict), catalog, TODAY)
    catalog.refresh()
    assert catalog.read(MODEL_CHECKS).count() == before


def test_the_threshold_is_that_of_the_highest_profit_over_the_folds(trained):
    _, catalog, _ = trained
    rows = catalog.read(MODEL_METRICS, [TODAY]).where("role = 'champion' AND segment = 'all'").collect()
    folds = {row["metric"]: row for row in rows if row["scope"] == "fold"}
    assert "threshold_by_f1" not in folds
    assert folds["threshold_by_profit"]["low"] <= folds["threshold_by_profit"]["value"]
    assert 0 < folds["threshold_risk"]["value"] < 1
    tested = {row["metric"]: row for row in rows if row["scope"] == "test"}
    assert 0 < tested["contacted"]["value"] < 1
    highest = catalog.read(MODEL_CURVES, [TODAY]).where("role = 'champion' AND curve = 'profit'").agg({"y": "max"})
    assert tested["profit"]["value"] <= highest.collect()[0][0] + 1e-9
    assert tested["expected_maximum_profit"]["low"] < tested["expected_maximum_profit"]["high"]


def test_the_model_says_where_it_comes_from(trained):
    project, _, root = trained
    (kept,) = (root / "warehouse" / "_models" / "made_churn").glob("1-*")
    model = Registry(project.model_name, project.tracking, root / "warehouse").load(1)
    assert model.features == {name: known for name, known in project.features.hashes.items() if name in model.features}
    assert {slot.feature for slot in model.slots} == set(model.features)
    assert len(model.features) == model.facts["selection"]["chosen"]
    assert set(model.facts["selection"]["dropped"]) == set(project.features.hashes) - set(model.features) != set()
    assert model.facts["snapshots"] == {
        "train": [str(day) for day in DAYS[:3]], "test": [str(DAYS[3])], "refit": [str(day) for day in DAYS[:4]],
    }  # fmt: skip
    card = (kept / "card.md").read_text()
    for text in ("no event in purchases in the 28 days", f"Untouched test: {DAYS[3]}", "## Limits", "recency-1"):
        assert text in card
    assert (root / "mlartifacts").is_dir()
    assert not Path("mlruns").exists()


def test_features_that_are_not_selected_are_neither_learnt_from_nor_read_and_say_why(trained):
    project, catalog, root = trained
    rows = {row["feature"]: row for row in catalog.read(MODEL_FEATURES, [TODAY]).collect()}
    assert set(rows) == set(project.features.hashes)
    model = Registry(project.model_name, project.tracking, root / "warehouse").load(1)
    assert {name for name, row in rows.items() if row["used"]} == set(model.features)
    for row in rows.values():
        assert (row["step"] is None, row["reason"] is None) == (row["used"], row["used"])
        assert 0 <= row["strength"] <= 1
        assert 0 <= row["stability"] <= 1
    assert rows["purchases_recency"]["used"]
    read = catalog.read(features(project.features), [TODAY]).select("customer_id", "as_of_date", *model.features)
    scored = {row["customer_id"]: row["raw_score"] for row in catalog.read(RISK_SCORES, [TODAY]).collect()}
    assert {row["customer_id"]: row["raw_score"] for row in model.predict(read).collect()} == pytest.approx(scored)
    curve = catalog.read(MODEL_METRICS, [TODAY]).where("scope = 'selection' AND metric = 'average_precision'")
    assert {row["segment"] for row in curve.collect()} == {"6", str(len(model.features))}


def test_the_queries_of_the_guide_answer(trained):
    """Every SQL query of docs/reading-scores.md; the newest scores have no label yet, so one of them finds no rows."""
    project, catalog, _ = trained
    views(project, catalog)
    asked = blocks(page("docs/reading-scores.md"), "sql")
    unanswered = [query for query in asked if catalog.spark.sql(query).isEmpty()]
    assert len(asked) > len(unanswered) == 1
    assert "AS happened" in unanswered[0]


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
    assert [row["risk"] for row in scores] == sorted((row["risk"] for row in scores), reverse=True)
    assert all(0 <= row["risk"] <= 1 and not row["replayed"] for row in scores)
    assert all(row["expected_loss"] == pytest.approx(row["risk"] * row["value"]) for row in scores if row["value"])


def test_reasons_and_base_value_make_the_raw_score(trained):
    project, catalog, _ = trained
    known = {row["customer_id"]: row for row in catalog.read(features(project.features), [TODAY]).collect()}
    for row in catalog.read(RISK_SCORES, [TODAY]).collect():
        *named, other = row["reason_codes"]
        made = row["base_value"] + sum(reason["contribution"] for reason in row["reason_codes"])
        score = made if row["reason_unit"] == "probability" else 1 / (1 + math.exp(-made))
        assert score == pytest.approx(row["raw_score"], abs=1e-12)
        assert (row["reasons_exact"], other["feature"]) == (True, "other")
        assert 1 <= len(named) <= project.reasons
        for reason in named:
            value = known[row["customer_id"]][reason["feature"]]
            assert reason["value"] == (None if reason["feature"] == "plan" else value)
            assert " typical" in reason["text"]


def test_scores_without_reasons_are_the_same_and_not_due_when_the_project_wants_reasons(trained):
    project, catalog, _ = trained
    before = {row["customer_id"]: row for row in catalog.read(RISK_SCORES, [TODAY]).collect()}
    explaining = ("base_value", "reason_codes", "reason_unit", "reasons_exact")
    do(score, replace(project, reasons=0), catalog, TODAY)
    without = catalog.read(RISK_SCORES, [TODAY]).collect()
    assert all(row[name] is None for row in without for name in explaining)
    kept = [name for name in RISK_SCORES.names if name not in explaining]
    assert all(row[name] == before[row["customer_id"]][name] for row in without for name in kept)
    assert SCORE.due(project, catalog.ledger, RISK_SCORES.name, [TODAY]) == []
    do(score, project, catalog, TODAY)
    assert {row["customer_id"]: row for row in catalog.read(RISK_SCORES, [TODAY]).collect()} == before


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


def test_snapshots_of_another_population_or_with_stale_labels_are_not_used_for_training(trained):
    project, catalog, _ = trained
    assert ready(project, catalog, DAYS[:4]) == tuple(DAYS[:4])
    assert ready(replace(project, population=replace(project.population, days=28)), catalog, DAYS[:4]) == ()
    shorter = replace(project, periods=replace(project.periods, performance=14))
    assert ready(shorter, catalog, DAYS[:4]) == ()
    ((why, days),) = not_ready(shorter, catalog, DAYS[:4], TODAY).items()
    assert days == DAYS[:4]
    assert why.endswith(f"or stale ones; to build them: churn-spark backfill --conf conf/made.yaml --as-of {TODAY}")


def test_another_population_segmentation_or_value_makes_features_and_scores_due(trained):
    project, catalog, _ = trained

    def reasons(**changes: object) -> list[str]:
        other = replace(project, **changes)
        stages = ((BUILD_FEATURES, "features"), (SCORE, "risk_scores"))
        return [found.reason for stage, table in stages for found in stage.due(other, catalog.ledger, table, [TODAY])]

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


def test_a_customer_of_whom_the_value_cannot_be_computed_has_none_and_a_risk_all_the_same(trained):
    project, catalog, _ = trained
    known = {row["customer_id"]: row for row in catalog.read(features(project.features), [TODAY]).collect()}
    for sql, value in FAILING_VALUES.items():
        other = replace(project, scoring=replace(project.scoring, value=sql))
        do(score, other, catalog, TODAY)
        catalog.refresh()
        found = {row["customer_id"]: row["value"] for row in catalog.read(RISK_SCORES, [TODAY]).collect()}
        assert found == {name: value(row) for name, row in known.items()}
    do(score, project, catalog, TODAY)


FAILING_VALUES = {
    "60 / purchases_count_28d": lambda row: 60 / row["purchases_count_28d"] if row["purchases_count_28d"] else None,
    "cast(plan as int)": lambda row: None,
    "array(7, 8)[purchases_count_28d]": lambda row: dict(enumerate((7.0, 8.0))).get(row["purchases_count_28d"]),
    "purchases_count_28d * 3000000000000000000L": lambda row: (
        row["purchases_count_28d"] * 3e18 if row["purchases_count_28d"] <= 3 else None
    ),
}


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
        do(train, replace(project, name="other"), catalog, DAYS[1] + timedelta(days=3))


def test_a_model_of_older_knowledge_does_not_take_the_place_of_the_champion(trained):
    project, catalog, _ = trained
    older = rf"version 1 was trained at {TODAY}; a decision at {DAYS[3]} has older data"
    with pytest.raises(ModelError, match=older):
        do(train, project, catalog, DAYS[3])


def test_the_same_inputs_and_seed_give_the_same_model_and_scores_without_the_store(trained):
    project, catalog, _ = trained
    kept = ("model_version", "replayed")
    before = catalog.read(RISK_SCORES, [TODAY]).orderBy("customer_id").drop(*kept).collect()
    do(train, project, catalog, TODAY)
    first, second = decisions(project, catalog)
    version = second.version
    # The date is scored already: it keeps its model, and the new one is in force from the next day on.
    assert (first.effective_from, second.effective_from) == (TODAY, TODAY + timedelta(days=1))
    do(score, project, catalog, TODAY)
    assert {row["model_version"] for row in catalog.read(RISK_SCORES, [TODAY]).collect()} == {first.version}
    lost = replace(project, tracking=Tracking(uri="http://127.0.0.1:9"))
    do(score, lost, catalog, TODAY, options=[f"model-version={version}"])
    after = catalog.read(RISK_SCORES, [TODAY])
    assert [tuple(row) for row in after.select(*kept).distinct().collect()] == [(version, True)]
    assert after.orderBy("customer_id").drop(*kept).collect() == before


def test_champions_of_another_model_and_of_a_training_that_broke_off_do_not_count(trained):
    project, catalog, _ = trained
    before = decisions(project, catalog)
    assert decisions(replace(project, name="other"), catalog) == []
    killed = run_of(project, "train", TODAY)
    with catalog.transaction(killed, {MODEL_METRICS: [TODAY]}) as tx:
        row = catalog.read(CHAMPIONS).first().asDict() | {"event_id": "later", "run_id": killed.run_id}
        tx.append(CHAMPIONS, catalog.spark.createDataFrame([tuple(row.values())], CHAMPIONS.schema))
    catalog.refresh()  # from here on the run is gone
    assert catalog.read(CHAMPIONS).count() == len(before) + 1
    assert decisions(project, catalog) == before


def test_the_version_in_force_follows_the_decisions():
    first, second, third = (Decision(date(2026, n, 1), f"{n}", n, manifest=f"sum {n}") for n in (1, 2, 3))
    known = [third, first, second]
    assert choose(known, date(2026, 2, 1), None) == ModelChoice(2, "sum 2", replayed=False)
    assert choose(known, date(2025, 12, 31), None) is None
    assert choose(known, date(2026, 2, 1), 3) == ModelChoice(3, "sum 3", replayed=True)
    assert choose(known, date(2026, 2, 1), 2) == ModelChoice(2, "sum 2", replayed=False)
    assert choose(known, date(2026, 2, 1), 9) == ModelChoice(9, None, replayed=True)
    rerun = Decision(date(2026, 2, 1), "2 again", 4, manifest="sum 4")
    assert choose([*known, rerun], date(2026, 2, 5), None) == ModelChoice(4, "sum 4", replayed=False)


def test_a_model_worth_nothing_goes_in_force_only_where_that_is_accepted(caplog):
    tuned = SimpleNamespace(family="random_forest", calibrator=Calibrator("platt", ((-2.0, 0.0),)))
    compared = SimpleNamespace(
        winner=SimpleNamespace(tuned=tuned), weaknesses=("is no better than chance", "is late"), reason="luck"
    )
    project = project_at(Path("nowhere"))
    with pytest.raises(
        ModelError, match=r"^random_forest is no better than chance, and is late; no model is in force\."
    ):
        _refuse_weak(project, compared, None)
    assert "everybody gets the same risk, the base rate" in caplog.text
    with pytest.raises(ModelError, match=r"version 3 stays in force\. .*: training.accept_weak: true$"):
        _refuse_weak(project, compared, Decision(TODAY, "1", 3))
    _refuse_weak(replace(project, training=replace(project.training, accept_weak=True)), compared, None)
    assert "it goes in force nevertheless (training.accept_weak)" in caplog.text
    assert outcome.reason(compared, temporal=True) == (
        "luck; accepted (training.accept_weak) although it is no better than chance, and is late"
    )


def test_a_refused_training_leaves_its_figures_in_mlflow_and_puts_nothing_in_force(monkeypatch):
    logged, freed = [], []
    rows = SimpleNamespace(unpersist=lambda: freed.append(True))
    tuned = SimpleNamespace(family="random_forest", calibrator=Calibrator("none"))
    split = SimpleNamespace(test=[TODAY])
    found = SimpleNamespace(rows=rows, features={}, varying=(), split=split, selected=None)
    compared = SimpleNamespace(
        winner=SimpleNamespace(tuned=tuned), tried=(), reason="luck", weights={"random_forest": {}, "other": {}},
        weaknesses=("is no better than chance",),
    )  # fmt: skip
    stubs = {
        "registry_of": lambda *_: SimpleNamespace(open=lambda: None), "prepared": lambda *_: found,
        "leak_findings": lambda *_: [],
        "compare": lambda *_: compared, "baselines": lambda *_: {}, "substitutes": lambda *_: "",
        "decisions": lambda *_: [], "_log_candidate": lambda *given: logged.append(given[-1]) or "run",
        "refuse_ahead_of_ingest": lambda *_: None, "refuse_past_data": lambda *_: None,
    }  # fmt: skip
    for name, stub in stubs.items():
        monkeypatch.setattr(training, name, stub)
    with pytest.raises(ModelError, match=r"no better than chance; no model is in force"):
        train(SimpleNamespace(as_of=TODAY), project_at(Path("nowhere")), None)  # no catalog: nothing is written
    assert (logged, freed) == (["random_forest", "other"], [True])
