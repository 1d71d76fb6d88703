"""Feedback with a real catalog: what becomes of interventions as answers come and labels mature."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from churn_spark.definitions.actions import Action, Interventions
from churn_spark.definitions.columns import Category
from churn_spark.definitions.feedback import Answers, Feedback
from churn_spark.definitions.periods import Days
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.stages.feedback import FEEDBACK, feedback
from churn_spark.stages.measured_effects import measured_effects
from churn_spark.tables.contracts.actions import INTERVENTIONS
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.outcomes import EFFECTS, OUTCOMES
from churn_spark.tables.contracts.snapshots import LABELS
from tests.stages.made_warehouse import CALL, catalog_of, completed, do, fill, project_at

CONTACTS = Source(
    "contacts",
    "events",
    "csv",
    "none",
    (),
    "id",
    Delivered(),
    categories=(Category("said", "said"), Category("to", "to")),
)
ANSWERS = Answers("contacts", "said", "to", (("yes", "accepted"), ("no", "declined")))
S = date(2026, 3, 10)
MATURED = S + timedelta(days=28)
INTERVENTION = {
    "customer_id": "t00",
    "as_of_date": "2026-03-10",
    "audience": "others",
    "segment": "1",
    "tier": "high",
    "risk": 0.4,
    "value": 100.0,
    "planned_action": "coupon",
    "arm": "treated",
    "action": "coupon",
    "channel": "email",
    "cost": 5.0,
    "effect": 0.1,
    "expected_profit": 1.0,
    "propensity": 0.9,
}
WITHHELD = {"arm": "control", "cost": 0.0}
LABEL = {"customer_id": "t00", "as_of_date": "2026-03-10", "label": 0, "matured_on": MATURED.isoformat()}
ANSWER = CALL | {
    "customer_id": "t00",
    "event_date": "2026-03-12",
    "known_from": "2026-03-13",
    "said": "yes",
    "to": "coupon",
}


@pytest.fixture
def made(spark, tmp_path):
    project = project_at(
        tmp_path,
        interventions=Interventions((Action("coupon", "email", 5.0, 0.1),)),
        feedback=Feedback(ANSWERS, least=10),
    )
    project = replace(project, sources=(*project.sources, CONTACTS))
    return project, catalog_of(spark, project)


def intervened(project, catalog):
    """Twenty treated, of whom two leave, and twenty withheld, of whom ten do."""
    treated = [{"customer_id": f"t{n:02d}"} for n in range(20)]
    # A typed null: nothing is done for those withheld.
    withheld = [{"customer_id": f"w{n:02d}", "action": None, "channel": None} | WITHHELD for n in range(20)]
    fill(project, catalog, INTERVENTIONS, INTERVENTION, *treated, *withheld)


def labelled(project, catalog):
    left = {"t00", "t01", *(f"w{n:02d}" for n in range(10))}
    names = [f"{arm}{n:02d}" for arm in "tw" for n in range(20)]
    fill(project, catalog, LABELS, LABEL, *({"customer_id": name, "label": int(name in left)} for name in names))


def found(catalog, table, *columns):
    catalog.refresh()
    return sorted(tuple(row) for row in catalog.read(table).select(*columns).collect())


def test_answers_come_labels_mature_and_the_effect_is_stated(made, caplog):
    project, catalog = made
    caplog.set_level("INFO", logger="churn_spark")
    intervened(project, catalog)
    fill(
        project,
        catalog,
        events(CONTACTS),
        ANSWER,
        {},
        {"event_id": "3", "customer_id": "w00", "said": "eh"},
        {"event_id": "4", "customer_id": "nobody"},
    )
    do(feedback, project, catalog, date(2026, 3, 13))
    assert found(catalog, OUTCOMES, "customer_id", "answer", "answers", "contradicting")[0] == ("t00", "accepted", 1, 0)
    assert set(found(catalog, OUTCOMES, "retained")) == {(None,)}
    fill(project, catalog, events(CONTACTS), ANSWER, {"event_id": "2", "known_from": "2026-03-14", "said": "no"})
    do(feedback, project, catalog, date(2026, 3, 14))
    assert found(catalog, OUTCOMES, "customer_id", "answer", "answers", "contradicting")[0] == ("t00", "declined", 2, 1)
    assert "no intervention: 1 of customers without intervention, 1 to nothing that was done in time" in caplog.text
    assert "1 answers have a value without a meaning" in caplog.text

    labelled(project, catalog)
    do(feedback, project, catalog, MATURED - timedelta(days=1))
    assert found(catalog, EFFECTS, "action") == []
    do(feedback, project, catalog, MATURED)
    everybody = catalog.read(EFFECTS, [MATURED]).where("grouped_by = 'all'").collect()[0]
    assert (everybody.treated, everybody.treated_left, everybody.control, everybody.control_left) == (20, 2, 20, 10)
    assert (everybody.effect, everybody.kept_share, everybody.verdict) == (
        pytest.approx(0.4),
        pytest.approx(0.8),
        "undecided",  # two and ten of twenty are more than two standard errors apart, and less than three
    )
    assert (everybody.value_kept, everybody.profit) == (pytest.approx(40), pytest.approx(35))
    assert found(catalog, EFFECTS, "grouped_by", "segment") == [
        ("all", "all"),
        ("audience", "others"),
        ("segment", "1"),
    ]
    assert "coupon: 20 treated, 20 withheld: kept +40.0 points (95 %: " in caplog.text

    catalog.refresh()
    assert measured_effects(project, catalog, MATURED) == {}
    assert measured_effects(project, catalog, MATURED + timedelta(days=1)) == {
        "coupon": pytest.approx(everybody.shrunk)
    }
    assert FEEDBACK.to_build(project, catalog.ledger, OUTCOMES.name, [S]) == []
    before = found(catalog, OUTCOMES, *OUTCOMES.names), found(catalog, EFFECTS, "effect", "low", "shrunk")
    do(feedback, project, catalog, MATURED)
    assert (found(catalog, OUTCOMES, *OUTCOMES.names), found(catalog, EFFECTS, "effect", "low", "shrunk")) == before


def test_without_interventions_nothing_is_written(made):
    project, catalog = made
    completed(project, catalog, S)
    assert do(feedback, project, catalog, S).status != "failed"
    assert not catalog.exists(OUTCOMES)
    assert FEEDBACK.dates(project, catalog, S, None) == {"outcomes": [], "effects": []}
    assert not FEEDBACK.needed(replace(project, interventions=None))


def test_without_a_source_of_answers_and_without_anybody_withheld(made):
    project, catalog = made
    project = replace(project, feedback=Feedback())
    fill(project, catalog, INTERVENTIONS, INTERVENTION, {}, {"customer_id": "t01"})
    labelled(project, catalog)
    do(feedback, project, catalog, MATURED)
    row = catalog.read(EFFECTS).where("grouped_by = 'all'").collect()[0]
    assert (row.treated, row.control, row.effect, row.shrunk, row.verdict) == (2, 0, None, 0.1, "too few to say")


def test_outcomes_are_due_when_what_they_are_made_of_changes(made):
    project, catalog = made
    intervened(project, catalog)
    assert FEEDBACK.reads(project, catalog.ledger, "outcomes", S) == {
        "interventions": Days(S, date(2026, 4, 7)),
        "labels": Days(S, date(2026, 3, 11)),
        "events_contacts": Days(S, date(2026, 4, 9)),
    }
    do(feedback, project, catalog, S)
    labelled(project, catalog)
    catalog.refresh()
    due = FEEDBACK.due(project, catalog.ledger, "outcomes", [S])
    assert [(item.kind, item.reason) for item in due] == [("stale", "labels changed after it was built")]
    other = replace(project, feedback=replace(project.feedback, carry_over_days=7))
    do(feedback, project, catalog, S)
    assert FEEDBACK.due(other, catalog.ledger, "outcomes", [S])[0].kind == "definition"


def test_a_half_written_date_is_built_again_by_backfill(made, monkeypatch):
    project, catalog = made
    intervened(project, catalog)
    labelled(project, catalog)
    monkeypatch.setattr("churn_spark.stages.feedback._effects", fails)
    with pytest.raises(RuntimeError):
        do(feedback, project, catalog, MATURED)
    monkeypatch.undo()
    catalog.refresh()
    later = MATURED + timedelta(days=1)
    assert FEEDBACK.dates(project, catalog, later, None)["effects"] == [MATURED]
    do(feedback, project, catalog, later)
    assert {day for (day,) in found(catalog, EFFECTS, "as_of_date")} == {MATURED, later}


def fails(*given):
    raise RuntimeError("stopped")
