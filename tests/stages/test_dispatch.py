from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from churn_spark.definitions.dispatch import Route
from churn_spark.definitions.errors import ConfigError, DispatchError, NotReadyError
from churn_spark.lineage.entry import NOTHING, OK
from churn_spark.outbox import sending
from churn_spark.stages.alert import ALERT
from churn_spark.stages.dispatch import DISPATCH
from churn_spark.stages.outbox_events import Outbox, dispatched
from churn_spark.stages.stage import DRY_RUN
from churn_spark.tables.contracts.outbox import ALERT_EVENTS
from tests.outbox.made_messages import DAY
from tests.outbox.servers import mail_server, only_first, status, web_hook
from tests.stages.decided_day import CRM, DIGEST, SINGLE, TEAM, decided_day

NEXT = DAY + timedelta(days=1)
FIRST_LOST = [
    "crm: 1 messages of 2026-06-01 could not be sent and are given up",
    "phone: all messages of 2026-06-01 were held back and are given up",
]
TREATED = [{"customer_id": f"c{number}"} for number in range(3)]


@pytest.fixture
def hook(monkeypatch):
    with web_hook() as hook:
        monkeypatch.setenv(CRM, hook.address)
        yield hook


def test_a_day_goes_out_once_and_without_those_who_are_withheld(spark, tmp_path, monkeypatch, hook):
    day = decided_day(spark, tmp_path)
    day.alerts(
        {"customer_id": "a", "expected_loss": 10.0},
        {"customer_id": "b", "expected_loss": 20.0},
        {"customer_id": "d", "expected_loss": 99.0, "suppressed": "control"},
        {"customer_id": "e", "tier": "low"},
    )
    withheld = {"customer_id": "c9", "action": None, "channel": None, "arm": "control"}
    day.interventions(*TREATED, withheld)
    with mail_server() as box:
        monkeypatch.setenv(TEAM, box.address)
        assert day.dispatch().status == OK
        assert day.dispatch().status == NOTHING
    (mail,) = box.mails
    assert mail["Subject"] == "made: 2 alerts, 2026-06-01"
    (file,) = mail.iter_attachments()
    lines = file.get_payload(decode=True).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["customer_id", "b", "a"]
    assert "control" not in "\n".join(lines)
    assert sorted(body["title"] for body in hook.bodies.values()) == [f"made: c{n}: discount by sms" for n in range(3)]
    assert set(hook.times.values()) == {1}
    assert day.events("route", "customer_id", "status", "attempt", "rows", "error") == sorted(
        [
            ("team", None, "queued", 0, 2, None),
            ("team", None, "sent", 1, 2, None),
            *(("crm", f"c{n}", "queued", 0, None, None) for n in range(3)),
            *(("crm", f"c{n}", "sent", 1, None, None) for n in range(3)),
        ],
        key=str,
    )
    assert {number for (number,) in day.events("message_id")} == {*hook.times, mail["Idempotency-Key"]}
    assert dispatched(day.project, day.catalog.ledger) == [DAY]


