"""How a training ends: its model is registered, its records are written, and it goes in force or stays a challenger."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.gate import Finding
from churn_spark.definitions.project import Project, Run
from churn_spark.models.experiment import Comparison, TrainingData
from churn_spark.models.gate import refusals
from churn_spark.stages.training.champions import Decision, deciding, decisions, newest, put_in_force
from churn_spark.stages.training.feature_records import features
from churn_spark.stages.training.records import checks, records, selection
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import MODEL_CHECKS, MODEL_CURVES, MODEL_FEATURES, MODEL_METRICS
from churn_spark.tables.transaction import Transaction

log = logging.getLogger("churn_spark.train")


def refuse_first(findings: Sequence[Finding], champion: Decision | None) -> None:
    """ModelError where the gate refuses a first model: there is none that could stay in force instead."""
    refused = refusals(findings)
    if refused and champion is None:
        raise ModelError(
            f"{'; '.join(refused)}; no model is in force. Longer history, more customers or other features may give"
            " more to learn from; the floors are those of training.gate"
        )


def decide(
    run: Run,
    project: Project,
    catalog: Catalog,
    data: TrainingData,
    compared: Comparison,
    findings: list[Finding],
    champion: Decision | None,
    register: Callable[[Mapping[str, str]], tuple[int, str]],
) -> None:
    """Register the model, and put it in force unless the gate refuses it, or compared it with another than is now."""
    writes = {table: [run.as_of] for table in (MODEL_METRICS, MODEL_CURVES, MODEL_CHECKS, MODEL_FEATURES)}
    with deciding(run, catalog):
        known = decisions(project, catalog)
        now = newest(known)
        if now != champion and now is not None:
            text = f"version {now.version} was {now.kind} while this training ran, and it was not compared with that"
            findings = [*findings, Finding("champion", f"version {now.version}, since", "refused", text)]
        refused = refusals(findings)
        with catalog.transaction(run, writes) as tx:
            version, manifest = register({"as_of": run.as_of.isoformat(), "run_id": run.run_id})
            _write(tx, run, catalog, data, compared, findings, version)
            if not refused:
                start = _promote(tx, run, project, catalog, compared, version, manifest, known)
    if not refused:
        log.info("%s version %d is in force from %s on", project.model_name, version, start)
        return
    log.warning(
        "%s version %d is registered as a challenger, and version %s stays in force: %s. To put it in force all the"
        " same: churn-spark promote %s --version %d --reason WHY",
        project.model_name,
        version,
        now.version if now else "",
        "; ".join(refused),
        catalog.arguments,
        version,
    )


def reason(compared: Comparison, temporal: bool) -> str:
    """Why the winner was chosen, and what speaks against it."""
    text = f"{compared.reason}{'' if temporal else '; not temporal: tested on customers held out, not on later dates'}"
    if not compared.weaknesses:
        return text
    return f"{text}; accepted (training.accept_weak) although it {', and '.join(compared.weaknesses)}"


def _write(
    tx: Transaction,
    run: Run,
    catalog: Catalog,
    data: TrainingData,
    compared: Comparison,
    findings: Sequence[Finding],
    version: int,
) -> None:
    """Write metrics, curves, checks and features of the run, beside those of other trainings at its as-of date."""
    metrics, curves = records(run, compared, version, "challenger" if refusals(findings) else "champion")
    checked = checks(run, compared.winner.tuned.family, version, findings)
    written = {
        MODEL_METRICS: [*metrics, *selection(run, data.selected)],
        MODEL_CURVES: curves,
        MODEL_CHECKS: checked,
        MODEL_FEATURES: features(run, data, version),
    }
    for table, rows in written.items():
        frame = catalog.spark.createDataFrame(rows, table.schema)
        tx.replace(table, frame, [run.as_of], within={"run_id": [run.run_id]})


def _promote(
    tx: Transaction,
    run: Run,
    project: Project,
    catalog: Catalog,
    compared: Comparison,
    version: int,
    manifest: str,
    known: list[Decision],
) -> date:
    """Append the decision and return since when it is in force."""
    chosen = Decision(
        effective_from=run.as_of,
        event_id="",
        version=version,
        family=compared.winner.tuned.family,
        reason=reason(compared, project.temporal),
        manifest=manifest,
        trained_as_of=run.as_of,
        training_run=run.run_id,
    )
    return put_in_force(tx, run, project, catalog, known, chosen).effective_from
