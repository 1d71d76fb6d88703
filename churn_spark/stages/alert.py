"""Alerts of an as-of date: whose risk is high or rose, who is silent, in words; nothing is sent here."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.alerts import ModelLine, main_reasons, reached, suppressed, worded
from churn_spark.actions.audiences import audience, with_features
from churn_spark.actions.wording import FAILED
from churn_spark.definitions.actions import SCORE_COLUMNS, Alerts
from churn_spark.definitions.errors import ConfigError, NotReadyError
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.periods import Days, single_day
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.alert_wave import ACCEPTED, Counted, refuse_wave
from churn_spark.stages.conditions import failures_named
from churn_spark.stages.outbox_events import dispatched
from churn_spark.stages.past_dates import standing_after
from churn_spark.stages.stage import REDECIDE, Option, Stage
from churn_spark.stages.training.champions import decisions
from churn_spark.stages.training.registry import registry_of
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features

log = logging.getLogger("churn_spark.alert")

RULES = "(alerts)"
"""In the ledger, the hash of what decides who is alerted about; in brackets, as no column is."""


def alert(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the alerts of the run's as-of date; AlertWaveError, and nothing is written, where they are a wave."""
    rules, day = project.alerts, run.as_of
    if rules is None:
        log.info("the configuration asks for no alerts (alerts)")
        return
    if catalog.ledger.partition(RISK_SCORES.name, day) is None:
        raise NotReadyError(f"{day} was never scored: churn-spark score {catalog.arguments} --as-of {day}")
    with failures_named(project), _texts_named(project):
        decided = _decided(project, rules, catalog, day).persist()
        try:
            counted = Counted.of(decided)
            before = previous_scores(rules, catalog.ledger, day)
            refuse_wave(run, project, catalog, counted.new, _definitions(project)[ALERTS.name][RULES], before)
            rows = worded(decided, rules.texts, project.name)
            with catalog.transaction(run, {ALERTS: [day]}, definitions=_definitions(project)) as tx:
                tx.replace(ALERTS, rows.select(*ALERTS.names), [day])
        finally:
            decided.unpersist()
    log.info("alerts at %s: %s", day, counted.said(rules.kinds))


def previous_scores(rules: Alerts, ledger: Ledger, day: date) -> date | None:
    """The newest as-of date with scores before one, as far back as risks are compared; None: there is none."""
    oldest = day - timedelta(days=rules.within_days)
    partitions = ledger.partitions(RISK_SCORES.name).items()
    return max((one for one, state in partitions if oldest <= one < day and state.rows), default=None)


def _decided(project: Project, rules: Alerts, catalog: Catalog, day: date) -> DataFrame:
    """The columns of `alerts` without the texts."""
    scores = _scores(project, rules, catalog, day)
    version = _version(scores)
    previous = _previous(rules, catalog, day, version)
    model = _model_line(project, rules, catalog, version)
    cooldown = _cooldown(rules, day)
    recent = catalog.read(ALERTS, cooldown or [])
    holdout = project.interventions.holdout if project.interventions else None
    standing = standing_after(project, catalog.ledger, day, rules.cooldown_days)
    later = catalog.read(ALERTS, standing) if standing else None
    alerts = suppressed(reached(scores, previous, rules, model), recent, holdout, later)
    return alerts.select(*(name for name in ALERTS.names if name not in ("title", "text")))


def _scores(project: Project, rules: Alerts, catalog: Catalog, day: date) -> DataFrame:
    """The scores of a date with their audience, reasons in words, and the silence of each customer where it is asked.

    While features are beside them, columns that conditions cannot use have names that no feature has.
    """
    columns, own = [name for name, _ in SCORE_COLUMNS], {"model_version": "(version)", "reasons": "(reasons)"}
    reasons = main_reasons(rules.reasons).alias(own["reasons"])
    version = F.col("model_version").alias(own["model_version"])
    scores = catalog.read(RISK_SCORES, [day]).select(*columns, version, reasons)
    if asked := _asked(project, rules):
        scores = with_features(scores, catalog.read(features(project.features), [day]), asked)
    silence = [F.col(quoted(rules.silent.feature)).alias("silence")] if rules.silent else []
    renamed = (F.col(quoted(made)).alias(name) for name, made in own.items())
    return scores.select(*columns, *renamed, audience(project.audiences).alias("audience"), *silence)


