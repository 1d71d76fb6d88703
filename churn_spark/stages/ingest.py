"""Take in every delivery that is due and not taken yet: events, customers, quarantine, and their reconciliation."""

import logging
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from datetime import date

from pyspark.sql import SparkSession

from churn_spark.definitions.project import Privacy, Project, Run
from churn_spark.events.pseudonyms import Pseudonym, pseudonym
from churn_spark.lineage import acceptance, unavailable
from churn_spark.lineage.arrivals import Arrival
from churn_spark.stages.intake import backdating
from churn_spark.stages.intake.acceptance import refuse_wrong_acceptance
from churn_spark.stages.intake.backdating import refuse_wrong_history
from churn_spark.stages.intake.completeness import refuse_missing_dates
from churn_spark.stages.intake.contradictions import conflict_remedies, contradictions, warnings
from churn_spark.stages.intake.deduplication import deduplicate
from churn_spark.stages.intake.earlier_runs import read_earlier_runs
from churn_spark.stages.intake.first_load import refuse_undecided_history
from churn_spark.stages.intake.first_look import first_look
from churn_spark.stages.intake.key import pseudonym_key
from churn_spark.stages.intake.names import ledger_may_exist, wrong_names
from churn_spark.stages.intake.plans import Plan
from churn_spark.stages.intake.reconciliation import dated_by_row, reconcile, refuse_too_many, taken_deliveries
from churn_spark.stages.intake.recovery import roll_back_unfinished
from churn_spark.stages.intake.refused_rows import examples_by_reason
from churn_spark.stages.intake.retaking import ADD_COLUMNS, RESTATE, RESTATE_ALL, VERIFY, refuse_wrong_restate
from churn_spark.stages.intake.selection import make_plan
from churn_spark.stages.intake.summary import deliveries, log_summary
from churn_spark.stages.intake.tables import intake_tables
from churn_spark.stages.intake.validation import validate
from churn_spark.stages.intake.writing import Intake, write
from churn_spark.stages.refusals import refuse_past_data
from churn_spark.stages.stage import Option, Stage
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.ingest")


def ingest(run: Run, project: Project, catalog: Catalog) -> None:
    """Take every delivery of every source up to the run's as-of date, each source in one pass.

    Options: `accept-incomplete=SOURCE@DATE` goes on without a missing delivery, `restate` takes changed deliveries
    again under their old knowledge date, `restate=SOURCE` all of that source, `add-columns` those without a column that
    is configured now, `add-history=SOURCE` or `no-history=SOURCE` those that count as known from their own dates now,
    or from the day they were taken; `verify` compares the content of all deliveries taken before.
    """
    _refuse_wrong_options(project, run.options, run.as_of)
    pseudonym_function = pseudonym_function_of(catalog.spark, project.privacy)
    roll_back_unfinished(run, project, catalog)
    taken = taken_deliveries(catalog)
    earlier = read_earlier_runs(catalog.ledger, [source.name for source in project.sources])
    plans = [
        make_plan(catalog.spark, run, source, project, taken.get(source.name, {}), earlier)
        for source in project.sources
    ]
    if ADD_COLUMNS not in run.options:
        for line in unavailable.warnings(project, catalog.ledger):
            log.warning(line)
    refuse_undecided_history(
        run,
        project,
        earlier,
        {source_plan.source: source_plan.nominal_dates for source_plan in plans if source_plan.selected},
    )
    catalog.note(
        Arrival(source_plan.source.name, source_plan.newest, {}, by_row=True)
        for source_plan in plans
        if source_plan.newest and source_plan.newest_is_unrecorded
    )
    for idle in (source_plan for source_plan in plans if not source_plan.selected):
        refuse_missing_dates(idle, run, {})
    plans = [source_plan for source_plan in plans if source_plan.selected]
    if not plans:
        log.info("nothing to take: every delivery due by %s has been taken", run.as_of)
        return
    with ExitStack() as cached_frames:
        intakes = [
            _intake(run, project, catalog, source_plan, pseudonym_function, cached_frames) for source_plan in plans
        ]
        if not all(source_plan.nominal_dates for source_plan in plans):
            refuse_undecided_history(run, project, earlier, {intake.source: intake.nominal_dates for intake in intakes})
        log.info("writing %s", ", ".join(source_plan.source.name for source_plan in plans))
        write(run, project, catalog, intakes, taken)
    for intake in intakes:
        log_summary(intake)


