"""What `daily` and `backfill` refuse and skip, seen without a warehouse."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Retention
from churn_spark.lineage.ledger import Ledger
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.daily import daily
from tests.stages.made_warehouse import project_at

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (0, 1, "--to 2026-06-02 lies after --as-of 2026-06-01"),
        (30, 60, "--to 2026-07-31 lies after"),
        (-101, 0, "--from 2026-02-20 lies before 2026-02-21, the oldest snapshot kept"),
    ],
)
def test_days_that_would_be_left_out_are_refused(tmp_path, first, last, message):
    project = project_at(tmp_path, retention=Retention(features_days=100))
    catalog = SimpleNamespace(refresh=lambda: None, ledger=Ledger())
    wanted = Days(TODAY + timedelta(days=first), TODAY + timedelta(days=last + 1))
    with pytest.raises(ConfigError, match=message):
        backfill(project, catalog, TODAY, wanted)


@pytest.mark.parametrize(
    ("options", "scored"), [((), False), (("restate",), False), (("restate", "model-version=2"), True)]
)
def test_a_date_that_is_done_is_skipped_unless_an_option_asks_for_it(tmp_path, monkeypatch, options, scored):
    ran: list[str] = []
    monkeypatch.setattr("churn_spark.pipelines.daily._due", lambda *_: [])
    monkeypatch.setattr("churn_spark.pipelines.daily._done", lambda stage, *_: stage.per_date)
    monkeypatch.setattr("churn_spark.pipelines.daily.run_stage", lambda stage, *_: ran.append(stage.name))
    jobs = SimpleNamespace(lock=lambda _: nullcontext())
    catalog = SimpleNamespace(jobs=jobs, refresh=lambda: None, ledger=Ledger())
    project = replace(project_at(tmp_path), segmentation=None)
    daily(project, catalog, TODAY, options)
    assert ran == ["ingest", "build_tiles", "build_labels", *(["score"] if scored else []), "report"]


def test_the_log_says_why_a_date_is_built(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("churn_spark.pipelines.daily._done", lambda *_: True)
    monkeypatch.setattr("churn_spark.pipelines.daily.run_stage", lambda *_: None)
    catalog = SimpleNamespace(jobs=SimpleNamespace(lock=lambda _: nullcontext()), refresh=lambda: None, ledger=Ledger())
    caplog.set_level("INFO", logger="churn_spark")
    daily(project_at(tmp_path), catalog, TODAY)
    assert "to build: features 2026-06-01: missing: never built" in caplog.messages