def _asked(project: Project, rules: Alerts) -> list[str]:
    """SQL that may mention features."""
    return [one.condition for one in project.audiences] + ([quoted(rules.silent.feature)] if rules.silent else [])


def _previous(rules: Alerts, catalog: Catalog, day: date, version: int | None) -> DataFrame:
    """The scores that those of a date are compared with: of the date before, if the same version made them.

    Another model moves risks though nothing has happened to anybody.
    """
    before = previous_scores(rules, catalog.ledger, day)
    previous = catalog.read(RISK_SCORES, [before] if before else [])
    then = _version(previous) if before else version
    if before is None and rules.risk_jump:
        log.info("no risk_jump at %s: there are no scores in the %d days before", day, rules.within_days)
    if then != version and rules.risk_jump:
        log.info("no risk_jump at %s: version %s made its scores, version %s those of %s", day, version, then, before)
    return previous if then == version else previous.limit(0)


def _version(scores: DataFrame) -> int | None:
    """The version of the model that made the scores of a date; None: there are none."""
    found: int | None = scores.agg(F.max("model_version")).collect()[0][0]
    return found


def _model_line(project: Project, rules: Alerts, catalog: Catalog, version: int | None) -> ModelLine | None:
    """The threshold of the model that made the scores of a date; None where it is not asked for, or there is none."""
    if version is None or not rules.high_risk or all(line.by != "model" for line in rules.high_risk.lines):
        return None
    manifests = {decision.version: decision.manifest for decision in decisions(project, catalog)}
    threshold = registry_of(project, catalog).threshold(version, manifests.get(version))
    if threshold is None:
        log.warning("%s version %d has no threshold: no contact pays, so no risk is high", project.model_name, version)
        return None
    return ModelLine(*threshold)


def _cooldown(rules: Alerts, day: date) -> Days | None:
    """The days before a date on which an alert begins a cooldown that reaches it; None: there are none."""
    return Days(day - timedelta(days=rules.cooldown_days - 1), day) if rules.cooldown_days > 1 else None


@contextmanager
def _texts_named(project: Project) -> Iterator[None]:
    """Raise ConfigError where a template fails on a customer."""
    try:
        yield
    except PySparkException as error:
        line = next((line for line in str(error).splitlines() if FAILED in line), None)
        if line is None:
            raise
        raise ConfigError(f"{project.origin}: alerts.texts: {line[line.index(FAILED) :]}") from None


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """Alerts come from the scores of a date and of the date before, the features of the date, and alerts before it."""
    rules = project.alerts
    if rules is None:
        return {}
    before = previous_scores(rules, ledger, day)
    reads = {RISK_SCORES.name: Days(before or day, day + timedelta(days=1))}
    if _asked(project, rules):
        reads[features(project.features).name] = single_day(day)
    if cooldown := _cooldown(rules, day):
        reads[ALERTS.name] = cooldown
    return reads


def _definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of what decides who is alerted about, and that of the texts."""
    rules = project.alerts
    if rules is None:
        return {}
    holdout = project.interventions.holdout if project.interventions else None
    deciding = replace(rules, wave=type(rules.wave)(), texts=(), reasons=0, language="en")
    texts = definition_hash(rules.reasons, *((one.kind, one.part, one.source) for one in rules.texts))
    decides = definition_hash(deciding, holdout, *project.audiences)
    return {ALERTS.name: {RULES: decides, "reasons": definition_hash(rules.reasons), "title": texts, "text": texts}}


ALERT = Stage(
    name="alert",
    summary="Decide who is alerted about at an as-of date, and in which words.",
    work=alert,
    writes=lambda project: (ALERTS,),
    reads=_reads,
    definitions=_definitions,
    published=dispatched,
    per_date=True,
    daily=True,
    needed=lambda project: project.alerts is not None,
    options=(Option(ACCEPTED, ACCEPTED), Option(REDECIDE, REDECIDE)),
)