def pseudonym_function_of(spark: SparkSession, privacy: Privacy) -> Pseudonym | None:
    """The function that makes pseudonyms; None where the data are public. ConfigError: see `pseudonym_key`."""
    key = pseudonym_key(privacy)
    return None if key is None else pseudonym(spark.sparkContext.broadcast(key), privacy.key_id)


def _intake(
    run: Run,
    project: Project,
    catalog: Catalog,
    source_plan: Plan,
    pseudonym_function: Pseudonym | None,
    cached_frames: ExitStack,
) -> Intake:
    name = source_plan.source.name
    log.info("%s: reading and validating %s", name, deliveries(len(source_plan.selected)))
    validated = validate(catalog.spark, run, project, source_plan, pseudonym_function)
    cached_frames.callback(validated.rows.unpersist)
    refuse_missing_dates(
        source_plan, run, {chosen.name: dated_by_row(validated, chosen) or () for chosen in source_plan.selected}
    )
    log.info("%s: looking for copies", name)
    deduplicated = deduplicate(project, catalog, validated)
    for frame in deduplicated.cached:
        cached_frames.callback(frame.unpersist)
    log.info("%s: counting", name)
    reconciliations = reconcile(validated, deduplicated)
    if not source_plan.arrivals:
        shown: dict[str, str] = {}
        if any(reconciliation.reasons for reconciliation in reconciliations):
            shown = examples_by_reason(source_plan.source, deduplicated.quarantined, public=pseudonym_function is None)
        for line in first_look(source_plan.source, reconciliations, validated.event_dates, shown):
            log.info("%s: %s", name, line)
    contradicted = contradictions(deduplicated, reconciliations)
    remedy = conflict_remedies(source_plan.source, contradicted, reconciliations)
    refuse_too_many(
        source_plan.source, reconciliations, deduplicated.quarantined, remedy, public=pseudonym_function is None
    )
    for line in warnings(source_plan, contradicted, reconciliations):
        log.warning(line)
    return Intake(validated, deduplicated, reconciliations)


def _preflight(project: Project, options: Sequence[str], as_of: date) -> None:
    """Raise errors of options, key and names on a local disk, half a minute before Spark has started.

    DeliveryError: a source's path is missing, or names have no date; where tables exist already such an error is only
    logged, and the run goes on to write it to the ledger. ConfigError: wrong options, or no key.
    """
    _refuse_wrong_options(project, options, as_of)
    pseudonym_key(project.privacy)
    for error in wrong_names(project):
        if not ledger_may_exist(project):
            raise error
        log.warning("this will stop the run: %s", error)


def _refuse_wrong_options(project: Project, options: Collection[str], as_of: date) -> None:
    refuse_wrong_acceptance(options, project, as_of)
    refuse_wrong_history(options, project)
    refuse_wrong_restate(options, project)


def _refuse_past_data(project: Project, catalog: Catalog, as_of: date) -> None:
    refuse_past_data(project, catalog, [as_of])


INGEST = Stage(
    name="ingest",
    summary="Take in every delivery that is due and not taken yet.",
    work=ingest,
    writes=intake_tables,
    daily=True,
    options=(
        Option(acceptance.WRITTEN, acceptance.PATTERN),
        Option(RESTATE, RESTATE),
        Option(f"{RESTATE}=SOURCE", RESTATE_ALL),
        Option(ADD_COLUMNS, ADD_COLUMNS),
        *(Option(f"{name}=SOURCE", pattern) for name, pattern in backdating.PATTERNS.items()),
        Option(VERIFY, VERIFY),
    ),
    preflight=_preflight,
    checked=_refuse_past_data,
)
