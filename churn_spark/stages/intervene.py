"""Interventions: what is planned for each customer above the line, who is withheld, and what is done."""

import logging
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.above_the_line import above_the_line, with_suitable, without
from churn_spark.actions.arms import assigned, drawn
from churn_spark.actions.plan_summary import sentences, summed
from churn_spark.actions.planning import planned, weighed
from churn_spark.actions.terms import Kinds
from churn_spark.definitions.actions import Interventions
from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.periods import EVER, Days, days_up_to, listed, single_day
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.answered import unsubscribed
from churn_spark.stages.conditions import failures_named
from churn_spark.stages.individual_effects import individual_effects
from churn_spark.stages.measured_effects import learnt
from churn_spark.stages.outbox_events import dispatched
from churn_spark.stages.past_dates import PAST, refuse_past, standing_after
from churn_spark.stages.stage import REDECIDE, Option, Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS, INTERVENTIONS
from churn_spark.tables.contracts.outcomes import EFFECTS
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from churn_spark.tables.contracts.uplift import UPLIFT
from churn_spark.tables.transaction import Transaction

log = logging.getLogger("churn_spark.intervene")

NEEDED = "the stage is needed only where interventions are configured"
PLAN = "(plan)"
"""In the ledger, the hash of the playbook; in brackets, as no column is."""


def intervene(run: Run, project: Project, catalog: Catalog) -> None:
    """Write what is planned for and done with the customers above the line at the run's as-of dates.

    ConfigError where a later date has gone out already.
    """
    refuse_past(run, project, catalog)
    _refuse_missing_alerts(run, catalog)
    with (
        catalog.transaction(run, {INTERVENTIONS: run.dates}, definitions=_definitions(project)) as tx,
        failures_named(project),
    ):
        for day in sorted(run.dates):
            _intervene(tx, project, catalog, day)


def _intervene(tx: Transaction, project: Project, catalog: Catalog, day: date) -> None:
    playbook = learnt(project, catalog, day)
    assert playbook, NEEDED
    rows, kinds = _customers(project, playbook, catalog, day)
    customers = weighed(rows, playbook, kinds).persist()
    try:
        plan = planned(customers, playbook, kinds)
        arms = assigned(plan.customers, playbook)
        rows = _rows(arms.customers, playbook)
        tx.replace(INTERVENTIONS, rows.select(*INTERVENTIONS.names), [day])
        for sentence in sentences(summed(rows, plan, playbook), arms, playbook):
            log.info("%s: %s", day, sentence)
    finally:
        customers.unpersist()


def _customers(
    project: Project, playbook: Interventions, catalog: Catalog, day: date
) -> tuple[DataFrame, Kinds | None]:
    """Everybody above the line with what is drawn for them, and the effects of actions by kind of customers."""
    above = above_the_line(catalog.read(ALERTS, [day]), catalog.read(RISK_SCORES, [day]))
    snapshot = catalog.read(features(project.features), [day])
    earlier, later = _earlier(playbook, day), standing_after(project, catalog.ledger, day, playbook.contact_days)
    around = catalog.read(INTERVENTIONS, [*earlier, *later] if later else earlier)
    suitable = without(with_suitable(above, snapshot, around, playbook, day), unsubscribed(project, catalog, day))
    customers = drawn(suitable, playbook.holdout, day)
    return individual_effects(customers, snapshot, project, playbook, catalog, day)


def _rows(customers: DataFrame, playbook: Interventions) -> DataFrame:
    """Every column of `interventions`, beside those that were computed on the way."""

    def of(number: str, given: str) -> Column:
        values = F.array(*(F.lit(getattr(action, given)) for action in playbook.actions))
        return F.get(values, F.col(number))

    return customers.withColumns(
        {
            "planned_action": of("planned", "name"),
            "action": of("done", "name"),
            "channel": of("done", "channel"),
            "cost": F.coalesce(of("done", "cost"), F.lit(0.0)),
            "effect": F.get("effects", F.col("planned")),
            "expected_profit": F.col("at_stake") * F.get("effects", F.col("planned")) - of("planned", "cost"),
        }
    )


def _refuse_missing_alerts(run: Run, catalog: Catalog) -> None:
    missing = [day for day in run.dates if catalog.ledger.partition(ALERTS.name, day) is None]
    if missing:
        raise NotReadyError(
            f"the alerts of {listed(missing)} were never decided: churn-spark alert {catalog.arguments}"
            f" --as-of {min(missing)}"
        )


def _earlier(playbook: Interventions, day: date) -> Days:
    """The days before an as-of date that count for the cap on contacts."""
    return Days(day - timedelta(days=playbook.contact_days - 1), day)


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """The decisions before count too: where they change, the cap on contacts may; who has unsubscribed; and measured
    effects and uplift, if plans learn from them.
    """
    own, playbook = single_day(day), project.interventions
    assert playbook, NEEDED
    measured = {EFFECTS.name: Days(EVER, day)} if project.feedback.learn else {}
    answers = project.feedback.answers
    answered = {project.source(answers.source).events_table: days_up_to(day)} if answers else {}
    if project.feedback.individual:
        measured[UPLIFT.name] = Days(EVER, day)
    return {
        ALERTS.name: own,
        RISK_SCORES.name: own,
        features(project.features).name: own,
        INTERVENTIONS.name: _earlier(playbook, day),
        **measured,
        **answered,
    }


def _definitions(project: Project) -> dict[str, dict[str, str]]:
    return {INTERVENTIONS.name: {PLAN: definition_hash(project.interventions)}}


INTERVENE = Stage(
    name="intervene",
    summary="Plan actions for the customers with an alert, and draw who is withheld.",
    work=intervene,
    writes=lambda project: (INTERVENTIONS,),
    reads=_reads,
    definitions=_definitions,
    published=dispatched,
    per_date=True,
    daily=True,
    acts=True,
    needed=lambda project: project.interventions is not None,
    options=(Option(REDECIDE, REDECIDE), Option(PAST, PAST)),
)
