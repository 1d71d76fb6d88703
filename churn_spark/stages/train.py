"""Training: candidates are compared over folds, tested on what they have not seen, and the best becomes champion."""

import json
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.gate import Finding
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.models.baselines import baselines, substitutes
from churn_spark.models.card import Facts, card
from churn_spark.models.choice import candidates_text
from churn_spark.models.curves import importance_points
from churn_spark.models.experiment import Comparison, TrainingData, compare, deploy, with_selected
from churn_spark.models.registry import Registry
from churn_spark.models.risk_model import RiskModel
from churn_spark.stages.expected_value import fitted_value
from churn_spark.stages.refusals import refuse_ahead_of_ingest, refuse_past_data
from churn_spark.stages.stage import Stage
from churn_spark.stages.training import snapshots
from churn_spark.stages.training.champions import Decision, decisions, newest, refuse_older
from churn_spark.stages.training.gating import gate_findings
from churn_spark.stages.training.leak_checks import leak_findings
from churn_spark.stages.training.outcome import decide, refuse_first
from churn_spark.stages.training.prepared import prepared
from churn_spark.stages.training.records import curves_text, figures, model_facts, parameters
from churn_spark.stages.training.registry import registry_of
from churn_spark.stages.training.segments import segment_measures
from churn_spark.stages.training.survival import fitted_survival
from churn_spark.stages.training.tested import plain_measures
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS, MODEL_CHECKS, MODEL_CURVES, MODEL_FEATURES, MODEL_METRICS

log = logging.getLogger("churn_spark.train")


def train(run: Run, project: Project, catalog: Catalog) -> None:
    """Train, test and register the best of the candidates, and put it in force from the next date not scored yet.

    ModelError where it is no better than chance or than a score without fitting, unless the configuration accepts that;
    its figures are in MLflow either way.
    """
    refuse_ahead_of_ingest(catalog, [run.as_of])
    refuse_past_data(project, catalog, [run.as_of])
    earlier = decisions(project, catalog)
    refuse_older(earlier, run.as_of)
    registry = registry_of(project, catalog)
    with ThreadPoolExecutor(max_workers=1) as background:
        # A store that cannot be reached must end the run before the first fit, and reaching it takes as long as this.
        reached = background.submit(registry.open)
        data = prepared(run, project, catalog)
        reached.result()
    try:
        # Of all features, so that a leak ends the run before anything is learnt, and none is dropped unseen.
        checked = leak_findings(run, project, catalog, data)
        data = with_selected(data, project.training)
        if data.selected:
            log.info("selected %d of %d features", len(data.features), len(data.varying))
        for name, why in sorted(data.selected.dropped.items() if data.selected else ()):
            log.info("left out %s: %s", name, why.text)
        simple_scores = baselines(project.features, project.label, data.varying)
        if other := substitutes(project.features, project.label, data.varying):
            log.info(other)
        compared = compare(data, project.training, simple_scores)
        log.info("tested on %s: %s", listed(data.split.test), candidates_text(compared.tried))
        log.info("%s wins: %s", compared.winner.tuned.family, compared.reason)
        # Before anything is refused, so that the figures of a refused training can be looked at.
        runs = {family: _log_candidate(run, project, registry, data, compared, family) for family in compared.weights}
        log.info("metrics and curves are in MLflow: %s", ", ".join(f"{of} run {run_id}" for of, run_id in runs.items()))
        champion = newest(earlier)
        _refuse_weak(project, compared, champion)
        compared = _measured_further(project, catalog, data, compared)
        findings = checked + gate_findings(project, catalog, registry, data, compared.winner, champion)
        refuse_first(findings, champion)
        value, found = fitted_value(project, catalog, run.as_of)
        survival, tested = fitted_survival(project, catalog, data, run.as_of)
        findings += [*found, *tested]
        model, text = _refitted(run, project, catalog, data, compared, findings, champion)
    finally:
        data.rows.unpersist()
    fitted = replace(model, value=value, survival=survival)
    registered = partial(registry.register, runs[model.family], fitted, text)
    decide(run, project, catalog, data, compared, findings, champion, registered)


