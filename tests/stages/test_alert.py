"""Alerts of a warehouse: what is written and said, reruns, cooldowns, the control group, and the stop of a wave."""

import hashlib
import logging
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from churn_spark.definitions.actions import (
    Action,
    Alerts,
    Audience,
    HighRisk,
    Holdout,
    Interventions,
    Line,
    RiskJump,
    Silent,
    Template,
)
from churn_spark.definitions.errors import AlertWaveError, ConfigError, NotReadyError
from churn_spark.definitions.features import DerivedFeature, FeatureSet
from churn_spark.definitions.project import Project
from churn_spark.lineage.entry import NOTHING, OK
from churn_spark.runtime.run import run_stage
from churn_spark.settings.alert_texts import templates
from churn_spark.settings.alerts import AlertsSection
from churn_spark.stages import alert as alert_stage
from churn_spark.stages.alert import ALERT, alert
from churn_spark.stages.brief import brief, up_to_date
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.outbox import ALERT_EVENTS
from churn_spark.tables.contracts.snapshots import KEY, RISK_SCORES, features
from tests.report.reading import Page
from tests.stages.made_warehouse import CALL, catalog_of, do, fill, project_at, run_of

DAY = date(2026, 3, 2)
TEXTS = templates(
    AlertsSection(high_risk={"tier": "high"}, risk_jump={"rise": 0.2}, silent={"feature": "x", "times": 3})
)
RULES = Alerts(
    HighRisk(Line("risk", risk=0.5), (("vip", Line("riskiest", customers=1)),)),
    RiskJump(0.2),
    Silent("overdue", 3.0),
    cooldown_days=7,
    texts=TEXTS,
)
FEATURES = FeatureSet(
    (), derived=tuple(DerivedFeature(name, "1", hash=name) for name in ("overdue", "fee", "kind", "reasons"))
)
"""The last two have names of columns that alerts have."""
SCORE = {
    "customer_id": "a",
    "as_of_date": DAY,
    "segment": "1",
    "risk": 0.1,
    "raw_score": 0.1,
    "risk_rank": 9,
    "decile": 10,
    "tier": "low",
    "value": 200.0,
    "expected_loss": 20.0,
    "reason_codes": [{"feature": "f", "value": 1.0, "typical": 2.0, "contribution": 0.1, "text": "calls:\nfewer"}],
    "model_name": "made_churn",
    "model_version": 1,
    "replayed": False,
}
EVENT = {
    **{"event_id": "1", "as_of_date": DAY, "message_id": "1", "route": "team", "subject": "s", "status": "queued"},
    **{"attempt": 0, "at": "2026-03-02T06:00:00", "run_id": "1"},
}
FEATURE = {"customer_id": "a", "as_of_date": DAY, "overdue": 1.0, "fee": 10.0}


def made(root: Path, **changes: object) -> Project:
    given = {
        "features": FEATURES,
        "alerts": RULES,
        "audiences": (Audience("vip", "fee >= 40 and kind is null and reasons is null"),),
    }
    return project_at(root, **given | changes)


def scored(project: Project, catalog: Catalog, by_date: dict[date, list[dict]]) -> None:
    """Scores, and features where a customer has some (`known`), of some dates; customers are changes of `SCORE`."""
    each = [{"as_of_date": day, **customer} for day, customers in by_date.items() for customer in customers]
    fill(project, catalog, RISK_SCORES, SCORE, *({k: v for k, v in one.items() if k != "known"} for one in each))
    known = [{name: one[name] for name in KEY} | one["known"] for one in each if "known" in one]
    if known:
        fill(project, catalog, features(project.features), FEATURE, *known)


def alerts_of(catalog: Catalog, day: date, *columns: str) -> list[tuple]:
    rows = catalog.read(ALERTS, [day]).select("customer_id", "kind", *columns)
    return sorted(map(tuple, rows.collect()), key=repr)


def due(project: Project, catalog: Catalog, *days: date) -> list[str]:
    catalog.refresh()
    return [f"{item.day}: {item.kind}" for item in ALERT.due(project, catalog.ledger, "alerts", days)]


