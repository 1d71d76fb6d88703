"""Upkeep by the ledger: what retention dropped is missing, not empty, and takes nothing with it."""

from dataclasses import replace
from datetime import date

import pytest

from churn_spark.cli import main
from churn_spark.definitions.errors import ModelError, OtherDefinitionError
from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.modelling import Scoring
from churn_spark.definitions.project import Retention
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Delivered
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.plan import everything_due
from churn_spark.runtime.run import run_stage
from churn_spark.stages.all_stages import SCORE
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.stages.ingest import ingest
from churn_spark.stages.maintain import maintain
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from tests.frames import rows
from tests.stages.made_warehouse import do, run_of
from tests.stages.shop import Shop, shop

FIRST, SECOND = date(2024, 3, 9), date(2024, 3, 10)
COUNT = Feature("count", "sales", "count", window=2, hash="count-1")


@pytest.fixture
def place(spark, tmp_path) -> Shop:
    """Two days of sales, with snapshots and scores of both; one day of snapshots is kept."""
    made = shop(spark, tmp_path, delivered=Delivered(history_until=FIRST))
    project = replace(
        made.project,
        population=Population("active", ("sales",), days=7),
        features=FeatureSet((COUNT,)),
        label=LabelRule("inactivity", ("sales",)),
        snapshots=Snapshots(FIRST, 1),
        retention=Retention(features_days=1),
        segmentation=None,
    )
    place = Shop(project, made.catalog, made.folder)
    for day in (8, 9):
        place.deliver(f"2024-03-0{day}.csv", [f"c1,{day}0,2024-03-0{day} 12:00:00,1.50"])
    for work in (ingest, build_tiles):
        do(work, project, place.catalog, SECOND)
    do(build_features, project, place.catalog, SECOND, dates=(FIRST, SECOND))
    run = run_of(project, "score", SECOND)
    scored = [{"customer_id": "c1", "as_of_date": day.isoformat(), "risk": 0.5} for day in (FIRST, SECOND)]
    with place.catalog.transaction(run, {RISK_SCORES: [FIRST, SECOND]}) as tx:
        tx.replace(RISK_SCORES, _scores(spark, scored), [FIRST, SECOND])
    place.catalog.end(run)
    return place


def _scores(spark, found):
    others = {
        "raw_score": 0.1, "risk_rank": 1, "decile": 1, "tier": "high", "model_name": "m", "model_version": 1,
        "replayed": False,
    }  # fmt: skip
    return rows(spark, RISK_SCORES.schema, *({**others, **one} for one in found))


def days(place: Shop, table) -> set[date]:
    place.catalog.refresh()
    return {row["as_of_date"] for row in place.catalog.read(table).collect()}


def test_what_was_predicted_outlives_the_snapshots_it_was_made_from(place):
    after = date(2024, 3, 11)
    assert do(maintain, place.project, place.catalog, after).status == "ok"
    assert days(place, features(place.project.features)) == {SECOND}
    changed = replace(place.project, scoring=Scoring(high_share=0.5))
    assert SCORE.dates(changed, place.catalog, after, None)["risk_scores"] == [SECOND]
    assert days(place, RISK_SCORES) == {FIRST, SECOND}
    assert do(maintain, place.project, place.catalog, after).status == "nothing_to_do"


def test_an_earlier_as_of_date_can_have_its_snapshots_again(place):
    do(maintain, place.project, place.catalog, date(2024, 3, 11))
    place.catalog.refresh()
    plan = everything_due(place.project, place.catalog, SECOND)
    assert ("features", FIRST, "missing") in {(item.table, item.day, item.kind) for item in plan}


def test_scores_that_no_model_can_make_again_stay_as_they_are(place, monkeypatch):
    def unfit(stage, *given, **named):
        if stage is SCORE:
            raise OtherDefinitionError("the features do not fit the model")
        return run_stage(stage, *given, **named)

    changed = replace(place.project, scoring=Scoring(high_share=0.5))
    with pytest.raises(ModelError, match="no model is in force"):
        backfill(changed, place.catalog, SECOND)
    monkeypatch.setattr("churn_spark.pipelines.backfill.run_stage", unfit)
    plan = backfill(changed, place.catalog, SECOND)
    assert {(item.table, item.kind) for item in plan} == {("risk_scores", "definition")}
    assert days(place, RISK_SCORES) == {FIRST, SECOND}


def test_a_query_over_what_was_left_half_written_is_warned_of(place, caplog):
    main.log.addHandler(caplog.handler)
    main.views(place.project, place.catalog)
    assert caplog.messages == []
    with place.catalog.transaction(run_of(place.project, "score", SECOND), {RISK_SCORES: [SECOND]}):
        pass  # and it never ends
    main.views(place.project, place.catalog)
    main.log.removeHandler(caplog.handler)
    assert set(caplog.messages) == {"risk_scores: 2024-03-10 is half-written; churn-spark status says by which run"}
