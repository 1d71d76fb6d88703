"""The winner refitted on all matured snapshots, compared with the model that was tested.

Its scores may move for a good reason: it learnt from newer dates, and churn is more or less common there. What matters
is whether it still ranks the customers as the tested model does, and whether the base rate explains its other level.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.stat import Summarizer
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Training
from churn_spark.models.calibration import CERTAIN
from churn_spark.models.drift import population_stability_index, rank_agreement
from churn_spark.models.families import named
from churn_spark.models.families.family import RAW_SCORE, WEIGHT
from churn_spark.models.preparation import Preparation
from churn_spark.models.slots import Slot
from churn_spark.models.split import Split
from churn_spark.models.training_set import in_training
from churn_spark.models.trial import Trial

RANKING_KEPT = 0.8
"""Least rank correlation of two models that rank the customers alike."""
LEVEL_EXPLAINED = 1.5
"""Largest factor between the odds of the mean risk and those of the base rate that still counts as the same level."""
SHOWN = 5
"""Inputs named that moved most."""


@dataclass(frozen=True, slots=True)
class ScoreDrift:
    """How far the refitted model lies from the tested one on the newest population.

    index: population stability index of the raw scores; allowing: the same once the base rate is allowed for.
    agreement: rank correlation. risks: mean calibrated risk, base_rates: share of churners in what each learnt from; of
    the tested model, then of the refitted one. inputs: those that differ most between the snapshots of the tested model
    and the newer ones, in standard deviations; only where there are newer ones and the index is beyond its limit.
    """

    index: float
    allowing: float
    agreement: float
    risks: tuple[float, float]
    base_rates: tuple[float, float]
    inputs: Mapping[str, float]

    def faults(self, limit: float) -> tuple[str, ...]:
        """What speaks against the refitted model, one clause each; limit: `max_score_drift`."""
        if self.index <= limit:
            return ()
        clauses = []
        if not self.agreement >= RANKING_KEPT:
            clauses.append(f"it ranks the customers differently (rank correlation {self.agreement:.2f})")
        factor = math.exp(abs(_log_odds(*self.risks) - _log_odds(*self.base_rates)))
        if factor > LEVEL_EXPLAINED:
            clauses.append(f"the base rate does not explain its other level (odds {factor:.1f} times as far)")
        return tuple(clauses)

    def described(self, limit: float) -> str:
        """How far the scores moved, and with what, for a person."""
        rates, risks = ((f"{share:.1%}" for share in pair) for pair in (self.base_rates, self.risks))
        text = (
            f"population stability index {self.index:.3f} (training.max_score_drift {limit:g}), {self.allowing:.3f}"
            f" once the base rate is allowed for; base rate {' -> '.join(rates)}, mean risk {' -> '.join(risks)}, rank"
            f" correlation {self.agreement:.2f}"
        )
        inputs = ", ".join(f"{name} ({by:+.2f})" for name, by in self.inputs.items())
        return f"{text}; moved most in the newer snapshots (standard deviations): {inputs}" if inputs else text


def score_drift(
    population: DataFrame,
    rows: DataFrame,
    split: Split,
    preparation: Preparation,
    tested: Trial,
    refitted: Transformer,
    settings: Training,
) -> ScoreDrift:
    """Compare the refitted model with the tested one.

    population: as_of_date and the features, one row per customer. rows: the training set of all matured snapshots.
    """
    trained_on = in_training(split, settings.seed)
    rates = base_rates(rows, trained_on)
    family, calibrator = named(tested.tuned.family), tested.tuned.calibrator
    inputs = PipelineModel([*preparation.stages(family.inputs)]).transform(population).select(*family.inputs)
    expected = family.raw_score(tested.model, inputs).withColumnRenamed(RAW_SCORE, "expected")
    scores = family.raw_score(refitted, expected).select("expected", F.col(RAW_SCORE).alias("compared")).persist()
    try:
        level = _log_odds(*rates)
        risks = scores.agg(F.avg(calibrator.column("expected")), F.avg(calibrator.column("compared"))).collect()[0]
        index = population_stability_index(scores)
        compared = split.temporal and index > settings.max_score_drift
        return ScoreDrift(
            index=index,
            allowing=population_stability_index(
                scores.select("expected", _shifted("compared", level).alias("compared"))
            ),
            agreement=rank_agreement(scores),
            risks=(risks[0] or 0.0, risks[1] or 0.0),
            base_rates=rates,
            inputs=_inputs(rows, trained_on, family.inputs[0], preparation.slots) if compared else {},
        )
    finally:
        scores.unpersist()


def base_rates(rows: DataFrame, trained_on: Column) -> tuple[float, float]:
    """The share of churners (column label) among the training rows of the tested model, and among all rows."""
    if WEIGHT not in rows.columns:
        means = F.avg(F.when(trained_on, F.col("label"))), F.avg("label")
    else:
        weight, mine = F.col(WEIGHT), F.when(trained_on, F.col(WEIGHT))
        means = F.sum(mine * F.col("label")) / F.sum(mine), F.sum(weight * F.col("label")) / F.sum(weight)
    tested, everything = rows.agg(*means).collect()[0]
    return float(tested), float(everything)


def _inputs(rows: DataFrame, trained_on: Column, vector: str, slots: Sequence[Slot]) -> dict[str, float]:
    """The inputs whose mean moved most from the snapshots of the tested model to the newer ones."""
    statistics = Summarizer.metrics("mean", "std").summary(F.col(vector)).alias("of")
    by_part = {
        row["trained_on"]: row["of"] for row in rows.groupBy(trained_on.alias("trained_on")).agg(statistics).collect()
    }
    if len(by_part) < 2:
        return {}
    before, after = (by_part[part]["mean"].toArray() for part in (True, False))
    deviation = by_part[True]["std"].toArray()
    shifts = {slot.name: (after[n] - before[n]) / deviation[n] for n, slot in enumerate(slots) if deviation[n] > 0}
    return dict(sorted(shifts.items(), key=lambda item: -abs(item[1]))[:SHOWN])


def _log_odds(before: float, after: float) -> float:
    """By how much the log odds of a share rose."""
    odds = [min(max(share, CERTAIN), 1 - CERTAIN) for share in (before, after)]
    return math.log(odds[1] / (1 - odds[1])) - math.log(odds[0] / (1 - odds[0]))


def _shifted(score: str, level: float) -> Column:
    """A score with its log odds lowered by `level`."""
    kept = F.least(F.greatest(F.col(score), F.lit(CERTAIN)), F.lit(1 - CERTAIN))
    return 1 / (1 + F.exp(F.lit(level) - F.log(kept / (1 - kept))))