def test_two_dates_from_scores_to_alerts(spark: SparkSession, tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.INFO, "churn_spark")
    project = made(tmp_path)
    catalog = catalog_of(spark, project)
    with pytest.raises(NotReadyError, match=f"never scored: churn-spark score --conf conf/made.yaml --as-of {DAY}"):
        do(alert, project, catalog, DAY)
    risky = {"customer_id": "risky", "risk": 0.5, "risk_rank": 1, "tier": "medium"}
    quiet = {"customer_id": "quiet", "risk": 0.1, "risk_rank": 5, "known": {"overdue": 3.0}}
    vip = {"customer_id": "vip", "risk": 0.3, "risk_rank": 2, "known": {"fee": 40.0}}
    other = {"customer_id": "other", "risk": 0.25, "risk_rank": 3, "known": {"fee": 40.0}}
    later = DAY + timedelta(days=3)
    new = {"customer_id": "new", "risk": 0.9}
    quieter, higher = {**quiet, "risk": 0.6, "risk_rank": 2}, {**vip, "tier": "high"}
    scored(project, catalog, {DAY: [risky, quiet, vip, other], later: [risky, quieter, higher, new]})
    do(alert, project, catalog, DAY)
    assert "no risk_jump at 2026-03-02: there are no scores in the 35 days before" in caplog.text
    assert caplog.messages[-1] == "alerts at 2026-03-02: 2 high_risk, 0 risk_jump, 1 silent"
    columns = ("audience", "threshold", "observed", "previous_risk", "suppressed", "renewed", "title", "text")
    text = "at 2026-03-02, rank 1, tier medium.\nExpected loss: 20.\nWhy: calls: fewer."
    found = alerts_of(catalog, DAY, *columns)
    assert found == [
        ("quiet", "silent", "others", 3.0, 3.0, None, None, False, "quiet: silent for 3 usual intervals", found[0][-1]),
        ("risky", "high_risk", "others", 0.5, 0.5, None, None, False, "risky: risk 50 %",
         f"Customer risky may leave: the risk is 50 % {text}"),
        ("vip", "high_risk", "vip", 0.3, 0.3, None, None, False, "vip: risk 30 %", found[2][-1]),
    ]  # fmt: skip
    do(alert, project, catalog, later)
    assert caplog.messages[-1] == f"alerts at {later}: 4 high_risk, 1 risk_jump, 1 silent (2 in cooldown)"
    written = alerts_of(catalog, later, *columns)
    assert [(one[0], one[1], one[5], one[6], one[7]) for one in written] == [
        ("new", "high_risk", None, None, False),
        ("quiet", "high_risk", 0.1, None, False),
        ("quiet", "risk_jump", 0.1, None, False),
        ("quiet", "silent", 0.1, "cooldown", None),
        ("risky", "high_risk", 0.5, "cooldown", None),
        ("vip", "high_risk", 0.3, None, False),  # its tier rose
    ]
    assert [one[8] for one in written if one[1] == "risk_jump"] == ["quiet: risk rose from 10 % to 60 %"]
    assert due(project, catalog, DAY, later) == []
    do(alert, project, catalog, later)
    assert alerts_of(catalog, later, *columns) == written
    assert due(project, catalog, later) == []
    # What an earlier date's alerts are now decides about cooldowns of the later one.
    scored(project, catalog, {DAY: [{**risky, "risk": 0.4}]})
    assert due(project, catalog, DAY, later) == [f"{DAY}: stale", f"{later}: stale"]
    do(alert, project, catalog, DAY)
    assert due(project, catalog, DAY, later) == [f"{later}: stale"]
    do(alert, project, catalog, later)
    assert ("risky", "high_risk", None) in alerts_of(catalog, later, "suppressed")
    assert due(replace(project, alerts=replace(RULES, silent=Silent("overdue", 2.0))), catalog, later) == [
        f"{later}: definition"
    ]
    assert due(replace(project, alerts=replace(RULES, reasons=2)), catalog, later) == [f"{later}: columns"]


def test_another_model_is_no_reason_for_a_jump(spark: SparkSession, tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.INFO, "churn_spark")
    project = made(tmp_path, alerts=Alerts(risk_jump=RULES.risk_jump, texts=TEXTS), audiences=())
    catalog = catalog_of(spark, project)
    days = [DAY + timedelta(days=n) for n in range(3)]
    by_version = zip(days, (1, 2, 2), (0.1, 0.5, 0.95), strict=True)
    scored(project, catalog, {day: [{"customer_id": "a", "risk": r, "model_version": v}] for day, v, r in by_version})
    do(alert, project, catalog, days[1])
    assert alerts_of(catalog, days[1]) == []
    assert f"no risk_jump at {days[1]}: version 2 made its scores, version 1 those of {DAY}" in caplog.messages
    do(alert, project, catalog, days[2])
    assert alerts_of(catalog, days[2], "previous_risk") == [("a", "risk_jump", 0.5)]