def test_a_channel_that_fails_holds_up_no_other_and_is_tried_again_by_the_next_runs(spark, tmp_path, monkeypatch, hook):
    day = decided_day(spark, tmp_path, retry_days=2)
    day.alerts({"customer_id": "a"})
    day.interventions(*TREATED)
    with web_hook(status(500)) as broken:
        monkeypatch.setenv(TEAM, broken.address)
        with pytest.raises(DispatchError) as refused:
            day.dispatch()
    assert str(refused.value).startswith(
        "team: 1 of 1 messages were not sent (the server answered 500). All else was sent."
    )
    assert str(broken.port) not in str(refused.value)
    assert len(hook.times) == 3
    (end,) = [entry for entry in day.catalog.ledger.entries if entry.job == "dispatch" and entry.event == "end"]
    assert (end.status, end.error.split(":")[0]) == (OK, "DispatchError")
    assert day.catalog.read(ALERT_EVENTS, [DAY]).where("status = 'failed'").count() == 1

    for after in (1, 2, 3):
        day.alerts(*({"customer_id": c, "as_of_date": (DAY + timedelta(days=after)).isoformat()} for c in "ab"))
        day.interventions({"as_of_date": (DAY + timedelta(days=after)).isoformat()})
    with web_hook(status(500)) as broken:
        monkeypatch.setenv(TEAM, broken.address)
        with pytest.raises(DispatchError, match="team: 2 of 2 messages"):
            day.dispatch(NEXT)
    with web_hook(only_first(status(503))) as mended:
        monkeypatch.setenv(TEAM, mended.address)
        day.dispatch(DAY + timedelta(days=3))
    titles = sorted(body["title"] for body in mended.bodies.values())
    assert titles == ["made: 2 alerts, 2026-06-02", "made: 2 alerts, 2026-06-04"]
    assert set(broken.bodies) & set(mended.bodies)
    late = [event for event in day.events("as_of_date", "status", "attempt") if event[0] == NEXT and event[2]]
    assert (NEXT, "failed", 1) in late
    assert (NEXT, "sent", 2) in late


def test_more_single_messages_than_are_meant_are_refused_and_others_go_out(spark, tmp_path, monkeypatch, hook):
    phone = Route("phone", TEAM, "interventions", "single", "customer_id = 'c1'")
    day = decided_day(spark, tmp_path, SINGLE, phone, most_single=2)
    day.interventions(*TREATED)
    with web_hook() as other:
        monkeypatch.setenv(TEAM, other.address)
        with pytest.raises(
            DispatchError, match=r"crm: 3 single messages at 2026-06-01, more than dispatch.most_single"
        ):
            day.dispatch()
    assert (len(hook.times), len(other.times)) == (0, 1)
    assert {route for (route,) in day.events("route")} == {"phone"}


def test_a_route_that_was_held_back_is_tried_again_by_the_next_runs(spark, tmp_path, hook, caplog):
    day = decided_day(spark, tmp_path, SINGLE, most_single=2)
    day.interventions(*TREATED)
    with pytest.raises(DispatchError, match="crm: 3 single messages at 2026-06-01"):
        day.dispatch()
    assert dispatched(day.project, day.catalog.ledger) == []  # nothing has left, so the plan may be mended
    day.interventions({"customer_id": "z", "as_of_date": NEXT.isoformat()})
    with pytest.raises(DispatchError, match="crm: 3 single messages at 2026-06-01"):
        day.dispatch(NEXT)
    assert next(iter(hook.bodies.values()))["title"].startswith("made: z: ")
    day.project = replace(day.project, dispatch=replace(day.project.dispatch, most_single=100))
    later = NEXT + timedelta(days=1)
    day.interventions({"customer_id": "y", "as_of_date": later.isoformat()})
    day.dispatch(later)
    day.dispatch(later)
    customers = [body["title"].split(": ")[1] for body in hook.bodies.values()]
    assert sorted(customers) == ["c0", "c1", "c2", "y", "z"]
    assert set(hook.times.values()) == {1}
    assert [message for message in caplog.messages if "given up" in message] == []


def test_what_a_schedule_with_gaps_leaves_unsent_is_said(spark, tmp_path, monkeypatch, caplog):
    phone = Route("phone", TEAM, "interventions", "single")
    day = decided_day(spark, tmp_path, replace(SINGLE, condition="customer_id = 'c1'"), phone, most_single=2)
    day.interventions(*TREATED)
    with web_hook(status(500)) as broken:
        for name in (CRM, TEAM):
            monkeypatch.setenv(name, broken.address)
        with pytest.raises(DispatchError):
            day.dispatch()
    with web_hook() as mended:
        for name in (CRM, TEAM):
            monkeypatch.setenv(name, mended.address)
        for weeks in (1, 2):
            caplog.clear()
            later = DAY + timedelta(days=7 * weeks)
            day.interventions({"customer_id": "z", "as_of_date": later.isoformat()})
            assert day.dispatch(later).status == OK
            lost = [message for message in caplog.messages if "given up" in message]
            assert lost == (FIRST_LOST if weeks == 1 else [])


