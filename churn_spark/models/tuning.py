"""Cross-validation over a grid, in folds grouped by customer, and what out-of-fold scores teach."""

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from multiprocessing.pool import ThreadPool

import numpy as np
from pyspark import inheritable_thread_target
from pyspark.ml import Model
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Candidate, Family, Training
from churn_spark.models import metrics
from churn_spark.models.calibration import Calibrator, Method, choose
from churn_spark.models.families import INPUTS, LOGGED, estimator, grid, score_of_churn
from churn_spark.models.measures import Measure, measured
from churn_spark.models.tally import Tally, tally

log = logging.getLogger("churn_spark.train")

RANKING = ("base_rate", "roc_auc", "average_precision", "lift_at_decile", "precision_at_decile", "recall_at_decile")
PARALLEL = 2
"""Models fitted at a time: while one waits for the driver between two passes, another uses the cores."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The best point of a candidate's grid and what its out-of-fold scores taught.

    scores: the tuning metric of every point (higher is better), mean over folds, by its text. calibration_losses: the
    cross-validated log loss of each calibration method. threshold: the raw score with the best F1. folds: how the point
    ranks each held-out fold.
    """

    family: Family
    parameters: Mapping[str, float]
    scores: Mapping[str, float]
    calibrator: Calibrator
    calibration_losses: Mapping[Method, float]
    threshold: float
    folds: Mapping[str, Mapping[str, Measure]]


def tune(training: DataFrame, candidate: Candidate, settings: Training) -> Tuned:
    """Choose a candidate's parameters by mean score over the folds (of equals the first in the grid).

    training: label, fold, as_of_date and the prepared vectors, cached. Its dates are mixed: folds part customers only.
    """
    points = grid(candidate)
    tallies = _out_of_fold(training, candidate.family, points, settings)
    scores = [_score(out_of_fold, settings) for out_of_fold in tallies]
    best = int(np.argmax(scores))
    calibrator, losses = choose(tallies[best])
    return Tuned(
        family=candidate.family,
        parameters=points[best],
        scores={_text(point, candidate): score for point, score in zip(points, scores, strict=True)},
        calibrator=calibrator,
        calibration_losses=losses,
        threshold=metrics.best_f1_threshold(*tallies[best].by_score("rows", "churners")),
        folds={f"fold {fold}": _ranking(_of_fold(tallies[best], fold), settings) for fold in range(settings.folds)},
    )


def fitted(training: DataFrame, family: Family, parameters: Mapping[str, float], seed: int) -> Model:
    """A model of the family learnt from all rows given."""
    return estimator(family, parameters, seed).fit(training.select("label", INPUTS[LOGGED[family]]))


def scored(rows: DataFrame, model: Model, calibrator: Calibrator) -> DataFrame:
    """Add `score` (raw) and `risk` (calibrated) to prepared rows and keep all of their columns but the vectors."""
    kept = [name for name in rows.columns if name not in INPUTS.values()]
    found = model.transform(rows).select(*kept, score_of_churn().alias("score"))
    return found.withColumn("risk", calibrator.column("score"))


def _out_of_fold(
    training: DataFrame, family: Family, points: Sequence[Mapping[str, float]], settings: Training
) -> list[Tally]:
    """For each point the tally, by fold, of scores by models that did not see the row's fold."""
    tasks = [(point, fold) for point in range(len(points)) for fold in range(settings.folds)]
    done = itertools.count(1)

    @inheritable_thread_target(training.sparkSession)
    def held_out(task: tuple[int, int]) -> DataFrame:
        point, fold = task
        model = fitted(training.where(F.col("fold") != fold), family, points[point], settings.seed)
        log.info("%s: %d of %d models of the search fitted", family, next(done), len(tasks))
        return scored(training.where(F.col("fold") == fold), model, Calibrator("none"))

    with ThreadPool(PARALLEL) as pool:
        predicted = dict(zip(tasks, pool.map(held_out, tasks, chunksize=1), strict=True))
    return [_tallied([predicted[point, fold] for fold in range(settings.folds)]) for point in range(len(points))]


def _tallied(folds: Sequence[DataFrame]) -> Tally:
    rows = reduce(DataFrame.unionByName, folds).select("as_of_date", "label", "fold", "score", "risk").persist()
    try:
        return tally(rows, "fold")
    finally:
        rows.unpersist()


def _of_fold(out_of_fold: Tally, fold: int) -> Tally:
    """The scores of one held-out fold."""
    return out_of_fold.where(out_of_fold.part == fold)


def _ranking(fold: Tally, settings: Training) -> dict[str, Measure]:
    """The metrics of rank; those of probabilities would be of uncalibrated scores."""
    return {name: m for name, m in measured(fold, 0, settings.seed).items() if name in RANKING}


def _score(out_of_fold: Tally, settings: Training) -> float:
    """The mean over folds of the tuning metric, signed so that higher is better."""
    return float(np.mean([_fold_score(_of_fold(out_of_fold, fold), settings) for fold in range(settings.folds)]))


def _fold_score(fold: Tally, settings: Training) -> float:
    _, rows, churners, losses = fold.by_score("rows", "churners", "log_loss")
    if settings.metric == "log_loss":
        return -float(metrics.mean_loss(losses, rows))
    return float(metrics.average_precision(rows, churners))


def _text(point: Mapping[str, float], candidate: Candidate) -> str:
    """The values the grid varies, as `depth=6, trees=100`; `defaults` where it names none."""
    return ", ".join(f"{name}={point[name]:g}" for name, _ in sorted(candidate.grid)) or "defaults"
