"""Recalibration of a model in force: refused without reason, and a version that only moves the level."""

from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.modelling import Candidate, Training
from churn_spark.definitions.periods import Periods
from churn_spark.stages.monitoring.versions import version_of
from churn_spark.stages.promotion import given, rollback
from churn_spark.stages.recalibration import recalibrate
from churn_spark.stages.score import score
from churn_spark.stages.train import train
from churn_spark.stages.training.champions import decisions
from churn_spark.stages.training.registry import registry_of
from churn_spark.tables.contracts.snapshots import LABELS, RISK_SCORES
from tests.stages.made_warehouse import catalog_of, do, every_four_weeks, project_at, write_snapshots

DAYS = every_four_weeks(7)
TODAY, LATER = DAYS[4], DAYS[6]
WHY = given("more leave since the new tariff", "anna")


def decided(project, catalog) -> list[tuple[int, str, date]]:
    return [(d.version, d.kind, d.effective_from) for d in decisions(project, catalog)]


def test_the_level_is_moved_to_newer_snapshots_and_nothing_else(spark, tmp_path):
    one = Candidate("logistic_regression", (("l2", (0.01,)), ("iterations", (8,))))
    project = project_at(tmp_path, training=Training((one,), folds=2, test_snapshots=1))
    catalog = catalog_of(spark, project)
    write_snapshots(project, catalog, DAYS[:5], DAYS[:4])
    with pytest.raises(ModelError, match=r"no model was ever in force; train one: churn-spark train --conf"):
        do(recalibrate, project, catalog, TODAY, options=WHY)
    do(train, project, catalog, TODAY)
    with pytest.raises(ModelError, match=r"takes a snapshot of a day by which .* itself matured by"):
        do(recalibrate, project, catalog, TODAY, options=WHY)

    write_snapshots(project, catalog, DAYS[4:], DAYS[4:6])
    with pytest.raises(ModelError, match="did not move beyond chance, so nothing is changed: at 2026-05-21"):
        do(recalibrate, project, catalog, LATER, options=WHY)

    other = replace(project, periods=Periods(gap=0, performance=14))
    with pytest.raises(ModelError, match="learnt another label than the configured one"):
        do(recalibrate, other, catalog, LATER, options=WHY)

    write_snapshots(project, catalog, DAYS[4:], DAYS[4:6], more=0.3)
    do(recalibrate, project, catalog, LATER, options=WHY)
    assert decided(project, catalog) == [(1, "trained", TODAY), (2, "recalibrated", LATER)]
    before, after = decisions(project, catalog)
    assert (after.trained_as_of, after.training_run, after.by) == (TODAY, before.run_id, "anna")
    assert after.statement.startswith("recalibrated by anna: more leave since the new tariff: at 2026-05-21 ")

    registry = registry_of(project, catalog)
    old, new = registry.load(1), registry.load(2)
    assert "## Recalibrated" in registry.card(2, after.manifest)
    do(score, project, catalog, LATER)
    do(score, project, catalog, DAYS[5], dates=[DAYS[5]])  # by version 1, which was in force then
    scores = catalog.read(RISK_SCORES, [LATER])
    assert {row[0] for row in scores.select("model_version").distinct().collect()} == {2}
    assert old.calibrator != new.calibrator
    rows = catalog.read(LABELS, [DAYS[5]]).where("label is not null")
    known = {row["customer_id"]: row["label"] for row in rows.collect()}
    scored = catalog.read(RISK_SCORES, [DAYS[5]]).where(F.col("customer_id").isin(*known)).collect()
    moved = [float(new.calibrator.risk(row["raw_score"])) for row in scored]
    assert sum(moved) == pytest.approx(sum(known.values()), rel=1e-6)
    was, held_to = (version_of(project, catalog, decision).base_rate for decision in (before, after))
    assert held_to.value == pytest.approx(sum(known.values()) / len(known)) != was.value  # not to its training's test
    assert held_to.low < held_to.value < held_to.high
    assert [new.calibrator.risk(r["raw_score"]) > old.calibrator.risk(r["raw_score"]) for r in scored] == [True] * len(
        scored
    )

    with pytest.raises(ModelError, match=r"takes a snapshot of a day by which .* itself matured by"):
        do(recalibrate, project, catalog, LATER, options=WHY)
    do(rollback, project, catalog, LATER, options=given("not so many after all", "bert"))
    assert decided(project, catalog)[-1][:2] == (1, "rolled back")
