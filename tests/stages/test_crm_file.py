"""The file for the CRM as something that leaves the house: announced, written once, and what was decided stays."""

import csv
import stat
from dataclasses import replace
from datetime import timedelta

import pytest

from churn_spark.actions.crm_rows import COLUMNS
from churn_spark.definitions.actions import Action, Holdout, Interventions
from churn_spark.definitions.dispatch import FILE
from churn_spark.definitions.errors import ConfigError, DispatchError
from churn_spark.lineage.entry import NOTHING, OK
from churn_spark.runtime.run import run_stage
from churn_spark.stages import dispatch as dispatch_stage
from churn_spark.stages.alert import ALERT
from churn_spark.stages.dispatch import DISPATCH
from churn_spark.stages.intervene import INTERVENE
from churn_spark.stages.outbox_events import dispatched
from churn_spark.stages.stage import DRY_RUN, REDECIDE
from churn_spark.tables.contracts.actions import INTERVENTIONS
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from tests.outbox.made_messages import DAY
from tests.stages.decided_day import Decided, decided_day
from tests.stages.made_warehouse import fill
from tests.stages.test_intervene import SCORE, SNAPSHOT

NEXT = DAY + timedelta(days=1)
NAMES = [f"c{number}" for number in range(12)]


def exporting(spark, root) -> Decided:
    """Customers above the line at a date, of a project that has a file for the CRM and no routes."""
    day = decided_day(spark, root)
    playbook = Interventions(
        (Action("coupon", "email", 5.0, 0.5),), holdout=Holdout(0.3, 0.0, "s"), export=str(root / "crm")
    )
    day.project = replace(day.project, dispatch=None, interventions=playbook)
    keys = [{"customer_id": name, "as_of_date": DAY.isoformat()} for name in NAMES]
    fill(day.project, day.catalog, RISK_SCORES, SCORE, *keys)
    fill(day.project, day.catalog, features(day.project.features), SNAPSHOT, *keys)
    day.alerts(*keys)
    return day


def planned(day: Decided, *options: str) -> dict[str, str | None]:
    """Run the stage; what is done for whom."""
    day.catalog.refresh()
    run_stage(INTERVENE, day.project, day.catalog, DAY, options)
    return {row["customer_id"]: row["action"] for row in day.catalog.read(INTERVENTIONS, [DAY]).collect()}


def drawn_anew(day: Decided) -> None:
    """Another playbook: others are withheld."""
    playbook = day.project.interventions
    day.project = replace(day.project, interventions=replace(playbook, holdout=Holdout(0.3, 0.0, "t")))


def in_file(day: Decided, date=DAY) -> list[dict[str, str]]:
    with open(f"{day.project.interventions.export}/interventions_{date}.csv", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def due(day: Decided, stage, table: str) -> list[str]:
    day.catalog.refresh()
    return [item.kind for item in stage.due(day.project, day.catalog.ledger, table, [DAY])]


def test_the_file_gets_who_is_acted_upon_and_no_formula(spark, tmp_path):
    day = exporting(spark, tmp_path)
    texts = {"customer_id": "b", "main_reason": '=fewer, "calls"\nthan usual'}
    day.interventions({"customer_id": "a"}, texts, {"customer_id": "z", "action": None, "arm": "control"})
    assert day.dispatch(DAY, DRY_RUN).status == NOTHING
    assert not (tmp_path / "crm").exists()
    assert day.dispatch().status == OK
    assert [row["customer_id"] for row in in_file(day)] == ["a", "b"]
    assert in_file(day)[1]["main_reason"] == '\'=fewer, "calls" than usual'
    (file,) = (tmp_path / "crm").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert day.events("route", "subject", "status", "attempt", "rows") == [
        (FILE, file.name, "queued", 0, 2),
        (FILE, file.name, "sent", 1, 2),
    ]
    file.unlink()  # the CRM has taken it: were it written again, it would be taken again
    assert day.dispatch().status == NOTHING
    assert not file.exists()
    day.interventions({"customer_id": "z", "as_of_date": NEXT.isoformat(), "action": None, "arm": "control"})
    day.dispatch(NEXT)
    lines = (tmp_path / "crm" / f"interventions_{NEXT}.csv").read_text().splitlines()
    assert lines == [",".join(COLUMNS)]


def test_what_was_handed_over_in_a_file_stays_unless_it_is_asked_for(spark, tmp_path, caplog):
    day = exporting(spark, tmp_path)
    first = planned(day)
    drawn_anew(day)
    assert due(day, INTERVENE, INTERVENTIONS.name) == ["definition"]  # nobody has it yet
    second = planned(day)
    assert second != first
    day.dispatch()
    assert dispatched(day.project, day.catalog.ledger) == [DAY]
    assert ALERT.published(day.project, day.catalog.ledger) == [DAY]
    assert {row["customer_id"] for row in in_file(day)} == {name for name, action in second.items() if action}
    day.project = replace(day.project, interventions=replace(day.project.interventions, holdout=Holdout(0.3, 0.0, "s")))
    assert due(day, INTERVENE, INTERVENTIONS.name) == ["published"]
    assert planned(day) == second
    assert planned(day, REDECIDE) == first
    assert f"others have acted upon what was made for {DAY}: it is decided anew all the same" in caplog.messages
    assert day.dispatch().status == NOTHING
    assert day.dispatch(DAY, REDECIDE).status == OK
    assert {row["customer_id"] for row in in_file(day)} == {name for name, action in first.items() if action}


@pytest.mark.parametrize("written", [False, True])
def test_a_crash_between_the_mark_and_the_file_gives_the_same_file_again(spark, tmp_path, monkeypatch, written):
    day = exporting(spark, tmp_path)
    before = planned(day)
    export = dispatch_stage.export

    def crash(*given):
        if written:
            export(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(dispatch_stage, "export", crash)
    with pytest.raises(KeyboardInterrupt):
        day.dispatch()
    monkeypatch.setattr(dispatch_stage, "export", export)
    drawn_anew(day)
    assert due(day, INTERVENE, INTERVENTIONS.name) == ["published"]
    assert planned(day) == before
    assert day.dispatch().status == OK
    assert {row["customer_id"] for row in in_file(day)} == {name for name, action in before.items() if action}
    assert [status for (status,) in day.events("status")] == ["queued", "sent"]


def test_a_folder_that_cannot_be_written_to_is_named_and_tried_again(spark, tmp_path):
    day = exporting(spark, tmp_path)
    planned(day)
    (tmp_path / "crm").write_text("a file")
    with pytest.raises(DispatchError, match=r"interventions\.export: 1 of 1 files were not written \(.*cannot be writ"):
        day.dispatch()
    (tmp_path / "crm").unlink()
    day.interventions({"customer_id": "b", "as_of_date": NEXT.isoformat()})
    assert day.dispatch(NEXT).status == OK
    assert in_file(day)
    assert [row["customer_id"] for row in in_file(day, NEXT)] == ["b"]


def test_without_routes_and_without_a_file_there_is_nothing_to_dispatch(spark, tmp_path):
    day = exporting(spark, tmp_path)
    assert DISPATCH.needed(day.project)
    DISPATCH.preflight(day.project, [], DAY)
    day.project = replace(day.project, interventions=replace(day.project.interventions, export=None))
    assert not DISPATCH.needed(day.project)
    with pytest.raises(ConfigError, match=r"dispatch is missing: .* or by interventions\.export"):
        DISPATCH.preflight(day.project, [], DAY)
