"""Interventions of a made warehouse over several dates, beside a plain account of the whole decision."""

import hashlib
import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pyspark.sql import types as T

from churn_spark.definitions.actions import Action, Alerts, Audience, HighRisk, Holdout, Interventions, Line
from churn_spark.definitions.errors import ConfigError, NotReadyError
from churn_spark.definitions.project import Project
from churn_spark.settings.alert_texts import templates
from churn_spark.settings.alerts import AlertsSection
from churn_spark.stages.alert import alert
from churn_spark.stages.intervene import INTERVENE, intervene
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS, INTERVENTIONS
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from tests.actions.plans import Person, optimum, refuse_excess, worth
from tests.stages.made_warehouse import catalog_of, do, fill, project_at

DAYS = [date(2026, 3, 1) + timedelta(days=7 * n) for n in range(3)]
CUSTOMERS = [f"c{n:03d}" for n in range(48)]
ACTIONS = (
    Action("coupon", "email", 5.0, 0.1, capacity=9),
    Action("service", "app", 8.0, 0.12, condition="audience = 'premium'"),
    Action("call", "phone", 12.5, 0.3, capacity=4, condition="tier = 'high' AND plan = 'plus'"),
)
PLAYBOOK = Interventions(
    ACTIONS, budget=150.0, most_contacts=1, contact_days=14, holdout=Holdout(control=0.25, explore=0.3, salt="made")
)
REASON = {"feature": "a", "value": 1.0, "typical": 2.0, "contribution": 0.2, "text": '=fewer, "calls"\nthan usual'}
SCORE = {
    "customer_id": "a",
    "as_of_date": "2026-03-01",
    "segment": "2",
    "risk": 0.5,
    "raw_score": 0.5,
    "risk_rank": 1,
    "decile": 1,
    "tier": "high",
    "value": 100.0,
    "reason_codes": [{**REASON, "contribution": -0.4, "text": "more visits"}, REASON],
    "model_name": "made_churn",
    "model_version": 1,
    "replayed": False,
}
ALERT = {
    "customer_id": "a",
    "as_of_date": "2026-03-01",
    "kind": "high_risk",
    "audience": "others",
    "tier": "high",
    "risk": 0.5,
    "risk_rank": 1,
    "threshold": 0.5,
    "observed": 0.5,
    "title": "t",
    "text": "t",
    "suppressed": T.StringType(),
    "model_version": 1,
}


def unit(purpose: str, customer: str) -> float:
    return int(hashlib.sha256(f"made|{purpose}|{customer}".encode()).hexdigest()[:13], 16) / 16**13


class Made:
    """What is known of each customer at each date, drawn once; no alert of some, one in its cooldown of others."""

    def __init__(self) -> None:
        dice = random.Random(3)
        self.facts = {
            (day, name): {
                "risk": dice.choice([0.1, 0.4, 0.8]),
                "value": dice.choice([None, 50.0, 120.0, 300.0, 700.0]),
                "tier": dice.choice(["high", "medium"]),
                "plan": dice.choice(["plus", "basic", None]),
                "audience": dice.choice(["premium", "others"]),
                "alert": dice.choice(["yes", "yes", "yes", "cooldown", "no"]),
            }
            for day in DAYS
            for name in CUSTOMERS
        }

    def write(self, project: Project, catalog: Catalog) -> None:
        scores, alerts, snapshots = [], [], []
        for (day, name), facts in self.facts.items():
            key = {"customer_id": name, "as_of_date": day.isoformat()}
            given = {part: facts[part] for part in ("risk", "value", "tier")}
            scores.append({**key, **given})
            snapshots.append({**key, "plan": facts["plan"]})
            if facts["alert"] != "no":
                control = "control" if unit("control", name) < PLAYBOOK.holdout.control else None
                suppressed = "cooldown" if facts["alert"] == "cooldown" else control
                kinds = ("high_risk",) if suppressed == "cooldown" else ("high_risk", "silent")
                alerts += [
                    {**key, "kind": kind, "audience": facts["audience"], "suppressed": suppressed} for kind in kinds
                ]
        fill(project, catalog, RISK_SCORES, SCORE, *scores)
        fill(project, catalog, features(project.features), SNAPSHOT, *snapshots)
        fill(project, catalog, ALERTS, ALERT, *alerts)