def test_alerts_that_were_dispatched_stay(spark: SparkSession, tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.INFO, "churn_spark")
    project = made(tmp_path, alerts=Alerts(RULES.high_risk, texts=TEXTS), audiences=())
    catalog = catalog_of(spark, project)
    risky = {"customer_id": "a", "risk": 0.9}
    scored(project, catalog, {DAY: [risky]})
    do(alert, project, catalog, DAY)
    fill(project, catalog, ALERT_EVENTS, EVENT)
    scored(project, catalog, {DAY: [risky, {**risky, "customer_id": "b"}]})
    assert due(project, catalog, DAY) == [f"{DAY}: published"]
    assert run_stage(ALERT, project, catalog, DAY).status == NOTHING
    assert f"others have acted upon what was made for {DAY}: it stays as it is" in caplog.messages
    assert alerts_of(catalog, DAY) == [("a", "high_risk")]
    unsent = DAY + timedelta(days=1)
    scored(project, catalog, {unsent: [risky]})
    assert run_stage(ALERT, project, catalog, unsent).status == OK


def test_nobody_is_alerted_about_where_nobody_is_scored(spark: SparkSession, tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.INFO, "churn_spark")
    project = made(tmp_path, alerts=Alerts(HighRisk(Line("model")), texts=TEXTS), audiences=())
    catalog = catalog_of(spark, project)
    scored(project, catalog, {DAY: [{"customer_id": "a"}]})
    empty = catalog.read(RISK_SCORES, [DAY]).limit(0)
    _replace_scores(project, catalog, empty)
    do(alert, project, catalog, DAY)
    assert caplog.messages[-1] == "alerts at 2026-03-02: 0 high_risk"
    assert catalog.ledger.partition("alerts", DAY).rows == 0
    do(alert, replace(project, alerts=None), catalog, DAY)
    assert caplog.messages[-1] == "the configuration asks for no alerts (alerts)"


def _replace_scores(project: Project, catalog: Catalog, rows) -> None:
    def score(run, project, catalog):
        with catalog.transaction(run, {RISK_SCORES: [run.as_of]}) as tx:
            tx.replace(RISK_SCORES, rows, [run.as_of])

    do(score, project, catalog, DAY)


def test_the_threshold_of_the_model_that_made_the_scores(
    spark: SparkSession, tmp_path: Path, monkeypatch, caplog
) -> None:
    project = made(tmp_path, alerts=Alerts(HighRisk(Line("model")), texts=TEXTS), audiences=())
    catalog = catalog_of(spark, project)
    asked = []

    class Registered:
        def threshold(self, version: int, manifest: str | None) -> tuple[float, float] | None:
            asked.append((version, manifest))
            return (0.7, 0.45) if version == 3 else None

    monkeypatch.setattr(alert_stage, "registry_of", lambda *_: Registered())
    monkeypatch.setattr(alert_stage, "decisions", lambda *_: [])
    below, above = {"customer_id": "below", "raw_score": 0.69, "risk": 0.45}, {"customer_id": "above", "raw_score": 0.7}
    scored(project, catalog, {DAY: [{**one, "model_version": 3} for one in (below, above)]})
    do(alert, project, catalog, DAY)
    assert alerts_of(catalog, DAY, "threshold", "observed") == [("above", "high_risk", 0.45, 0.1)]
    scored(project, catalog, {DAY: [{**above, "model_version": 4}]})
    do(alert, project, catalog, DAY)
    assert alerts_of(catalog, DAY) == []
    assert "made_churn version 4 has no threshold" in caplog.text
    assert asked == [(3, None), (4, None)]


def test_the_control_group_is_suppressed_and_kept_in_step(spark: SparkSession, tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.INFO, "churn_spark")
    playbook = Interventions((Action("call", "phone", 5, 0.1),), holdout=Holdout(control=0.5))
    project = made(
        tmp_path, interventions=playbook, alerts=replace(RULES, risk_jump=None, silent=None, cooldown_days=3)
    )
    catalog = catalog_of(spark, project)
    customers = [{"customer_id": f"c{n}", "risk": 0.9, "risk_rank": n + 1} for n in range(6)]
    days = {n: DAY + timedelta(days=n) for n in (0, 2, 3)}
    scored(project, catalog, dict.fromkeys(days.values(), customers))
    for day in days.values():
        do(alert, project, catalog, day)
    written = {n: alerts_of(catalog, day, "suppressed", "renewed") for n, day in days.items()}
    control = {one[0] for one in written[0] if one[2] == "control"}
    assert 0 < len(control) < 6
    assert {one[2:] for one in written[2]} == {("cooldown", None)}
    assert {one[0] for one in written[3] if one[2] == "control"} == control
    assert {one[3] for one in written[3]} == {True}
    assert {one[3] for one in written[0]} == {False}
    assert caplog.messages[-1].endswith(f"6 high_risk ({len(control)} control)")


