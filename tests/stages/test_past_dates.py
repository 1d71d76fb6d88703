"""Dates that are made up for after a later one has gone out: cooldown and cap on contacts look both ways."""

from dataclasses import replace
from datetime import timedelta

import pytest

from churn_spark.definitions.actions import Action, Alerts, HighRisk, Holdout, Interventions, Line
from churn_spark.definitions.errors import ConfigError
from churn_spark.stages.alert import alert
from churn_spark.stages.intervene import intervene
from churn_spark.tables.contracts.actions import INTERVENTIONS
from churn_spark.tables.contracts.outbox import ALERT_EVENTS
from tests.stages.made_warehouse import catalog_of, do, fill
from tests.stages.test_alert import DAY, EVENT, RULES, TEXTS, alerts_of, made, scored

LATER = DAY + timedelta(days=6)
"""The last day on which a cooldown of seven days that began at `DAY` holds."""
PLAYBOOK = Interventions((Action("coupon", "email", 5.0, 0.5),), contact_days=7, holdout=Holdout(0.0, 0.0, "s"))


@pytest.mark.parametrize("gone_out", [False, True])
def test_an_alert_before_one_that_has_gone_out_is_in_its_cooldown(spark, tmp_path, gone_out):
    rules = Alerts(HighRisk(Line("risk", risk=0.5)), cooldown_days=7, texts=TEXTS)
    project = made(tmp_path, alerts=rules, audiences=())
    catalog = catalog_of(spark, project)
    beyond = LATER + timedelta(days=1)
    risky = {name: {"customer_id": name, "risk": 0.9} for name in "abc"}
    higher = [{**one, "tier": "high"} for one in risky.values()]
    scored(project, catalog, {DAY: higher, LATER: [risky["a"]], beyond: [risky["b"]]})
    for day in (LATER, beyond):
        do(alert, project, catalog, day)
    if gone_out:
        fill(project, catalog, ALERT_EVENTS, EVENT, {"as_of_date": LATER}, {"as_of_date": beyond})
    do(alert, project, catalog, DAY)
    found = {customer: (why, again) for customer, _, why, again in alerts_of(catalog, DAY, "suppressed", "renewed")}
    assert found == {"a": ("cooldown", None) if gone_out else (None, False), "b": (None, False), "c": (None, False)}


def test_nothing_is_planned_before_a_date_that_has_gone_out_unless_it_is_meant(spark, tmp_path):
    project = made(tmp_path, alerts=replace(RULES, cooldown_days=0, silent=None), audiences=(), interventions=PLAYBOOK)
    catalog = catalog_of(spark, project)
    risky = [{"customer_id": name, "risk": 0.9, "known": {}} for name in "ab"]
    scored(project, catalog, {DAY: risky, LATER: risky[:1]})
    for day in (DAY, LATER):
        do(alert, project, catalog, day)
    do(intervene, project, catalog, LATER)
    fill(project, catalog, ALERT_EVENTS, EVENT, {"as_of_date": LATER})
    with pytest.raises(ConfigError) as refused:
        do(intervene, project, catalog, DAY)
    assert str(refused.value) == (
        f"{LATER} has gone out already: nothing is planned for {DAY}, which lies before it, as nobody is to be acted"
        f" upon by it. If it is meant: churn-spark intervene --conf conf/made.yaml --as-of {DAY} --option past"
    )
    do(intervene, project, catalog, DAY, options=["past"])
    planned = catalog.read(INTERVENTIONS, [DAY]).select("customer_id", "planned_action").collect()
    assert {tuple(row) for row in planned} == {("a", None), ("b", "coupon")}
