"""Training: candidates are tuned, tested on the newest matured snapshots, and the better of them becomes champion."""

import json
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.models.baselines import baselines
from churn_spark.models.card import Facts, candidates_text, card
from churn_spark.models.curves import importance_points
from churn_spark.models.experiment import Comparison, Material, compare, deploy, material
from churn_spark.models.registry import Registry
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.split import split
from churn_spark.stages import training_snapshots as snapshots
from churn_spark.stages.model_records import curves_text, figures, kept_facts, parameters, records
from churn_spark.stages.model_registry import registry_of
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS, MODEL_CURVES, MODEL_METRICS

log = logging.getLogger("churn_spark.train")


def train(run: Run, project: Project, catalog: Catalog) -> None:
    """Train, test and register the better of the candidates, and put it in force from the run's as-of date."""
    registry = registry_of(project, catalog)
    with ThreadPoolExecutor(max_workers=1) as background:
        # A store that cannot be reached must end the run before the first fit, and reaching it takes as long as this.
        reached = background.submit(registry.open)
        found = _material(run, project, catalog)
        reached.result()
    try:
        known = baselines(project.features, project.label, found.features)
        compared = compare(found, project.training, known)
        log.info("tested on %s: %s", listed(found.split.test), candidates_text(compared.tried))
        log.info("%s wins: %s", compared.winner.tuned.family, compared.reason)
        model, text = _deployed(run, project, catalog, found, compared)
    finally:
        found.rows.unpersist()
    runs = {family: _log(run, project, registry, found, compared, family) for family in compared.weights}
    catalog.begin(run, {MODEL_METRICS: [run.as_of], MODEL_CURVES: [run.as_of]})
    version, manifest = registry.register(runs[model.family], model, text, {"as_of": run.as_of.isoformat()})
    _write(run, catalog, compared, version)
    _crown(run, project, catalog, compared, version, manifest)
    log.info("%s version %d is in force from %s on", project.model_name, version, run.as_of)


def _material(run: Run, project: Project, catalog: Catalog) -> Material:
    """The snapshots that may teach and test, read and prepared."""
    days = snapshots.on_grid(project, run.as_of)
    ready = snapshots.ready(project, catalog, days)
    missing = sorted(set(days) - set(ready))
    if missing:
        log.warning(
            "%d matured snapshots have no features or labels, or stale ones, and teach nothing: %s; to build them:"
            " churn-spark backfill %s",
            len(missing),
            listed(missing),
            catalog.arguments,
        )
    parts = split(ready, project.periods, run.as_of, project.training.test_snapshots)
    used, left_out = snapshots.equal_features(project, catalog, parts.refit)
    labelled = snapshots.labelled(project, catalog, parts.refit, used)
    found = material(labelled, parts, used, left_out, project.training)
    for name, why in sorted(found.left_out.items()):
        log.info("left out %s: %s", name, why)
    log.info(
        "%d features; %d rows (%d churners) of %d snapshots teach, %d rows (%d churners) of %d test",
        len(found.features),
        found.counts["train_rows"],
        found.counts["train_churners"],
        len(parts.train),
        found.counts["test_rows"],
        found.counts["test_churners"],
        len(parts.test),
    )
    return found


def _deployed(
    run: Run, project: Project, catalog: Catalog, found: Material, compared: Comparison
) -> tuple[RiskModel, str]:
    """The winner learnt anew from all matured snapshots, and its card."""
    day, population = snapshots.newest_population(project, catalog, run.as_of, found.features)
    facts = kept_facts(run, found, compared)
    model, drift = deploy(found, compared.winner, project.training, population, facts)
    log.info("refitted on %d snapshots; its scores of %s moved by %.3f (PSI)", len(found.split.refit), day, drift)
    told = Facts(
        as_of=run.as_of,
        split=found.split,
        features=found.features,
        left_out=found.left_out,
        counts=found.counts,
        reason=compared.reason,
        baselines={name: measures["all"] for name, (measures, _) in compared.baselines.items()},
        naive=compared.naive,
        drift=drift,
        population=day,
        code_version=run.code_version,
    )
    return model, card(project, compared.winner, told)


def _log(run: Run, project: Project, registry: Registry, found: Material, compared: Comparison, family: str) -> str:
    """Log one candidate to MLflow, the losing one too."""
    trial = next(trial for trial in compared.tried if trial.tuned.family == family)
    points = [*trial.curves, *importance_points(compared.weights[family])]
    tags = {"project": project.name, "run_id": run.run_id, "code_version": run.code_version}
    texts: Mapping[str, str] = {
        "curves.json": curves_text(points),
        "features.json": json.dumps(dict(found.features), indent=1),
        "left_out.json": json.dumps(dict(found.left_out), indent=1),
    }
    name = f"{run.as_of.isoformat()} {family}"
    return registry.log(name, parameters(project, trial, found), figures(trial), tags, texts)


def _write(run: Run, catalog: Catalog, compared: Comparison, version: int) -> None:
    """Replace the metrics and curves of the as-of date."""
    metrics, curves = records(run.as_of, compared, version)
    spark = catalog.spark
    catalog.replace(MODEL_METRICS, spark.createDataFrame(metrics, MODEL_METRICS.schema), run, [run.as_of])
    catalog.replace(MODEL_CURVES, spark.createDataFrame(curves, MODEL_CURVES.schema), run, [run.as_of])


def _crown(run: Run, project: Project, catalog: Catalog, compared: Comparison, version: int, manifest: str) -> None:
    """Append the decision: of several from one as-of date the highest version counts."""
    decision = {
        "event_id": f"{run.as_of.isoformat()}-{version:08d}-{run.run_id}",
        "model_name": project.model_name,
        "model_version": version,
        "effective_from": run.as_of,
        "family": compared.winner.tuned.family,
        "reason": compared.reason,
        "manifest": manifest,
    }
    row = tuple(decision[name] for name in CHAMPIONS.names)
    catalog.append(CHAMPIONS, catalog.spark.createDataFrame([row], CHAMPIONS.schema), run)