def _measured_further(project: Project, catalog: Catalog, data: TrainingData, compared: Comparison) -> Comparison:
    """The comparison with the winner's test by customer segment, and with the customers who were acted upon."""
    return replace(
        compared,
        by_segment=segment_measures(project, catalog, data, compared.winner),
        plain=plain_measures(project, catalog, data, compared.winner),
    )


def _refuse_weak(project: Project, compared: Comparison, champion: Decision | None) -> None:
    """ModelError where the winner is not good enough to be in force; a warning where the configuration accepts it."""
    family = compared.winner.tuned.family
    if compared.winner.tuned.calibrator.flat:
        log.warning("the score of %s does not order its folds: everybody gets the same risk, the base rate", family)
    if not compared.weaknesses:
        return
    weak = f"{family} {', and '.join(compared.weaknesses)}"
    if project.training.accept_weak:
        log.warning("%s; it goes in force nevertheless (training.accept_weak)", weak)
        return
    kept = f"version {champion.version} stays in force" if champion else "no model is in force"
    raise ModelError(
        f"{weak}; {kept}. Longer history, more customers, other features or another label may give more to learn"
        " from; to put such a model in force nevertheless: training.accept_weak: true"
    )


def _refitted(
    run: Run,
    project: Project,
    catalog: Catalog,
    data: TrainingData,
    compared: Comparison,
    findings: Sequence[Finding],
    champion: Decision | None,
) -> tuple[RiskModel, str]:
    """The winner refitted on all matured snapshots, and its card."""
    day, population = snapshots.newest_population(project, catalog, run.as_of, data.features)
    facts = model_facts(run, project, data, compared)
    replaced = champion.version if champion else None
    model, drift = deploy(data, compared.winner, project.training, population, facts, replaced)
    limit = project.training.max_score_drift
    log.info("refitted on %d snapshots; its scores of %s: %s", len(data.split.refit), day, drift.described(limit))
    if drift.index > limit:
        log.warning(
            "its scores moved more than training.max_score_drift: %s",
            ", and ".join(drift.faults(limit)) or "it ranks alike, and the base rate explains its level",
        )
    shown = Facts(
        as_of=run.as_of,
        split=data.split,
        features=data.features,
        left_out=data.left_out,
        counts=data.counts,
        reason=compared.reason,
        baselines={name: measures["all"] for name, (measures, _) in compared.baselines.items()},
        naive=compared.naive,
        plain=compared.plain,
        moved=drift.described(limit),
        population=day,
        code_version=run.code_version,
        substitutes=substitutes(project.features, project.label, data.varying),
        weaknesses=compared.weaknesses,
        checks=[f"{finding.outcome}: {finding.text}" for finding in findings],
    )
    return model, card(project, compared.winner, shown)


def _log_candidate(
    run: Run, project: Project, registry: Registry, data: TrainingData, compared: Comparison, family: str
) -> str:
    """Log one candidate to MLflow, whether or not it won; return the id of its MLflow run."""
    trial = next(trial for trial in compared.tried if trial.tuned.family == family)
    points = [*trial.curves, *importance_points(compared.weights[family])]
    tags = {"project": project.name, "run_id": run.run_id, "code_version": run.code_version}
    texts: Mapping[str, str] = {
        "curves.json": curves_text(points),
        "features.json": json.dumps(dict(data.features), indent=1),
        "left_out.json": json.dumps(dict(data.left_out), indent=1),
    }
    name = f"{run.as_of.isoformat()} {family}"
    return registry.log(name, parameters(project, trial, data), figures(trial), tags, texts)


TRAIN = Stage(
    name="train",
    summary="Train, test and register the models; the best of the candidates becomes champion.",
    work=train,
    writes=lambda project: (MODEL_METRICS, MODEL_CURVES, MODEL_CHECKS, MODEL_FEATURES, CHAMPIONS),
    schedule="0 7 * * 1",
)
