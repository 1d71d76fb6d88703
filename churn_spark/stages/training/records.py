"""What a training run leaves behind, as rows of `model_metrics` and `model_curves` and as values for MLflow."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from churn_spark.definitions.gate import Finding
from churn_spark.definitions.modelling import Role
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.label_hashes import label_hash
from churn_spark.models.choice import COMPARED
from churn_spark.models.curves import Point, importance_points
from churn_spark.models.experiment import Comparison, TrainingData
from churn_spark.models.measures import Measure
from churn_spark.models.selection.elimination import FAMILY
from churn_spark.models.selection.select import Selected
from churn_spark.models.trial import ALL, BySegment, Trial
from churn_spark.stages.training.feature_records import selection_facts
from churn_spark.tables.contracts.models import MODEL_CHECKS, MODEL_CURVES, MODEL_METRICS

STAGE = "train"
LABEL = "label_hash"
"""Among the facts of a saved model, the hash of the label that it learnt."""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Measured:
    """A model or baseline as its rows name it; version: of the registered model, None where it is not registered."""

    name: str
    role: Role
    version: int | None = None


def records(run: Run, compared: Comparison, version: int, role: Role = "champion") -> tuple[Rows, Rows]:
    """The rows of `model_metrics` and of `model_curves` of one training run whose winner was registered as `version`.

    role: champion, or challenger where the winner does not go in force.
    """
    metrics: Rows = []
    curves: Rows = []
    for trial in compared.tried:
        family = trial.tuned.family
        model = _Measured(family, role, version) if trial is compared.winner else _Measured(family, "candidate")
        metrics += _metrics(run, model, "test", trial.measures)
        metrics += _metrics(run, model, "fold", trial.tuned.folds)
        metrics += _metrics(run, model, "backtest", trial.backtest)
        metrics += _metrics(run, model, "fold", {ALL: trial.tuned.thresholds})
        curves += _curves(
            run, model, [*trial.curves, *importance_points(compared.weights[family]), *compared.shapes[family]]
        )
    winner = _Measured(compared.winner.tuned.family, role, version)
    metrics += _metrics(run, winner, "test", compared.by_segment)
    metrics += _metrics(run, winner, "naive", {ALL: compared.naive})
    metrics += _metrics(run, winner, "plain", {ALL: compared.plain})
    for name, (measures, points) in compared.baselines.items():
        metrics += _metrics(run, _Measured(name, "baseline"), "test", measures)
        curves += _curves(run, _Measured(name, "baseline"), points)
    return metrics, curves


def checks(run: Run, family: str, version: int, findings: Sequence[Finding]) -> Rows:
    """The rows of `model_checks` of one training run."""
    rows: Rows = []
    for finding in findings:
        row = {
            **asdict(finding),
            "as_of_date": run.as_of,
            "run_id": run.run_id,
            "model_version": version,
            "model": family,
            "value": _number(finding.value),
            "limit": _number(finding.limit),
        }
        rows.append(tuple(row[name] for name in MODEL_CHECKS.names))
    return rows


def selection(run: Run, selected: Selected | None) -> Rows:
    """The rows of `model_metrics` on the quality by the number of features, and on the number that was chosen."""
    if selected is None:
        return []
    by_size = {str(size.features): {COMPARED: size.quality} for size in selected.curve}
    chosen = {"chosen": {"features": Measure(float(selected.size), None, None, np.empty(0))}}
    return [*_metrics(run, _Measured(FAMILY.name, "candidate"), "selection", {**by_size, **chosen})]


def parameters(project: Project, trial: Trial, data: TrainingData) -> dict[str, object]:
    """What was set or chosen, for MLflow."""
    return {
        **{name: f"{value:g}" for name, value in trial.tuned.parameters.items()},
        "family": trial.tuned.family,
        "calibration": trial.tuned.calibrator.method,
        "threshold": "f1" if trial.tuned.pays_from is None else "profit",
        "folds": project.training.folds,
        "metric": project.training.metric,
        "seed": project.training.seed,
        "features": len(data.features),
        "label": project.label.rule,
        "gap_days": project.periods.gap,
        "performance_days": project.periods.performance,
        "train_first": data.split.train[0],
        "train_last": data.split.train[-1],
        "test_first": data.split.test[0],
        "test_last": data.split.test[-1],
        "temporal": data.split.temporal,
        **data.counts,
    }


def figures(trial: Trial) -> dict[str, float]:
    """The test metrics with their intervals, those of the backtest and the tuning scores, for MLflow."""
    return dict(_figures(trial))


def curves_text(points: Sequence[Point]) -> str:
    """Curves as JSON, for MLflow."""
    return json.dumps([{**asdict(point), "x": _number(point.x)} for point in points], indent=1)


def model_facts(run: Run, project: Project, data: TrainingData, compared: Comparison) -> dict[str, object]:
    """What the saved model says of where it comes from."""
    dates = {"train": data.split.train, "test": data.split.test, "refit": data.split.refit}
    return {
        "as_of": run.as_of.isoformat(),
        "run_id": run.run_id,
        LABEL: label_hash(project),
        "parameters": dict(compared.winner.tuned.parameters),
        "snapshots": {name: [day.isoformat() for day in days] for name, days in dates.items()},
        "temporal": data.split.temporal,
        "counts": dict(data.counts),
        "left_out": dict(data.left_out),
        "selection": selection_facts(data.selected),
        "medians": dict(data.preparation.medians),
        "settings_hash": run.settings_hash,
        "code_version": run.code_version,
    }


def _metrics(run: Run, model: _Measured, scope: str, measures: BySegment) -> Iterator[tuple[Any, ...]]:
    for segment, by_metric in measures.items():
        for metric, measure in by_metric.items():
            row = {
                "as_of_date": run.as_of,
                "run_id": run.run_id,
                "stage": STAGE,
                "model_version": model.version,
                "model": model.name,
                "role": model.role,
                "scope": scope,
                "segment": segment,
                "metric": metric,
                "value": _number(measure.value),
                "low": _number(measure.low),
                "high": _number(measure.high),
            }
            yield tuple(row[name] for name in MODEL_METRICS.names)


def _curves(run: Run, model: _Measured, points: Sequence[Point]) -> Iterator[tuple[Any, ...]]:
    for point in points:
        row = {
            "as_of_date": run.as_of,
            "run_id": run.run_id,
            "model_version": model.version,
            "model": model.name,
            "role": model.role,
            **asdict(point),
            "x": _number(point.x),
        }
        yield tuple(row[name] for name in MODEL_CURVES.names)


def _figures(trial: Trial) -> Iterator[tuple[str, float]]:
    for metric, measure in trial.test.items():
        for name, value in (("", measure.value), ("_low", measure.low), ("_high", measure.high)):
            if _number(value) is not None:
                yield f"test_{metric}{name}", float(value)  # type: ignore[arg-type]
    for metric, measure in trial.backtest.get(ALL, {}).items():
        if _number(measure.value) is not None:
            yield f"backtest_{metric}", measure.value
    for method, loss in trial.tuned.calibration_losses.items():
        yield f"fold_log_loss_{method}", loss
    yield "fold_score", trial.tuned.score


def _number(value: float | None) -> float | None:
    """A number for a table; NaN (undefined) is null."""
    return None if value is None or math.isnan(value) else float(value)