def test_a_route_that_is_new_at_a_date_that_has_gone_out_sends_only_if_it_is_meant(spark, tmp_path, hook):
    day = decided_day(spark, tmp_path, SINGLE)
    day.interventions(*TREATED)
    day.dispatch()
    renamed = replace(SINGLE, name="sms")
    day.project = replace(day.project, dispatch=replace(day.project.dispatch, routes=(renamed,)))
    with pytest.raises(DispatchError) as refused:
        day.dispatch()
    why = "sms: nothing new of 2026-06-01 was sent, as it is new at a date that has gone out over crm already"
    assert str(refused.value).startswith(why)
    assert str(refused.value).endswith("--as-of 2026-06-01 --option new-route=sms. All else was sent.")
    assert len(hook.bodies) == 3
    day.interventions({"customer_id": "z", "as_of_date": NEXT.isoformat()})
    assert day.dispatch(NEXT).status == OK
    assert len(hook.bodies) == 4
    day.dispatch(DAY, "new-route=sms", "past")
    assert len(hook.bodies) == 7


def test_a_date_before_one_that_has_gone_out_sends_what_it_had_queued_and_nothing_new(spark, tmp_path, monkeypatch):
    day = decided_day(spark, tmp_path, SINGLE)
    for number, one in enumerate((DAY - timedelta(days=1), DAY, NEXT)):
        day.interventions({"customer_id": f"c{number}", "as_of_date": one.isoformat()})
    with web_hook(status(500)) as broken:
        monkeypatch.setenv(CRM, broken.address)
        with pytest.raises(DispatchError):
            day.dispatch()
    with web_hook() as hook:
        monkeypatch.setenv(CRM, hook.address)
        day.dispatch(NEXT)
        assert len(hook.bodies) == 2
        old = DAY - timedelta(days=1)
        with pytest.raises(DispatchError, match=f"nothing new of {old} was sent, as {NEXT} has gone out since") as said:
            day.dispatch(old)
        assert "tries again" not in str(said.value)
        assert len(hook.bodies) == 2
        day.dispatch(old, "past")
        assert len(hook.bodies) == 3


def test_a_dry_run_shows_and_neither_sends_nor_writes(spark, tmp_path, monkeypatch, hook, caplog):
    monkeypatch.delenv(TEAM, raising=False)
    day = decided_day(spark, tmp_path)
    day.alerts({"customer_id": "a"})
    day.interventions(*TREATED)
    caplog.set_level("INFO", logger="churn_spark")
    DISPATCH.preflight(day.project, [DRY_RUN], DAY)
    assert day.dispatch(DAY, DRY_RUN).status == NOTHING
    assert "crm: 3 messages would go out (single of interventions)" in caplog.messages
    assert "team: the first: made: 1 alert, 2026-06-01" in caplog.messages
    assert str(hook.port) not in caplog.text
    assert hook.times == {}
    assert day.events("status") == []


def test_what_is_missing_is_said_before_anything_is_sent(spark, tmp_path, monkeypatch, hook):
    day = decided_day(spark, tmp_path)
    monkeypatch.setenv(TEAM, "mailto://secret@ nonsense")
    with pytest.raises(ConfigError) as refused:
        DISPATCH.preflight(day.project, [], DAY)
    assert f"dispatch.routes.team.url_env: address 2 of 2 in the environment variable {TEAM}" in str(refused.value)
    assert "nonsense" not in str(refused.value)
    monkeypatch.delenv(TEAM)
    with pytest.raises(ConfigError, match=f"the environment variable {TEAM} is not set"):
        DISPATCH.preflight(day.project, [], DAY)
    with pytest.raises(NotReadyError, match="the alerts of 2026-06-01 were never made: churn-spark alert"):
        day.dispatch()
    day.alerts({"customer_id": "a"})
    day.interventions(*TREATED)
    with pytest.raises(ConfigError, match=TEAM):
        day.dispatch()
    assert day.events("status") == []
    assert hook.times == {}


