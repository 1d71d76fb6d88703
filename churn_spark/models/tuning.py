"""Cross-validation over a grid, in folds grouped by customer, and what is learnt from out-of-fold scores."""

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from multiprocessing.pool import ThreadPool

import numpy as np
from pyspark import inheritable_thread_target
from pyspark.ml import Transformer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Candidate, Training
from churn_spark.models import metrics
from churn_spark.models.calibration import Calibrator, Method, choose
from churn_spark.models.families import named
from churn_spark.models.families.family import RAW_SCORE, VECTORS, WEIGHT, Family
from churn_spark.models.measures import Measure, best_threshold, mean, measured, negative
from churn_spark.models.parsimony import simplest_tied
from churn_spark.models.profit import NOBODY
from churn_spark.models.tally import Tally, needed, tallied, tally, together
from churn_spark.models.target_encoding import keeping_out

log = logging.getLogger("churn_spark.train")

RANKING = ("base_rate", "roc_auc", "average_precision", "lift_at_decile", "precision_at_decile", "recall_at_decile")
DEFAULTS = "defaults"
"""The text of the only point of a grid that varies nothing."""
PARALLEL = 2
"""Models fitted at a time: while one waits for the driver between two passes, another uses the cores."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The chosen point of a candidate's grid and what was learnt from its out-of-fold scores.

    scores: the tuning metric of every point (higher is better), mean over folds, by its text. calibration_losses: the
    cross-validated log loss of each calibration method. threshold: the raw score from which on a customer is called a
    churner: that of the highest profit where there are economics (`profit.NOBODY`: no contact pays), else of the best
    F1. folds: how the point ranks each held-out fold, and under `all` their mean with its interval. pays_from: the
    threshold by profit with its interval; None without economics. chosen: the text of the point.
    """

    family: str
    parameters: Mapping[str, float]
    scores: Mapping[str, float]
    calibrator: Calibrator
    calibration_losses: Mapping[Method, float]
    threshold: float
    folds: Mapping[str, Mapping[str, Measure]]
    pays_from: Measure | None = None
    chosen: str = DEFAULTS

    @property
    def score(self) -> float:
        """The tuning metric of the chosen point."""
        return self.scores[self.chosen]

    @property
    def thresholds(self) -> dict[str, Measure]:
        """The threshold, named by how it was chosen, and the risk there; NaN where no contact pays."""
        chosen = self.pays_from or Measure(self.threshold, None, None, np.empty(0))
        return {
            "threshold_by_profit" if self.pays_from else "threshold_by_f1": _where_known(chosen, float),
            "threshold_risk": _where_known(chosen, lambda score: float(self.calibrator.risk(np.array(score)))),
        }

    @property
    def ranking(self) -> Mapping[str, Measure]:
        """How the folds are ranked, on average."""
        return self.folds["all"]