SNAPSHOT = {"customer_id": "a", "as_of_date": "2026-03-01", "plan": "plus"}


@pytest.fixture(scope="module")
def made(spark, tmp_path_factory) -> tuple[Made, Project, Catalog]:
    """A warehouse with interventions of all dates."""
    root = tmp_path_factory.mktemp("interventions")
    project = project_at(root, interventions=PLAYBOOK)
    catalog, everything = catalog_of(spark, project), Made()
    everything.write(project, catalog)
    for day in DAYS:
        assert do(intervene, project, catalog, day).status == "ok"
    return everything, project, catalog


def decided(catalog: Catalog, day: date) -> dict[str, dict]:
    return {row.customer_id: row.asDict() for row in catalog.read(INTERVENTIONS, [day]).collect()}


def suits(facts: dict) -> tuple[int, ...]:
    """The actions whose condition holds."""
    holds = (True, facts["audience"] == "premium", facts["tier"] == "high" and facts["plan"] == "plus")
    return tuple(k for k in range(3) if holds[k])


def test_everybody_above_the_line_has_a_row_with_what_is_known_of_them(made):
    everything, _, catalog = made
    for day in DAYS:
        rows = decided(catalog, day)
        above = {name for name in CUSTOMERS if everything.facts[day, name]["alert"] == "yes"}
        assert set(rows) == above
        for name, row in rows.items():
            facts = everything.facts[day, name]
            assert {part: row[part] for part in ("risk", "value", "tier", "audience")} == {
                part: facts[part] for part in ("risk", "value", "tier", "audience")
            }
            assert row["main_reason"] == REASON["text"]


def test_plans_are_the_best_there_are_under_all_limits_and_the_cap_on_contacts(made):
    everything, _, catalog = made
    contacts, capped = defaultdict(list), 0
    for day in DAYS:
        rows = decided(catalog, day)
        names, people = sorted(rows), []
        for name in names:
            facts = everything.facts[day, name]
            recent = [one for one in contacts[name] if (day - one).days < PLAYBOOK.contact_days]
            free = facts["value"] is not None and len(recent) < PLAYBOOK.most_contacts
            stake = None if facts["value"] is None else facts["value"] * facts["risk"]
            capped += len(recent) >= PLAYBOOK.most_contacts
            people.append(Person(stake, suits(facts) if free else ()))
        number = {action.name: k for k, action in enumerate(ACTIONS)}
        planned = [number.get(rows[name]["planned_action"]) for name in names]
        assert worth(people, planned, PLAYBOOK) == pytest.approx(optimum(people, PLAYBOOK), rel=1e-6)
        expected = sum(rows[name]["expected_profit"] or 0 for name in names)
        assert expected == pytest.approx(worth(people, planned, PLAYBOOK))
        for name, person in zip(names, people, strict=True):
            if not person.suits:
                assert rows[name]["arm"] in ("none", "control")
            if rows[name]["planned_action"] or rows[name]["arm"] == "explore":
                contacts[name].append(day)
    assert capped, "nobody was capped"
    assert max(map(len, contacts.values())) > PLAYBOOK.most_contacts, "nobody was free again"


def test_what_is_done_follows_the_arm_and_fits(made):
    _, _, catalog = made
    arms = Counter()
    for day in DAYS:
        rows = decided(catalog, day)
        channels = {action.name: action for action in ACTIONS}
        for name, row in rows.items():
            arms[row["arm"]] += 1
            assert (row["arm"] == "control") == (unit("control", name) < PLAYBOOK.holdout.control)
            if row["arm"] == "explore":
                assert unit("explore", name) < PLAYBOOK.holdout.explore
            done = {"treated": row["planned_action"], "explore": row["action"]}.get(row["arm"])
            assert row["action"] == done
            assert (row["arm"] == "none") <= (row["planned_action"] is None)
            assert row["channel"] == (channels[done].channel if done else None)
            assert row["cost"] == (channels[done].cost if done else 0)
            assert row["effect"] == (channels[row["planned_action"]].effect if row["planned_action"] else None)
            assert 0 < row["propensity"] <= 1
        names = [action.name for action in ACTIONS]
        refuse_excess(Counter(names.index(row["action"]) for row in rows.values() if row["action"]), PLAYBOOK)
    assert set(arms) == {"treated", "control", "explore", "none"}