def test_a_crash_loses_nothing_and_repeats_at_most_a_batch(spark, tmp_path, monkeypatch, hook):
    monkeypatch.setattr(sending, "BATCH", 4)
    day = decided_day(spark, tmp_path, SINGLE)
    day.interventions(*({"customer_id": f"c{number:02d}"} for number in range(10)))
    noted, note = Counter(), Outbox.note

    def crash_at_the_second(outbox, outcomes):
        noted["batches"] += 1
        if noted["batches"] == 2:
            raise KeyboardInterrupt
        note(outbox, outcomes)

    monkeypatch.setattr(Outbox, "note", crash_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        day.dispatch()
    day.catalog.refresh()
    assert dispatched(day.project, day.catalog.ledger) == [DAY]  # something may have left the house
    with pytest.raises(NotReadyError, match="churn-spark dispatch"):
        day.catalog.read(ALERT_EVENTS)
    day.interventions({"as_of_date": NEXT.isoformat(), "customer_id": "other"})
    day.dispatch(NEXT)
    assert len(hook.times) == 11
    twice = [number for number, times in hook.times.items() if times == 2]
    assert len(twice) == 4
    assert max(hook.times.values()) == 2
    assert Counter(status for (status,) in day.events("status")) == {"queued": 11, "sent": 11}


def test_what_was_sent_is_acted_upon(spark, tmp_path, monkeypatch, hook):
    monkeypatch.setenv(TEAM, hook.address)
    day = decided_day(spark, tmp_path, DIGEST)
    assert ALERT.published(day.project, day.catalog.ledger) == []
    day.alerts({"customer_id": "a", "tier": "low"})
    assert day.dispatch().status == NOTHING
    assert ALERT.published(day.project, day.catalog.ledger) == []
    day.alerts({"customer_id": "a"})
    day.dispatch()
    assert ALERT.published(day.project, day.catalog.ledger) == [DAY]


def test_the_brief_of_the_date_goes_out_and_that_of_another_does_not(spark, tmp_path, monkeypatch):
    day = decided_day(spark, tmp_path, Route("managers", TEAM, "alerts", "brief"))
    day.project = replace(day.project, brief_path=str(tmp_path / "brief.html"))
    day.alerts({"customer_id": "a"})
    with mail_server() as box:
        monkeypatch.setenv(TEAM, box.address)
        Path(day.project.brief_path).write_text('<p>old <time datetime="2026-05-31">31 May</time></p>')
        with pytest.raises(
            DispatchError, match=r"is not the brief of 2026-06-01: churn-spark brief .* --as-of 2026-06-01"
        ):
            day.dispatch()
        Path(day.project.brief_path).write_text('<p>new <time datetime="2026-06-01">1 June</time></p>')
        assert day.dispatch().status == OK
        assert day.dispatch().status == NOTHING
    (mail,) = box.mails
    assert "new" in mail.get_body(("html",)).get_content()


def test_a_brief_that_was_not_sent_gives_way_to_that_of_the_next_day(spark, tmp_path, monkeypatch):
    day = decided_day(spark, tmp_path, Route("managers", TEAM, "alerts", "brief"))
    day.project = replace(day.project, brief_path=str(tmp_path / "brief.html"))
    with mail_server("554 no") as box:
        monkeypatch.setenv(TEAM, box.address)
        day.alerts({"customer_id": "a"})
        Path(day.project.brief_path).write_text(f'<p>old <time datetime="{DAY}">1 June</time></p>')
        with pytest.raises(DispatchError, match="1 of 1 messages were not sent"):
            day.dispatch()
    with mail_server() as box:
        monkeypatch.setenv(TEAM, box.address)
        day.alerts({"customer_id": "a", "as_of_date": NEXT.isoformat()})
        Path(day.project.brief_path).write_text(f'<p>new <time datetime="{NEXT}">2 June</time></p>')
        assert day.dispatch(NEXT).status == OK
    assert ["new" in mail.get_body(("html",)).get_content() for mail in box.mails] == [True]