def _where_known(threshold: Measure, of: Callable[[float], float]) -> Measure:
    """A function of a threshold and of the ends of its interval, of those that are a score and not NOBODY."""
    ends = (threshold.value, threshold.low, threshold.high)
    value, low, high = (None if end is None or end == NOBODY else of(end) for end in ends)
    return Measure(np.nan if value is None else value, low, high, np.empty(0))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A fold scored by a model that did not see it: rows (lazy, with score and risk), and how it scores them."""

    rows: DataFrame
    measures: Mapping[str, Measure]


def tune(training: DataFrame, candidate: Candidate, settings: Training) -> Tuned:
    """Choose a candidate's parameters by mean score over the folds; of those that tie the simplest.

    training: label, fold, part, as_of_date and the prepared vectors, cached. Its dates are mixed: folds part customers
    only.
    """
    points, family = grid(candidate), named(candidate.family)
    held_out = _out_of_fold(training, family, points, settings)
    scores = [_score(folds, settings) for folds in held_out]
    place = simplest_tied(family, points, scores)
    texts = [_text(point, candidate) for point in points]
    out_of_fold = _by_fold([fold.rows for fold in held_out[place]])
    calibrator, losses = choose(out_of_fold)
    pays_from = _pays_from(held_out[place], candidate.family, settings)
    best_f1 = metrics.best_f1_threshold(*out_of_fold.by_score("rows", "churners"))
    return Tuned(
        family=candidate.family,
        parameters=points[place],
        scores={text: score.value for text, score in zip(texts, scores, strict=True)},
        calibrator=calibrator,
        calibration_losses=losses,
        threshold=pays_from.value if pays_from else best_f1,
        folds=_folds(held_out[place]),
        pays_from=pays_from,
        chosen=texts[place],
    )


def grid(candidate: Candidate) -> tuple[dict[str, float], ...]:
    """Every combination of a candidate's grid, completed by the family's defaults, in the order written."""
    names = [name for name, _ in candidate.grid]
    combinations = itertools.product(*(values for _, values in candidate.grid))
    defaults = named(candidate.family).defaults
    return tuple({**defaults, **dict(zip(names, values, strict=True))} for values in combinations)


def fitted(training: DataFrame, family: Family, parameters: Mapping[str, float], seed: int) -> Transformer:
    """A model of the family learnt from all rows given, each with its weight where there are weights."""
    weight = [WEIGHT] if WEIGHT in training.columns else []
    return family.fit(training.select("label", *weight, *family.inputs), parameters, seed)


def scored(rows: DataFrame, family: Family, model: Transformer, calibrator: Calibrator) -> DataFrame:
    """Add `score` (raw) and `risk` (calibrated) to prepared rows and keep all of their columns but the vectors."""
    kept = [name for name in rows.columns if name not in VECTORS]
    scores = family.raw_score(model, rows).select(*kept, F.col(RAW_SCORE).alias("score"))
    return scores.withColumn("risk", calibrator.column("score"))


def _out_of_fold(
    training: DataFrame, family: Family, points: Sequence[Mapping[str, float]], settings: Training
) -> list[list[HeldOut]]:
    """For each point and fold the scores of its rows by a model that did not see the fold."""
    tasks = [(point, fold) for point in range(len(points)) for fold in range(settings.folds)]
    done = itertools.count(1)

    @inheritable_thread_target(training.sparkSession)
    def held_out(task: tuple[int, int]) -> HeldOut:
        point, fold = task
        rows = keeping_out(training, fold)
        model = fitted(rows.where(F.col("fold") != fold), family, points[point], settings.seed)
        log.info("%s: %d of %d models of the search fitted", family.name, next(done), len(tasks))
        of_fold = scored(rows.where(F.col("fold") == fold), family, model, Calibrator("none"))
        return HeldOut(of_fold, measured(tallied(of_fold), settings.bootstrap, settings.seed))

    with ThreadPool(PARALLEL) as pool:
        predicted = dict(zip(tasks, pool.map(held_out, tasks, chunksize=1), strict=True))
    return [[predicted[point, fold] for fold in range(settings.folds)] for point in range(len(points))]


def _by_fold(folds: Sequence[DataFrame]) -> Tally:
    rows = needed(reduce(DataFrame.unionByName, folds), "fold").persist()
    try:
        return tally(rows, "fold")
    finally:
        rows.unpersist()


def _pays_from(folds: Sequence[HeldOut], family: str, settings: Training) -> Measure | None:
    """The raw score from which on contacting brings the highest profit on the held-out folds together."""
    if settings.economics is None:
        return None
    by_group = together([tallied(fold.rows) for fold in folds])
    found = best_threshold(by_group, settings.bootstrap, settings.seed, settings.economics)
    if found.value == NOBODY:
        log.warning("%s: over the folds no contact pays (economics), so its threshold leaves everybody alone", family)
    return found


def _folds(held_out: Sequence[HeldOut]) -> dict[str, dict[str, Measure]]:
    """How each held-out fold is ranked, and under `all` the mean: scores of two folds come from two models, so rows are
    ranked within their fold only.
    """
    by_fold = {f"fold {n}": _of_rank(fold.measures) for n, fold in enumerate(held_out)}
    return {"all": {name: mean([fold[name] for fold in by_fold.values()]) for name in RANKING}, **by_fold}


def ranking(fold: Tally, settings: Training) -> dict[str, Measure]:
    """The metrics of rank of a tally by group of customers; those of probabilities would be of uncalibrated scores."""
    return _of_rank(measured(fold, settings.bootstrap, settings.seed))


def _of_rank(measures: Mapping[str, Measure]) -> dict[str, Measure]:
    return {name: measure for name, measure in measures.items() if name in RANKING}


def _score(folds: Sequence[HeldOut], settings: Training) -> Measure:
    """The mean over folds of the tuning metric, signed so that higher is better."""
    over_folds = mean([fold.measures[settings.metric] for fold in folds])
    return negative(over_folds) if settings.metric == "log_loss" else over_folds


def _text(point: Mapping[str, float], candidate: Candidate) -> str:
    """The values the grid varies, as `depth=6, trees=100`; DEFAULTS where it names none."""
    return ", ".join(f"{name}={point[name]:g}" for name, _ in sorted(candidate.grid)) or DEFAULTS
