"""A candidate on trial: tuned on the training snapshots, measured on an untouched test, compared, refitted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from pyspark.ml import Model, PipelineModel
from pyspark.ml.stat import Summarizer
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Candidate, Family, Training
from churn_spark.models.curves import Point, curves
from churn_spark.models.drift import population_stability_index
from churn_spark.models.families import INPUTS, LOGGED, SIMPLEST_FIRST, importances, score_of_churn
from churn_spark.models.measures import Measure, by_snapshot, difference, measured
from churn_spark.models.preparation import Preparation
from churn_spark.models.split import Split
from churn_spark.models.tally import Tally, tally
from churn_spark.models.tuning import Tuned, fitted, scored, tune

NAIVE_TRAINING_SHARE = 0.7
ALL = "all"

BySegment = Mapping[str, Mapping[str, Measure]]
"""Measures by segment (`all` or the ISO date of a snapshot), then by metric."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A tuned candidate, its model learnt from the training snapshots, and what the test says of it."""

    tuned: Tuned
    model: Model
    measures: BySegment
    curves: Sequence[Point]

    @property
    def test(self) -> Mapping[str, Measure]:
        """The metrics on the whole test."""
        return self.measures[ALL]


def on_trial(rows: DataFrame, candidate: Candidate, split: Split, settings: Training) -> Trial:
    """Tune a candidate, learn from the training snapshots and measure on the test ones.

    rows: the cached training set (`training_set`) of all matured snapshots.
    """
    training, test = of(rows, split.train), of(rows, split.test)
    tuned = tune(training, candidate, settings)
    model = fitted(training, tuned.family, tuned.parameters, settings.seed)
    tested = tallied(scored(test, model, tuned.calibrator))
    return Trial(tuned, model, _by_segment(tested, settings, tuned.threshold), curves(tested))


def ranked_alone(rows: DataFrame, score: Column, settings: Training) -> tuple[BySegment, list[Point]]:
    """The measures and curves of a score without any fitting (a baseline: it ranks, but gives no risk).

    rows: as_of_date, label, part and what `score` needs; a null score counts as the highest.
    """
    highest = F.coalesce(score.cast("double"), F.lit(float(np.finfo(float).max)))
    found = tallied(rows.withColumn("score", highest).withColumn("risk", F.lit(None).cast("double")))
    return _by_segment(found, settings, None), curves(found)


def naively(rows: DataFrame, trial: Trial, settings: Training) -> Mapping[str, Measure]:
    """What a random split of the same rows would have claimed: a customer's near copies on both sides, test weeks mixed
    in.

    It shows by how much careless validation flatters; nothing is chosen by it.
    """
    drawn = F.pmod(F.xxhash64(F.lit(settings.seed), "customer_id", "as_of_date"), F.lit(1000)) / 1000
    teaches = drawn < NAIVE_TRAINING_SHARE
    model = fitted(rows.where(teaches), trial.tuned.family, trial.tuned.parameters, settings.seed)
    found = tallied(scored(rows.where(~teaches), model, trial.tuned.calibrator))
    return measured(found, settings.bootstrap, settings.seed, trial.tuned.threshold)


def better(trials: Sequence[Trial]) -> tuple[Trial, str]:
    """The trial with the highest average precision on the test, and why; within one standard error the simpler one.

    The standard error is that of the difference of two candidates over the same resampled customers.
    """
    simplest_first = sorted(trials, key=lambda trial: SIMPLEST_FIRST.index(trial.tuned.family))
    best = max(simplest_first, key=lambda trial: trial.test["average_precision"].value)
    for trial in simplest_first:
        gap, error = difference(best.test["average_precision"], trial.test["average_precision"])
        if trial is best:
            break
        if gap < error:
            return trial, (
                f"average precision {trial.test['average_precision'].value:.3f} on the test: {best.tuned.family} has"
                f" {gap:.3f} more, within one standard error ({error:.3f}), and {trial.tuned.family} is simpler"
            )
    others = ", ".join(
        f"{trial.tuned.family} {trial.test['average_precision'].value:.3f}" for trial in trials if trial is not best
    )
    told = f"average precision {best.test['average_precision'].value:.3f} on the test"
    return best, f"{told}, against {others}" if others else f"{told}, the only candidate"


def pipeline(preparation: Preparation, family: Family, model: Model) -> PipelineModel:
    """The whole way from features to the model's scores."""
    return PipelineModel([*preparation.stages(LOGGED[family]), model])


def score_drift(population: DataFrame, preparation: Preparation, tested: Trial, refitted: Model) -> float:
    """Population stability index of the refitted model's raw scores against the tested one's, on one population.

    population: as_of_date and the features, one row a customer.
    """
    logged = LOGGED[tested.tuned.family]
    inputs = PipelineModel([*preparation.stages(logged)]).transform(population).select(INPUTS[logged])
    expected = tested.model.transform(inputs).select(INPUTS[logged], score_of_churn().alias("expected"))
    scores = refitted.transform(expected).select("expected", score_of_churn().alias("compared")).persist()
    try:
        return population_stability_index(scores)
    finally:
        scores.unpersist()


def weights(rows: DataFrame, preparation: Preparation, trial: Trial) -> dict[str, float]:
    """The importance of every input of a trial's model, by its name."""
    inputs = INPUTS[LOGGED[trial.tuned.family]]
    deviations = np.ones(len(preparation.slots))
    if trial.tuned.family == "logistic_regression":
        deviations = rows.select(Summarizer.std(F.col(inputs)).alias("std")).collect()[0]["std"].toArray()
    found = importances(trial.model, deviations)
    return dict(zip(preparation.slots, found.tolist(), strict=True))


def of(rows: DataFrame, snapshots: Collection[date]) -> DataFrame:
    """The rows of some snapshots."""
    return rows.where(F.col("as_of_date").isin(*snapshots))


def tallied(rows: DataFrame) -> Tally:
    """The tally of scored rows by group of customers, computing their scores once."""
    kept = rows.select("as_of_date", "label", "part", "score", "risk").persist()
    try:
        return tally(kept, "part")
    finally:
        kept.unpersist()


def _by_segment(tested: Tally, settings: Training, threshold: float | None) -> dict[str, dict[str, Measure]]:
    segments = {ALL: tested, **by_snapshot(tested)}
    return {name: measured(each, settings.bootstrap, settings.seed, threshold) for name, each in segments.items()}
