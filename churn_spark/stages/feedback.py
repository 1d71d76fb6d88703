"""Feedback: what came of interventions, and what each action is worth."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.comparable import first_plans
from churn_spark.actions.effect import arms, effect_row, qini_curves
from churn_spark.actions.outcomes import TAKEN, attached, outcomes
from churn_spark.definitions.feedback import ALL, OTHER
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.periods import EVER, Days, hull, listed, single_day
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.settled import settled
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import oldest_kept
from churn_spark.stages.answered import answers_on
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import INTERVENTIONS
from churn_spark.tables.contracts.outcomes import EFFECTS, OUTCOMES
from churn_spark.tables.contracts.snapshots import LABELS
from churn_spark.tables.transaction import Transaction

log = logging.getLogger("churn_spark.feedback")

ANSWERS = "(answers)"
"""In the ledger, the hash of what answers mean; in brackets, as no column is."""


def feedback(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the outcomes of interventions that are missing or stale, and the effects known at the as-of date."""
    ledger = catalog.ledger
    if not ledger.partitions(INTERVENTIONS.name):
        log.info("there are no interventions yet, so there is nothing to measure")
        return
    days = FEEDBACK.to_build(project, ledger, OUTCOMES.name, _days(project, ledger, run.as_of))
    measured = sorted({run.as_of, *_half_written(ledger, run.as_of)})
    with catalog.transaction(run, {OUTCOMES: days, EFFECTS: measured}, definitions=_definitions(project)) as tx:
        if days:
            _write_outcomes(tx, project, catalog, days)
        effects = [row for day in measured for row in _effects(project, catalog, day)]
        tx.replace(EFFECTS, catalog.spark.createDataFrame(effects, EFFECTS.schema), measured)
    for row in effects:
        if row["grouped_by"] == ALL and row["as_of_date"] == run.as_of:
            log.info(said(row))


def _write_outcomes(tx: Transaction, project: Project, catalog: Catalog, days: Sequence[date]) -> None:
    """Write all that is known of the interventions of some dates, with the day from which on it is known."""
    # An answer to a later intervention is that one's alone, so later ones have to be known here.
    around = catalog.read(INTERVENTIONS, hull(_answered_days(project, day) for day in days))
    answers = _answers(project, catalog, days)
    fates = attached(answers, around, project.feedback.carry_over_days, _known_days(project)).persist()
    try:
        if project.feedback.answers:
            _say_fates(fates)
        taken = fates.where(F.col("as_of_date").isin(*days))
        rows = outcomes(catalog.read(INTERVENTIONS, days), taken, catalog.read(LABELS, days)).select(*OUTCOMES.names)
        written = tx.replace(OUTCOMES, rows, days)
    finally:
        fates.unpersist()
    log.info("outcomes of %d interventions of %s", written, listed(days))


def _answers(project: Project, catalog: Catalog, days: Sequence[date]) -> DataFrame:
    """The answers to actions of some dates that are known; none without a source of them."""
    said = answers_on(project, catalog, hull(_answer_days(project, day) for day in days))
    return said.where(F.col("event_date") >= F.lit(min(days)))


def _say_fates(fates: DataFrame) -> None:
    """Log how many answers there are, how many are of no use, and why."""
    counts = fates.groupBy("fate").agg(
        F.count("*").alias("answers"), F.count_if(F.col("meaning") == OTHER).alias("others")
    )
    rows = sorted(counts.collect(), key=lambda row: str(row["fate"]))
    log.info("%d answers to interventions", sum(row["answers"] for row in rows if row["fate"] == TAKEN))
    if useless := [f"{row['answers']} {row['fate']}" for row in rows if row["fate"] != TAKEN]:
        log.warning("answers that belong to no intervention: %s", ", ".join(useless))
    if others := sum(row["others"] for row in rows):
        log.warning(
            "%d answers have a value without a meaning in feedback.answers.meaning: they count as other", others
        )


