"""A stage and a table that no other file knows: all that follows the list of stages finds them."""

import importlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import types as T
from rich.console import Console

from churn_spark.cli import status
from churn_spark.cli.arguments import options
from churn_spark.definitions.periods import single_day
from churn_spark.definitions.project import Project, Retention
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.daily import daily
from churn_spark.runtime.run import run_stage
from churn_spark.stages import all_stages
from churn_spark.stages.brief import BRIEF
from churn_spark.stages.ingest import INGEST
from churn_spark.stages.intake.recovery import RECOVERY
from churn_spark.stages.maintain import drop_old
from churn_spark.stages.report import REPORT
from churn_spark.stages.stage import PUBLISHED, Option, Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.readiness import AGAIN
from churn_spark.tables.table import Column, Table
from tests.stages.made_warehouse import CALL, FIRST, catalog_of, fill, project_at, run_of, write_snapshots

AIRFLOW = Path(__file__).parents[2] / "deploy" / "airflow"
MOODS = Table(
    "moods",
    "Whether it was a good day.",
    (Column("as_of_date", T.DateType(), "Day.", False), Column("customers", T.LongType(), "How many.", False)),
    key=("as_of_date",),
    partition="as_of_date",
)
SNAPSHOTS = [FIRST + timedelta(days=28 * n) for n in range(3)]
TODAY = SNAPSHOTS[-1]


def count_moods(meaning: str = "1", published: tuple[date, ...] = (), daily: bool = True) -> Stage:
    def count(run, project, catalog):
        rows = catalog.spark.createDataFrame([(day, 7) for day in run.dates], MOODS.schema)
        with catalog.transaction(run, {MOODS: run.dates}, definitions={"moods": {"customers": meaning}}) as tx:
            tx.replace(MOODS, rows, run.dates)

    return Stage(
        name="count_moods",
        summary="Count the moods of a date.",
        work=count,
        writes=lambda project: (MOODS,),
        reads=lambda project, ledger, output, day: {"features": single_day(day)},
        definitions=lambda project: {"moods": {"customers": meaning}},
        dates=lambda project, catalog, as_of, wanted: {"moods": [day for day in SNAPSHOTS if day <= as_of]},
        published=lambda project, ledger: list(published),
        per_date=True,
        daily=daily,
        schedule="0 5 * * *",
        retention=True,
        options=(Option("cheerful", "cheerful"),),
    )


@pytest.fixture
def project(tmp_path) -> Project:
    return project_at(tmp_path, retention=Retention(features_days=60))


@pytest.fixture
def catalog(spark, project) -> Catalog:
    catalog = catalog_of(spark, project)
    known = {"event_date": "2025-12-31", "known_from": FIRST.isoformat()}
    fill(project, catalog, events(project.sources[0]), CALL | known, {})
    write_snapshots(project, catalog, SNAPSHOTS, [])
    return catalog


def test_everything_that_follows_the_list_finds_it(project, catalog, monkeypatch, caplog):
    monkeypatch.setattr(all_stages, "STAGES", (*all_stages.STAGES, count_moods()))
    assert MOODS in all_stages.tables(project)
    assert (("daily", "count-moods")) in [verbs for option, verbs in options() if option.written == "cheerful"]

    listed = backfill(project, catalog, TODAY, dry_run=True)
    assert due(listed) == dict.fromkeys(SNAPSHOTS, "missing")
    console = Console(record=True, width=200)
    status.show(project, catalog, TODAY, console)
    assert "moods 3 dates from 2026-01-01 to 2026-02-26: missing: never built" in console.export_text()

    caplog.set_level("INFO", logger="churn_spark")
    monkeypatch.setattr("churn_spark.pipelines.daily.run_stage", only_moods)
    for _ in range(2):
        daily(project, catalog, TODAY)
    assert [row["customers"] for row in catalog.read(MOODS, [TODAY]).collect()] == [7]
    assert "to build: moods 2026-02-26: missing: never built" in caplog.messages
    assert "count_moods of 2026-02-26 is done for these inputs: skipped" in caplog.messages
    assert due(backfill(project, catalog, TODAY, dry_run=True)) == {
        SNAPSHOTS[0]: "missing",
        SNAPSHOTS[1]: "missing",
        SNAPSHOTS[2]: "follows",  # the features it is made of are in the plan
    }

    run = run_of(project, "maintain", TODAY + timedelta(days=90))
    catalog.enter(run)
    drop_old(run, project, catalog)
    assert {written.table for written in catalog.end(run).writes} == {"features", "moods"}
    assert catalog.ledger.partition("moods", TODAY) is None


def test_what_others_have_acted_upon_is_superseded_and_stays(project, catalog, monkeypatch):
    monkeypatch.setattr(all_stages, "STAGES", (count_moods(),))
    backfill(project, catalog, TODAY)
    monkeypatch.setattr(all_stages, "STAGES", (count_moods(meaning="2", published=tuple(SNAPSHOTS[:2])),))
    plan = backfill(project, catalog, TODAY)
    assert due(plan) == {SNAPSHOTS[0]: PUBLISHED, SNAPSHOTS[1]: PUBLISHED, SNAPSHOTS[2]: "columns"}
    catalog.refresh()
    meanings = [catalog.ledger.partition("moods", day).definitions["customers"] for day in SNAPSHOTS]
    assert meanings == ["1", "1", "2"]


def test_a_schedule_finds_it_after_what_it_reads(project, monkeypatch):
    monkeypatch.setattr(all_stages, "STAGES", (*all_stages.STAGES, count_moods(), count_moods(daily=False)))
    monkeypatch.syspath_prepend(str(AIRFLOW))
    derived = importlib.import_module("derived_tasks")
    (task,) = (task for task in derived.daily_tasks(project, "--conf x.yaml") if task.task_id == "count_moods")
    assert task.upstream == ("build_features",)
    assert derived.occasional_tasks("--conf x.yaml")["count_moods"].schedule == "0 5 * * *"


def only_moods(stage, *given):
    return run_stage(stage, *given) if stage.name == "count_moods" else None


def due(plan) -> dict[date, str]:
    return {item.day: item.kind for item in plan if item.table == "moods"}


PAGES = (BRIEF, REPORT)


def test_what_backfill_does_not_build_is_run_again_by_its_own_command():
    own = {stage.name: stage.name for stage in all_stages.STAGES if stage.dates is None and stage not in PAGES}
    assert own | {RECOVERY: INGEST.name} == AGAIN