def test_a_rerun_gives_the_same_rows_and_changes_nothing(made, spark):
    _, project, catalog = made
    day = DAYS[2]
    before = decided(catalog, day)
    spark.conf.set("spark.sql.shuffle.partitions", "3")
    try:
        entry = do(intervene, project, catalog, day)
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", "1")
    assert [written.changed for written in entry.writes] == [False]
    assert decided(catalog, day) == before


def test_a_date_is_due_again_once_the_playbook_or_an_earlier_plan_is_another(made):
    _, project, catalog = made
    due = INTERVENE.due(project, catalog.ledger, INTERVENTIONS.name, DAYS)
    assert due == []
    richer = replace(project, interventions=replace(project.interventions, budget=1000.0))
    kinds = {item.kind for item in INTERVENE.due(richer, catalog.ledger, INTERVENTIONS.name, DAYS)}
    assert kinds == {"definition"}
    assert INTERVENTIONS.name in INTERVENE.reads(project, catalog.ledger, INTERVENTIONS.name, DAYS[1])


def test_without_alerts_of_the_date_it_says_what_to_run(made):
    _, project, catalog = made
    with pytest.raises(NotReadyError, match="the alerts of 2026-05-01 were never decided: churn-spark alert --conf"):
        do(intervene, project, catalog, date(2026, 5, 1))


def test_a_condition_that_fails_on_a_row_is_named(made):
    _, project, catalog = made
    failing = replace(ACTIONS[0], condition="1 / (risk - risk) > 0")
    other = replace(project, interventions=replace(PLAYBOOK, actions=(failing,)))
    with pytest.raises(
        ConfigError, match=r"interventions\.actions\.coupon\.where: '1 / \(risk - risk\) > 0' fails on a row"
    ):
        do(intervene, other, catalog, DAYS[2])


def test_a_date_on_which_nobody_is_above_the_line_ends_empty(made):
    _, project, catalog = made
    quiet = date(2026, 4, 20)
    key = {"customer_id": "c000", "as_of_date": quiet.isoformat()}
    fill(project, catalog, RISK_SCORES, SCORE, key)
    fill(project, catalog, features(project.features), SNAPSHOT, key)
    fill(project, catalog, ALERTS, ALERT, {**key, "suppressed": "cooldown"})
    assert do(intervene, project, catalog, quiet).status == "ok"
    assert decided(catalog, quiet) == {}


def test_alerts_as_they_are_decided_are_what_it_plans_for(spark, tmp_path):
    """Those withheld have suppressed alerts, and are above the line like all others with an alert."""
    rules = Alerts(
        high_risk=HighRisk(Line("tier", tier="high")),
        texts=templates(AlertsSection.model_validate({"high_risk": {"tier": "high"}})),
    )
    audiences = (Audience("plus", "plan = 'plus'"),)
    project = project_at(tmp_path, interventions=PLAYBOOK, alerts=rules, audiences=audiences)
    catalog, day = catalog_of(spark, project), DAYS[0]
    keys = [{"customer_id": name, "as_of_date": day.isoformat()} for name in CUSTOMERS]
    tiers = [
        {"tier": "high", "risk_rank": n} if n % 2 else {"tier": "low", "risk_rank": 100 + n} for n in range(len(keys))
    ]
    fill(project, catalog, RISK_SCORES, SCORE, *(key | tier for key, tier in zip(keys, tiers, strict=True)))
    fill(project, catalog, features(project.features), SNAPSHOT, *keys)
    do(alert, project, catalog, day)
    do(intervene, project, catalog, day)
    rows = decided(catalog, day)
    assert set(rows) == set(CUSTOMERS[1::2])
    assert {row["audience"] for row in rows.values()} == {"plus"}
    withheld = {name for name, row in rows.items() if row["arm"] == "control"}
    alerts = catalog.read(ALERTS, [day]).where("suppressed = 'control'").collect()
    assert {row.customer_id for row in alerts} == withheld != set()