def _effects(project: Project, catalog: Catalog, day: date) -> list[dict[str, object]]:
    """The rows of `effects` of a date: as many as there are actions and groups."""
    first = day - timedelta(days=project.feedback.window_days)
    known = first_plans(catalog.read(OUTCOMES, Days(EVER, day)), day).where(F.col("as_of_date") >= F.lit(first))
    curves, playbook = qini_curves(known), project.interventions
    priors = {action.name: action.effect for action in playbook.actions} if playbook else {}
    rows = []
    for group, by_arm in sorted(arms(known).items()):
        action, grouped_by, _ = group
        curve = curves.get(action) if grouped_by == ALL else None
        row = effect_row(group, by_arm, curve, priors.get(action), project.feedback)
        written = {name: settled(value) for name, value in row.items()}
        rows.append(dict.fromkeys(EFFECTS.names) | written | {"as_of_date": day})
    return rows


def said(row: Mapping[str, Any]) -> str:
    """The effect of an action, for a person."""
    arms_ = f"{row['action']}: {row['treated']:,} treated, {row['control']:,} withheld"
    if row["effect"] is None:
        return f"{arms_}: {row['verdict']}"
    points = f"{100 * row['effect']:+.1f} points (95 %: {100 * row['low']:+.1f} to {100 * row['high']:+.1f})"
    profit = "" if row["profit"] is None else f", profit {row['profit']:,.2f} for each"
    return f"{arms_}: kept {points}{profit}: {row['verdict']}"


def _known_days(project: Project) -> int:
    """Days from an intervention to the last knowledge date of an answer to it: then outcomes are final."""
    known = project.feedback.answers
    lag = project.source(known.source).delivered.lag_days if known else 0
    return max(project.feedback.carry_over_days + lag, project.periods.maturity_days)


def _answered_days(project: Project, day: date) -> Days:
    return Days(day, day + timedelta(days=project.feedback.carry_over_days))


def _answer_days(project: Project, day: date) -> Days:
    return Days(day, day + timedelta(days=_known_days(project) + 1))


def _days(project: Project, ledger: Ledger, as_of: date) -> list[date]:
    """The dates of interventions that should have outcomes; those past retention stay as they are."""
    named = {*ledger.partitions(INTERVENTIONS.name), *_open(ledger, OUTCOMES.name)}
    return sorted(day for day in named if oldest_kept(project, as_of) <= day <= as_of)


def _half_written(ledger: Ledger, as_of: date) -> list[date]:
    return [day for day in _open(ledger, EFFECTS.name) if day <= as_of]


def _open(ledger: Ledger, table: str) -> list[date]:
    return sorted(day for day in ledger.open(table) if day)


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """Outcomes come from interventions (later ones take answers for themselves), labels and answers; effects from
    outcomes.
    """
    settings = project.feedback
    if output == EFFECTS.name:
        return {OUTCOMES.name: Days(EVER, day)}
    answers = settings.answers
    return {
        INTERVENTIONS.name: _answered_days(project, day),
        LABELS.name: single_day(day),
        **({project.source(answers.source).events_table: _answer_days(project, day)} if answers else {}),
    }


def _definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of which answers count and what they mean."""
    settings = project.feedback
    return {OUTCOMES.name: {ANSWERS: definition_hash(settings.answers, settings.carry_over_days)}}


def _dates(project: Project, catalog: Catalog, as_of: date, wanted: Days | None) -> dict[str, list[date]]:
    """Effects are those of the as-of dates it was run for; only half-written ones are built again."""
    ledger = catalog.ledger
    return {OUTCOMES.name: _days(project, ledger, as_of), EFFECTS.name: _half_written(ledger, as_of)}


FEEDBACK = Stage(
    name="feedback",
    summary="Collect what came of interventions, and measure the effect of each action.",
    work=feedback,
    writes=lambda project: (OUTCOMES, EFFECTS),
    reads=_reads,
    definitions=_definitions,
    dates=_dates,
    daily=True,
    aside=True,
    needed=lambda project: project.interventions is not None,
)
