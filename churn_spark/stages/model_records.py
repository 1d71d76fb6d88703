"""What a training run leaves behind, as rows of `model_metrics` and `model_curves` and as values for MLflow."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from churn_spark.definitions.project import Project, Run
from churn_spark.models.curves import Point, importance_points
from churn_spark.models.experiment import Comparison, Material
from churn_spark.models.trial import ALL, BySegment, Trial
from churn_spark.tables.contracts.models import MODEL_CURVES, MODEL_METRICS

STAGE = "train"

Rows = list[tuple[Any, ...]]


def records(as_of: date, compared: Comparison, version: int) -> tuple[Rows, Rows]:
    """The rows of `model_metrics` and of `model_curves` of one training run whose winner became `version`."""
    metrics: Rows = []
    curves: Rows = []
    winner = compared.winner.tuned.family
    for trial in compared.tried:
        family = trial.tuned.family
        mine = version if family == winner else None
        metrics += _metrics(as_of, family, mine, "test", trial.measures)
        metrics += _metrics(as_of, family, mine, "fold", trial.tuned.folds)
        curves += _curves(as_of, family, [*trial.curves, *importance_points(compared.weights[family])])
    metrics += _metrics(as_of, winner, version, "naive", {ALL: compared.naive})
    for name, (measures, points) in compared.baselines.items():
        metrics += _metrics(as_of, name, None, "test", measures)
        curves += _curves(as_of, name, points)
    return metrics, curves


def parameters(project: Project, trial: Trial, found: Material) -> dict[str, object]:
    """What was set or chosen, for MLflow."""
    return {
        **{name: f"{value:g}" for name, value in trial.tuned.parameters.items()},
        "family": trial.tuned.family,
        "calibration": trial.tuned.calibrator.method,
        "folds": project.training.folds,
        "metric": project.training.metric,
        "seed": project.training.seed,
        "features": len(found.features),
        "label": project.label.rule,
        "gap_days": project.periods.gap,
        "performance_days": project.periods.performance,
        "train_first": found.split.train[0],
        "train_last": found.split.train[-1],
        "test_first": found.split.test[0],
        "test_last": found.split.test[-1],
        **found.counts,
    }


def figures(trial: Trial) -> dict[str, float]:
    """The test metrics with their intervals and the tuning scores, for MLflow."""
    return dict(_figures(trial))


def curves_text(points: Sequence[Point]) -> str:
    """Curves as JSON, for MLflow."""
    return json.dumps([asdict(point) for point in points], indent=1)


def kept_facts(run: Run, found: Material, compared: Comparison) -> dict[str, object]:
    """What is kept inside the saved model: where it comes from."""
    return {
        "as_of": run.as_of.isoformat(),
        "parameters": dict(compared.winner.tuned.parameters),
        "snapshots": {name: [day.isoformat() for day in days] for name, days in asdict(found.split).items()},
        "counts": dict(found.counts),
        "left_out": dict(found.left_out),
        "medians": dict(found.preparation.medians),
        "settings_hash": run.settings_hash,
        "code_version": run.code_version,
    }


def _metrics(
    as_of: date, model: str, version: int | None, scope: str, measures: BySegment
) -> Iterator[tuple[Any, ...]]:
    for segment, by_metric in measures.items():
        for metric, measure in by_metric.items():
            row = {
                "as_of_date": as_of,
                "stage": STAGE,
                "model_version": version,
                "model": model,
                "scope": scope,
                "segment": segment,
                "metric": metric,
                "value": _number(measure.value),
                "low": _number(measure.low),
                "high": _number(measure.high),
            }
            yield tuple(row[name] for name in MODEL_METRICS.names)


def _curves(as_of: date, model: str, points: Sequence[Point]) -> Iterator[tuple[Any, ...]]:
    for point in points:
        row = {"as_of_date": as_of, "model": model, **asdict(point)}
        yield tuple(row[name] for name in MODEL_CURVES.names)


def _figures(trial: Trial) -> Iterator[tuple[str, float]]:
    for metric, measure in trial.test.items():
        for name, value in (("", measure.value), ("_low", measure.low), ("_high", measure.high)):
            if _number(value) is not None:
                yield f"test_{metric}{name}", float(value)  # type: ignore[arg-type]
    for method, loss in trial.tuned.calibration_losses.items():
        yield f"fold_log_loss_{method}", loss
    yield "fold_score", max(trial.tuned.scores.values())


def _number(value: float | None) -> float | None:
    """A number a table can hold; NaN (undefined) is null."""
    return None if value is None or math.isnan(value) else float(value)
