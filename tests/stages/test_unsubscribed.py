"""Customers who want no more messages, in a plan that is made afterwards."""

from dataclasses import replace
from datetime import timedelta

from churn_spark.definitions.actions import Action, Holdout, Interventions
from churn_spark.definitions.feedback import Answers, Feedback
from churn_spark.stages.intervene import INTERVENE, intervene
from churn_spark.tables.contracts.actions import ALERTS, INTERVENTIONS
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from tests.stages.made_warehouse import catalog_of, completed, do, fill, project_at
from tests.stages.test_feedback import ANSWER, CONTACTS
from tests.stages.test_intervene import ALERT, DAYS, SCORE, SNAPSHOT

DAY = DAYS[1]
EVERYBODY = Interventions((Action("coupon", "email", 1.0, 0.3),), holdout=Holdout(control=0.0, explore=0.0))


def test_nothing_is_planned_for_those_who_have_unsubscribed_as_far_as_is_known(spark, tmp_path):
    meaning = (("stop", "unsubscribed"), ("yes", "accepted"))
    project = project_at(
        tmp_path, interventions=EVERYBODY, feedback=Feedback(Answers("contacts", "said", "to", meaning))
    )
    project = replace(project, sources=(*project.sources, CONTACTS))
    catalog = catalog_of(spark, project)
    before = {"event_date": (DAY - timedelta(days=200)).isoformat(), "known_from": DAY.isoformat(), "said": "stop"}
    after = before | {"known_from": (DAY + timedelta(days=1)).isoformat()}
    answers = {
        "gone": [before],
        "changed their mind": [before, ANSWER | {"event_date": DAY.isoformat(), "known_from": DAY.isoformat()}],
        "not known yet": [after],
        "accepted": [before | {"said": "yes"}],
        "never asked": [],
    }
    rows = [
        row | {"customer_id": name, "event_id": f"{name} {n}"}
        for name in answers
        for n, row in enumerate(answers[name])
    ]
    fill(project, catalog, events(CONTACTS), ANSWER, *rows)
    completed(project, catalog, DAY)
    keys = [{"customer_id": name, "as_of_date": DAY.isoformat()} for name in answers]
    for table, row in ((RISK_SCORES, SCORE), (features(project.features), SNAPSHOT), (ALERTS, ALERT)):
        fill(project, catalog, table, row, *keys)
    do(intervene, project, catalog, DAY)
    found = {row.customer_id: row.action for row in catalog.read(INTERVENTIONS, [DAY]).collect()}
    assert found == {
        "gone": None, "changed their mind": None, "not known yet": "coupon", "accepted": "coupon",
        "never asked": "coupon",
    }  # fmt: skip
    fill(project, catalog, events(CONTACTS), ANSWER, before | {"customer_id": "never asked", "event_id": "new"})
    catalog.refresh()
    due = INTERVENE.due(project, catalog.ledger, INTERVENTIONS.name, [DAY])
    assert [item.kind for item in due] == ["stale"]
