"""One training run, step by step: what it works with, how candidates compare, and the model that is deployed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool

from pyspark import inheritable_thread_target
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.modelling import Training
from churn_spark.models import trial as trials
from churn_spark.models.curves import Point
from churn_spark.models.measures import Measure, group_of
from churn_spark.models.preparation import Preparation, prepare
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.split import Split
from churn_spark.models.training_set import refuse_too_few, training_set
from churn_spark.models.trial import BySegment, Trial
from churn_spark.models.tuning import fitted


@dataclass(frozen=True, slots=True)
class Material:
    """What a training run works with.

    features: used, with the hash of their definition. left_out: the others, with the reason. labelled: snapshots with
    label and features. rows: the same prepared and cached. counts: rows and churners that teach and that test.
    """

    split: Split
    features: Mapping[str, str]
    left_out: Mapping[str, str]
    labelled: DataFrame
    preparation: Preparation
    rows: DataFrame
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The candidates on the test, the better one, and what to hold beside it.

    naive: what a random split would have claimed of the winner. baselines: measures by segment and curves of scores
    without any fitting, by name. weights: the importance of every input, by family.
    """

    tried: Sequence[Trial]
    winner: Trial
    reason: str
    naive: Mapping[str, Measure]
    baselines: Mapping[str, tuple[BySegment, Sequence[Point]]]
    weights: Mapping[str, Mapping[str, float]]


def material(
    labelled: DataFrame, split: Split, features: Mapping[str, str], left_out: Mapping[str, str], settings: Training
) -> Material:
    """Learn the preparation from the training snapshots and apply it to all; ModelError when there is too little.

    labelled: customer_id, as_of_date, label and `features`, of all matured snapshots. The caller unpersists `rows`.
    """
    preparation = prepare(trials.of(labelled, split.train), tuple(features))
    if not preparation.slots:
        raise ModelError("no feature varies in the training snapshots: there is nothing to learn from")
    rows = training_set(labelled, preparation, settings.folds, settings.seed).persist()
    teaches = F.col("as_of_date").isin(*split.train)
    return Material(
        split=split,
        features={name: features[name] for name in preparation.features},
        left_out={**left_out, **preparation.left_out},
        labelled=labelled,
        preparation=preparation,
        rows=rows,
        counts=refuse_too_few(rows.withColumn("teaches", teaches), settings.folds, split.test),
    )


def compare(of: Material, settings: Training, baselines: Mapping[str, str]) -> Comparison:
    """Put every candidate on trial and choose; baselines: SQL over the features by name, higher means riskier."""
    # Side by side: while one candidate waits for the driver between two passes, the other uses the cores.
    with ThreadPool(max(1, len(settings.candidates))) as pool:
        on_trial = inheritable_thread_target(of.rows.sparkSession)(trials.on_trial)
        tried = pool.starmap(on_trial, [(of.rows, candidate, of.split, settings) for candidate in settings.candidates])
    winner, reason = trials.better(tried)
    test = trials.of(of.labelled, of.split.test).withColumn("part", group_of("customer_id", settings.seed))
    return Comparison(
        tried=tried,
        winner=winner,
        reason=reason,
        naive=trials.naively(of.rows, winner, settings),
        baselines={name: trials.ranked_alone(test, F.expr(sql), settings) for name, sql in baselines.items()},
        weights={trial.tuned.family: trials.weights(of.rows, of.preparation, trial) for trial in tried},
    )


def deploy(
    of: Material, winner: Trial, settings: Training, population: DataFrame, facts: Mapping[str, object]
) -> tuple[RiskModel, float]:
    """Refit the winner on all matured snapshots; give it and how far its scores moved (population stability index).

    population: the newest customers with the features. ModelError when the scores moved more than `max_score_drift`.
    """
    tuned = winner.tuned
    refitted = fitted(of.rows, tuned.family, tuned.parameters, settings.seed)
    drift = trials.score_drift(population, of.preparation, winner, refitted)
    if drift > settings.max_score_drift:
        raise ModelError(
            f"the {tuned.family} refitted on all matured snapshots scores the newest population unlike the tested one:"
            f" population stability index {drift:.3f}, more than training.max_score_drift {settings.max_score_drift:g}."
            " The newest snapshots differ from the older ones: look at how, before raising the limit."
        )
    pipeline = trials.pipeline(of.preparation, tuned.family, refitted)
    return RiskModel(tuned.family, pipeline, tuned.calibrator, of.features, tuned.threshold, facts), drift
