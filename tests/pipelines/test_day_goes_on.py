"""What `daily` still does once a stage has failed, seen without a warehouse."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

import churn_spark.pipelines.daily as pipeline
from churn_spark.definitions.actions import Action, Alerts, Interventions
from churn_spark.definitions.dispatch import Dispatch
from churn_spark.definitions.errors import AlertWaveError, ConfigError, DeliveryError, DispatchError, UnavailableError
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages import past_dates
from tests.stages.made_warehouse import project_at

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("fails", "error", "after"),
    [
        ("alert", AlertWaveError("a wave"), ["feedback", "monitor", "brief", "report"]),
        ("dispatch", DispatchError("a channel is down"), []),
        ("monitor", UnavailableError("no store"), ["brief", "report", "dispatch"]),
        ("report", ConfigError("the folder cannot be written to"), ["dispatch"]),
        ("ingest", DeliveryError("a source is missing"), None),
    ],
)
def test_nobody_is_acted_upon_after_a_failure_and_the_error_comes_at_the_end(
    tmp_path, monkeypatch, fails, error, after
):
    ran: list[str] = []

    def run(stage, *_):
        ran.append(stage.name)
        if stage.name == fails:
            raise error

    monkeypatch.setattr(pipeline, "_due", lambda *_: ["due"])
    monkeypatch.setattr(pipeline, "due_lines", lambda _: [])
    monkeypatch.setattr(pipeline, "run_stage", run)
    monkeypatch.setattr(pipeline, "challenger_wanted", lambda *_: None)
    with pytest.raises(type(error), match=str(error)):
        pipeline.daily(acting(tmp_path), quiet_catalog(), TODAY)
    if after is None:
        assert ran == [fails]
    else:
        assert ran[ran.index(fails) + 1 :] == after


@pytest.mark.parametrize(("options", "acted"), [((), []), (("past",), ["intervene", "dispatch"])])
def test_nobody_is_acted_upon_by_a_date_before_one_that_has_gone_out(tmp_path, monkeypatch, options, acted):
    ran: list[str] = []
    monkeypatch.setattr(pipeline, "_due", lambda *_: ["due"])
    monkeypatch.setattr(pipeline, "due_lines", lambda _: [])
    monkeypatch.setattr(pipeline, "run_stage", lambda stage, *_: ran.append(stage.name))
    monkeypatch.setattr(pipeline, "challenger_wanted", lambda *_: None)
    monkeypatch.setattr(past_dates, "dispatched", lambda *_: [TODAY, TODAY + timedelta(days=1)])
    pipeline.daily(acting(tmp_path), quiet_catalog(), TODAY, options)
    assert [name for name in ran if name in ("intervene", "dispatch")] == acted
    assert {"alert", "monitor", "report"} <= set(ran)


def acting(root):
    return replace(
        project_at(root),
        alerts=Alerts(),
        interventions=Interventions((Action("call", "phone", 1.0, 0.1),)),
        dispatch=Dispatch(()),
    )


def quiet_catalog():
    return SimpleNamespace(jobs=SimpleNamespace(lock=lambda _: nullcontext()), refresh=lambda: None, ledger=Ledger())
