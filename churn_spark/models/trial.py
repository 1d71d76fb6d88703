"""A candidate on trial: tuned on the training snapshots, measured on an untouched test, compared, refitted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pyspark.ml import PipelineModel, Transformer
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Candidate, Training
from churn_spark.models.backtest import backtest
from churn_spark.models.curves import Point, curves
from churn_spark.models.families import named
from churn_spark.models.families.family import Family
from churn_spark.models.measures import Measure, by_snapshot, measured
from churn_spark.models.preparation import Preparation
from churn_spark.models.split import Split
from churn_spark.models.tally import Tally, tallied
from churn_spark.models.training_set import in_test, in_training
from churn_spark.models.tuning import Tuned, fitted, scored, tune

NAIVE_TRAINING_SHARE = 0.7
ALL = "all"
NOT_TEMPORAL = "not temporal"
"""The segment of a test on customers held out of the one date there is."""

BySegment = Mapping[str, Mapping[str, Measure]]
"""Measures by segment (`all` or the ISO date of a snapshot), then by metric."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A tuned candidate, its model fitted on the training snapshots, and how it does on the test.

    backtest: how it ranks each snapshot of the walk-forward backtest, and under `all` the mean; empty without one.
    """

    tuned: Tuned
    model: Transformer
    measures: BySegment
    curves: Sequence[Point]
    backtest: BySegment = field(default_factory=dict)

    @property
    def test(self) -> Mapping[str, Measure]:
        """The metrics on the whole test."""
        return self.measures[ALL]


def run_trial(rows: DataFrame, candidate: Candidate, split: Split, settings: Training) -> Trial:
    """Tune a candidate, take it through the backtest, fit it on the training snapshots and measure it on the test ones.

    rows: the cached training set (`training_set`) of all matured snapshots.
    """
    training, test = rows.where(in_training(split, settings.seed)), rows.where(in_test(split, settings.seed))
    tuned = tune(training, candidate, settings)
    family = named(tuned.family)
    model = fitted(training, family, tuned.parameters, settings.seed)
    tested = tallied(scored(test, family, model, tuned.calibrator))
    measures = _by_segment(tested, settings, tuned.threshold, split.temporal)
    walked = backtest(training, tuned, split.backtest, settings)
    return Trial(tuned, model, measures, curves(tested, settings.economics), walked)


def measure_baseline(
    rows: DataFrame, score: Column, settings: Training, temporal: bool
) -> tuple[BySegment, list[Point]]:
    """The measures and curves of a score without any fitting (a baseline: it ranks, but gives no risk).

    rows: as_of_date, label, part and what `score` needs; a null score counts as the highest.
    """
    highest = F.coalesce(score.cast("double"), F.lit(float(np.finfo(float).max)))
    tested = tallied(rows.withColumn("score", highest).withColumn("risk", F.lit(None).cast("double")))
    return _by_segment(tested, settings, None, temporal), curves(tested, settings.economics)


def in_naive_training(seed: int) -> Column:
    """Whether a random split would learn from a row (customer_id, as_of_date); it would test on all others."""
    drawn = F.pmod(F.xxhash64(F.lit(seed), "customer_id", "as_of_date"), F.lit(1000)) / 1000
    return drawn < NAIVE_TRAINING_SHARE


def naive_measures(rows: DataFrame, trial: Trial, settings: Training) -> Mapping[str, Measure]:
    """What a random split of the same rows would have claimed: a customer's near copies on both sides, test weeks mixed
    in.

    It shows by how much careless validation flatters; nothing is chosen by it.
    """
    training = in_naive_training(settings.seed)
    family = named(trial.tuned.family)
    model = fitted(rows.where(training), family, trial.tuned.parameters, settings.seed)
    tested = tallied(scored(rows.where(~training), family, model, trial.tuned.calibrator))
    return measured(tested, settings.bootstrap, settings.seed, trial.tuned.threshold, settings.economics)


def pipeline(
    preparation: Preparation, family: Family, model: Transformer, vectors: Collection[str] = ()
) -> PipelineModel:
    """The whole way from features to the model's scores; vectors: to be assembled besides those of the family."""
    return PipelineModel([*preparation.stages(dict.fromkeys((*family.inputs, *vectors))), model])


def weights(rows: DataFrame, preparation: Preparation, trial: Trial) -> dict[str, float]:
    """The importance of every input of a trial's model, by its name; together they are 1."""
    importances = named(trial.tuned.family).importances(trial.model, rows)
    shares = importances / max(float(importances.sum()), np.finfo(float).tiny)
    return {slot.name: share for slot, share in zip(preparation.slots, shares.tolist(), strict=True)}


def _by_segment(
    tested: Tally, settings: Training, threshold: float | None, temporal: bool
) -> dict[str, dict[str, Measure]]:
    segments = {ALL: tested, **(by_snapshot(tested) if temporal else {NOT_TEMPORAL: tested})}
    return {
        name: measured(each, settings.bootstrap, settings.seed, threshold, settings.economics)
        for name, each in segments.items()
    }
