"""When `daily` trains a challenger after monitoring, seen without a warehouse."""

from contextlib import nullcontext
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

import churn_spark.pipelines.daily as pipeline
from churn_spark.definitions.errors import ModelError, UnavailableError
from churn_spark.definitions.monitoring import Monitoring
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages import monitor
from churn_spark.stages.monitor import challenger_wanted
from churn_spark.stages.training.champions import Decision
from tests.stages.made_warehouse import project_at

TODAY = date(2026, 6, 1)
DRIFT, LATE = ("psi", "spent"), ("volume", "purchases")


@pytest.fixture(autouse=True)
def second_version_in_force(monkeypatch):
    monkeypatch.setattr(monitor, "decisions", lambda *_: [Decision(TODAY, "", 1), Decision(TODAY, "later", 2)])


def warehouse(at_act, last=None, status="ok", error=None):
    """A catalog whose monitoring has some signals at act, and whose last training was at a date, and how it ended."""
    found = [
        {"signal": name, "subject": subject, "model_version": version[0] if version else None}
        for name, subject, *version in at_act
    ]
    rows = SimpleNamespace(collect=lambda: found)
    rows.where = rows.select = lambda *_: rows
    entries = [SimpleNamespace(job="train", as_of=last, status=status, error=error)] if last else []
    ledger = SimpleNamespace(partition=lambda *_: "written", entries=entries)
    return SimpleNamespace(ledger=ledger, read=lambda *_: rows)


@pytest.mark.parametrize(
    ("at_act", "days_ago", "trains"),
    [
        ([DRIFT], 28, True),
        ([DRIFT], None, True),
        ([DRIFT], 27, False),  # too soon after the last training
        ([], 100, False),
        ([LATE], 100, False),  # nothing that a training would mend
        ([DRIFT, LATE], 100, False),  # broken data are not learnt from
        ([DRIFT, ("null_share", "spent")], 100, False),
        ([("overall", "all"), ("model", "features")], 100, False),
        ([("calibration", "2026-05-01", 2)], 100, True),
        ([("calibration", "2026-05-01", 1)], 100, False),  # by scores of a version that was replaced since
        ([("calibration", "2026-05-01", 1), DRIFT], 100, True),
    ],
)
def test_only_a_model_at_act_with_sound_data_is_trained_anew_and_not_too_soon(tmp_path, at_act, days_ago, trains):
    catalog = warehouse(at_act, days_ago and TODAY - timedelta(days=days_ago))
    project = project_at(tmp_path, monitoring=Monitoring(retrain=True))
    assert (challenger_wanted(project, catalog, TODAY) is not None) == trains
    assert challenger_wanted(project_at(tmp_path), catalog, TODAY) is None


@pytest.mark.parametrize(
    ("status", "error", "trains"),
    [
        ("ok", None, False),
        ("failed", "ModelError: logistic_regression is no better than chance", False),
        ("failed", "UnavailableError: the store of models cannot be reached", True),
        ("running", None, True),
    ],
)
def test_only_a_training_that_came_to_a_decision_counts(tmp_path, status, error, trains):
    catalog = warehouse([DRIFT], TODAY - timedelta(days=1), status, error)
    project = project_at(tmp_path, monitoring=Monitoring(retrain=True))
    assert (challenger_wanted(project, catalog, TODAY) is not None) == trains


@pytest.mark.parametrize("fails", [None, ModelError("no better than chance"), UnavailableError("no store")])
def test_daily_trains_after_monitoring_and_goes_on_whatever_becomes_of_it(tmp_path, monkeypatch, caplog, fails):
    ran: list[str] = []

    def run(stage, *_):
        ran.append(stage.name)
        if fails and stage.name == "train":
            raise fails

    monkeypatch.setattr(pipeline, "_due", lambda stage, *_: [] if stage.name != "monitor" else ["due"])
    monkeypatch.setattr(pipeline, "_done", lambda stage, *_: stage.per_date)
    monkeypatch.setattr(pipeline, "due_lines", lambda _: [])
    monkeypatch.setattr(pipeline, "run_stage", run)
    monkeypatch.setattr(pipeline, "challenger_wanted", lambda *_: "psi of spent")
    jobs = SimpleNamespace(lock=lambda _: nullcontext())
    catalog = SimpleNamespace(jobs=jobs, refresh=lambda: None, ledger=Ledger())
    with pytest.raises(UnavailableError) if isinstance(fails, UnavailableError) else nullcontext():
        pipeline.daily(project_at(tmp_path), catalog, TODAY)
    assert ran[-3:] == ["monitor", "train", "report"]
    assert ("the model in force stays: no better than chance" in caplog.text) == isinstance(fails, ModelError)