def test_a_wave_is_stopped_with_its_likely_cause(spark: SparkSession, tmp_path: Path) -> None:
    project = made(tmp_path, alerts=Alerts(RULES.high_risk, cooldown_days=0, texts=TEXTS), audiences=())
    catalog = catalog_of(spark, project)
    (source,) = project.event_sources
    taken = [DAY - timedelta(days=n) for n in (0, *range(4, 31)) for _ in range(4)]
    made_events = [{"known_from": known, "event_id": str(n)} for n, known in enumerate(taken)]
    fill(project, catalog, events(source), CALL, *made_events)
    days = [DAY + timedelta(days=n) for n in range(4)]
    customers = [{"customer_id": f"c{n}"} for n in range(25)]
    usual = {day: [{**one, "risk": 0.5 + n / 10} for one in customers[:2]] for n, day in enumerate(days)}
    scored(project, catalog, usual | {days[-1]: [{**one, "risk": 0.8, "model_version": 2} for one in customers]})
    for day in days[:-1]:
        do(alert, project, catalog, day)
    day = days[-1]
    with pytest.raises(AlertWaveError) as raised:
        do(alert, project, catalog, day)
    assert str(raised.value) == (
        "25 new alerts at 2026-03-05, where the median of the last 3 dates is 2 (alerts.wave.times: 3). Likely:"
        " purchases had 85% fewer rows in the last 7 days than in the 28 days before; model version 2 instead of 1 at"
        " 2026-03-04; the mean risk is 80.0% against 70.0% at 2026-03-04. Nothing is written, so nobody is acted upon"
        " by mistake. If it is right: churn-spark alert --conf conf/made.yaml --as-of 2026-03-05 --option accept-wave"
    )
    assert due(project, catalog, day) == [f"{day}: missing"]
    do(alert, project, catalog, day, options=["accept-wave"])
    assert len(alerts_of(catalog, day)) == 25


def test_a_template_or_an_audience_that_fails_on_a_customer_is_named(spark: SparkSession, tmp_path: Path) -> None:
    broken = Template("high_risk", "text", "{{ 1 / (risk_rank - 9) }}", "conf/texts/high_risk.text.txt")
    texts = tuple(broken if (one.kind, one.part) == ("high_risk", "text") else one for one in TEXTS)
    project = made(tmp_path, alerts=replace(RULES, texts=texts))
    catalog = catalog_of(spark, project)
    scored(project, catalog, {DAY: [{"customer_id": "a", "risk": 0.9, "known": {}}]})
    with pytest.raises(ConfigError, match=r"conf/made.yaml: alerts.texts: .*high_risk.text.txt: .*division"):
        do(alert, project, catalog, DAY)
    failing = replace(project, alerts=RULES, audiences=(Audience("odd", "1 / (fee - 10) > 1"),))
    with pytest.raises(ConfigError, match=r"conf/made.yaml: audiences.odd: '1 / \(fee - 10\) > 1' fails on a row: "):
        do(alert, failing, catalog, DAY)


def test_the_brief_of_a_date_lists_those_with_new_alerts_and_nobody_who_is_withheld(spark, tmp_path: Path) -> None:
    salt = next(salt for salt in map(str, range(99)) if _in_control("kept", salt) and not _in_control("risky", salt))
    playbook = Interventions((Action("coupon", "email", 1, 0.1),), holdout=Holdout(0.5, 0.0, salt))
    project = made(tmp_path, interventions=playbook, brief_path=str(tmp_path / "brief.html"))
    catalog = catalog_of(spark, project)
    risky = {"customer_id": "risky", "risk": 0.7, "risk_rank": 2, "tier": "high"}
    kept = {"customer_id": "kept", "risk": 0.8, "risk_rank": 1, "tier": "high"}
    scored(project, catalog, {DAY: [risky, kept]})
    do(alert, project, catalog, DAY)
    do(brief, project, catalog, DAY)
    page = Page(Path(project.brief_path).read_text())
    assert page.table("Most depends on these")[1][0].split() == ["riskycalls:", "fewer"]
    assert "kept" not in page.text
    assert "The actions of 2026-03-02 were not planned" in page.text
    catalog.refresh()
    assert up_to_date(run_of(project, "brief", DAY), project, catalog)


def _in_control(customer: str, salt: str) -> bool:
    return int(hashlib.sha256(f"{salt}|control|{customer}".encode()).hexdigest()[:13], 16) / 16**13 < 0.5
