"""What `daily` still does once a stage has failed, seen without a warehouse."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

import churn_spark.pipelines.daily as pipeline
from churn_spark.definitions.actions import Action, Alerts, Interventions
from churn_spark.definitions.dispatch import Dispatch
from churn_spark.definitions.errors import AlertWaveError, DeliveryError, DispatchError
from churn_spark.lineage.ledger import Ledger
from tests.stages.made_warehouse import project_at

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("fails", "error", "after"),
    [
        ("alert", AlertWaveError("a wave"), ["feedback", "monitor", "brief", "report"]),
        ("dispatch", DispatchError("a channel is down"), []),
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
    catalog = SimpleNamespace(jobs=SimpleNamespace(lock=lambda _: nullcontext()), refresh=lambda: None, ledger=Ledger())
    project = replace(
        project_at(tmp_path),
        alerts=Alerts(),
        interventions=Interventions((Action("call", "phone", 1.0, 0.1),)),
        dispatch=Dispatch(()),
    )
    with pytest.raises(type(error), match=str(error)):
        pipeline.daily(project, catalog, TODAY)
    if after is None:
        assert ran == [fails]
    else:
        assert ran[ran.index(fails) + 1 :] == after
