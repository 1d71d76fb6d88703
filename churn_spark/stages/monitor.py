"""Monitoring: whether data and model are still what they were, and what to do about it."""

import logging
from dataclasses import replace
from datetime import date, timedelta

from churn_spark.definitions.errors import ModelError, NotReadyError
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.periods import Days, days_up_to, single_day
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.settled import settled
from churn_spark.lineage.entry import OK, Entry
from churn_spark.lineage.ledger import Ledger
from churn_spark.monitoring.signal import ALL, Signal, asks_to_train, overall, unknown
from churn_spark.monitoring.sources import source_signals
from churn_spark.stages.monitoring.alerts import signals_of_alerts
from churn_spark.stages.monitoring.features import signals_of_features
from churn_spark.stages.monitoring.performance import signals_of_performance
from churn_spark.stages.monitoring.scores import signals_of_scores
from churn_spark.stages.monitoring.sources import deliveries_of
from churn_spark.stages.monitoring.versions import version_of
from churn_spark.stages.stage import Stage
from churn_spark.stages.train import TRAIN
from churn_spark.stages.training.champions import decisions, in_force, newest
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS
from churn_spark.tables.contracts.monitoring import MONITORING
from churn_spark.tables.contracts.snapshots import LABELS, RISK_SCORES, features

log = logging.getLogger("churn_spark.monitor")

LIMITS = "(monitoring)"
"""In the ledger, the hash of the limits; in brackets, as no column is."""


def monitor(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the signals of the run's as-of date."""
    as_of = run.as_of
    _refuse_missing_features(project, catalog, as_of)
    found = signals(project, catalog, as_of)
    worst = overall(found)
    rows = [_row(as_of, signal) for signal in sorted((worst, *found), key=lambda one: (one.signal, one.subject))]
    with catalog.transaction(run, {MONITORING: [as_of]}, definitions=_definitions(project)) as tx:
        tx.replace(MONITORING, catalog.spark.createDataFrame(rows, MONITORING.schema), [as_of])
    for signal in found:
        if signal.status in ("warn", "act"):
            log.warning(
                "%s: %s of %s: %s; %s", signal.status, signal.signal, signal.subject, signal.text, signal.advice
            )
    log.info("%s: %s", worst.status, worst.text)


def signals(project: Project, catalog: Catalog, as_of: date) -> list[Signal]:
    """Everything that is watched at an as-of date: the data, and the model in force where there is one."""
    known = decisions(project, catalog)
    decision = in_force(known, as_of)
    version = version_of(project, catalog, decision) if decision else None
    found = source_signals(deliveries_of(project, catalog, as_of), as_of, project.monitoring)
    found += signals_of_features(project, catalog, as_of, version)
    if version is None:
        why = f"no model is in force at {as_of}: only the data are watched"
        found.append(unknown("model", ALL, why, advice="train a model: churn-spark train"))
    else:
        found += signals_of_scores(project, catalog, as_of, version, known)
        found += signals_of_performance(project, catalog, as_of, version, known)
    return found + signals_of_alerts(project, catalog, as_of)


def challenger_wanted(project: Project, catalog: Catalog, as_of: date) -> str | None:
    """Why a training should follow the monitoring of an as-of date; None: it should not.

    Not where the data are at act themselves (what is broken must not be learnt from), not soon after the last one, and
    not for what became of the scores of a version that another one has replaced since.
    """
    settings, ledger = project.monitoring, catalog.ledger
    if not settings.retrain or ledger.partition(MONITORING.name, as_of) is None:
        return None
    rows = (
        catalog.read(MONITORING, [as_of]).where("status = 'act'").select("signal", "subject", "model_version").collect()
    )
    champion = newest(decisions(project, catalog))
    still = [row for row in rows if champion is None or row["model_version"] in (None, champion.version)]
    of_model, of_data = asks_to_train([Signal(row["signal"], row["subject"], "act", "") for row in still])
    if not of_model:
        return None
    asked = ", ".join(of_model[:5]) + (f" and {len(of_model) - 5} more" if len(of_model) > 5 else "")
    if of_data:
        log.warning("no training, though %s ask for it: the data are at act themselves: %s", asked, ", ".join(of_data))
        return None
    last = max((entry.as_of for entry in ledger.entries if entry.job == TRAIN.name and _decided(entry)), default=None)
    if last and as_of < last + timedelta(days=settings.retrain_after_days):
        log.info("no training, though %s ask for it: the last one was at %s", asked, last)
        return None
    return asked


def _decided(training: Entry) -> bool:
    """Whether a training came to a decision: one that was stopped, or could not reach a store, is to be tried again."""
    return training.status == OK or (training.error or "").startswith(ModelError.__name__)


def _refuse_missing_features(project: Project, catalog: Catalog, as_of: date) -> None:
    if catalog.ledger.partition(features(project.features).name, as_of) is None:
        raise NotReadyError(
            f"the features of {as_of} were never built: churn-spark build-features {catalog.arguments} --as-of {as_of}"
        )


def _row(as_of: date, signal: Signal) -> tuple[object, ...]:
    values = {"as_of_date": as_of, **{name: getattr(signal, name) for name in Signal.__slots__}}
    return tuple(settled(values[name]) for name in MONITORING.names)


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """What a date's signals come from; a new champion makes no old ones stale."""
    of_day = (features(project.features).name, RISK_SCORES.name, ALERTS.name)
    return {**{name: single_day(day) for name in of_day}, LABELS.name: days_up_to(day)}


def _definitions(project: Project) -> dict[str, dict[str, str]]:
    limits = replace(project.monitoring, retrain=False, retrain_after_days=0)
    return {MONITORING.name: {LIMITS: definition_hash(limits)}}


MONITOR = Stage(
    name="monitor",
    summary="Watch data and model at an as-of date: what drifted, what is missing, what became of the scores.",
    work=monitor,
    writes=lambda project: (MONITORING,),
    reads=_reads,
    definitions=_definitions,
    per_date=True,
    daily=True,
    aside=True,
)
