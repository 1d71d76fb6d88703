"""One training run, step by step: its training data, how candidates compare, and the model that is deployed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.pool import ThreadPool

from pyspark import inheritable_thread_target
from pyspark.ml import Transformer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.modelling import Training
from churn_spark.models import trial as trials
from churn_spark.models.backtest import with_enough
from churn_spark.models.choice import choose_winner, weaknesses
from churn_spark.models.curves import Point
from churn_spark.models.explaining.dependence import dependence
from churn_spark.models.families import named
from churn_spark.models.families.family import LOGGED, VECTORS
from churn_spark.models.measures import Measure, group_of
from churn_spark.models.preparation import Preparation, prepare
from churn_spark.models.refit import ScoreDrift, score_drift
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.selection.inputs import sliced
from churn_spark.models.selection.select import Selected, select
from churn_spark.models.split import Split
from churn_spark.models.target_encoding import kept, learning
from churn_spark.models.training_set import in_test, in_training, refuse_too_few, training_set
from churn_spark.models.tree_points import tree_points
from churn_spark.models.trial import ALL, BySegment, Trial
from churn_spark.models.tuning import fitted

SHOWN = 5
"""Features named of those that say nothing."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a training run works with.

    features: used, with the hash of their definition. left_out: the others, with the reason. labelled: snapshots with
    label and features. rows: the same prepared and cached. counts: rows and churners of training and test. selected:
    what the selection made of the features, where the configuration asks for one.
    """

    split: Split
    features: Mapping[str, str]
    left_out: Mapping[str, str]
    labelled: DataFrame
    preparation: Preparation
    rows: DataFrame
    counts: Mapping[str, int]
    selected: Selected | None = None

    @property
    def varying(self) -> tuple[str, ...]:
        """The features that say something of the training rows, selected or not."""
        return (*self.features, *(self.selected.dropped if self.selected else ()))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The candidates on the test, the one that won over the folds, and what to compare it with.

    weaknesses: why the winner is not good enough to be in force, one clause each. naive: what a random split would
    have claimed of the winner. baselines: measures by segment and curves of scores without any fitting, by name.
    weights: the importance of every input, by family. shapes: by family, the points of its tree where it is a single
    one, and of the winner how its scores depend on what adds most to them. by_segment: the winner's test by customer
    segment, where there are segments. plain: its test with the customers who were acted upon, where there are any.
    """

    tried: Sequence[Trial]
    winner: Trial
    reason: str
    weaknesses: Sequence[str]
    naive: Mapping[str, Measure]
    baselines: Mapping[str, tuple[BySegment, Sequence[Point]]]
    weights: Mapping[str, Mapping[str, float]]
    shapes: Mapping[str, Sequence[Point]]
    by_segment: BySegment = field(default_factory=dict)
    plain: Mapping[str, Measure] = field(default_factory=dict)


def training_data(
    labelled: DataFrame, split: Split, features: Mapping[str, str], left_out: Mapping[str, str], settings: Training
) -> TrainingData:
    """Learn the preparation from the training snapshots and apply it to all; ModelError when there is too little.

    Steps of the backtest with too few rows are left out.

    labelled: customer_id, as_of_date, label and `features`, of all matured snapshots. The caller unpersists `rows`.
    """
    preparation = prepare(labelled.where(in_training(split, settings.seed)), tuple(features), settings)
    if not preparation.slots:
        listed = ", ".join(f"{name} ({why})" for name, why in sorted(preparation.left_out.items())[:SHOWN])
        more = f" and {len(preparation.left_out) - SHOWN} more" if len(preparation.left_out) > SHOWN else ""
        raise ModelError(
            f"no feature says anything in the training snapshots, so there is nothing to learn from: {listed}{more}."
            " See whether their sources were taken for these dates (churn-spark status)"
        )
    rows = training_set(labelled, preparation, split, settings).persist()
    counts = refuse_too_few(rows, split, settings)
    return TrainingData(
        split=replace(split, backtest=with_enough(rows, split.backtest)),
        features={name: features[name] for name in preparation.features},
        left_out={**left_out, **preparation.left_out},
        labelled=labelled,
        preparation=preparation,
        rows=rows,
        counts=counts,
    )


def with_selected(data: TrainingData, settings: Training) -> TrainingData:
    """The training data with the features that the configured selection by the training rows keeps; all without one."""
    limits = settings.selection
    if limits is None:
        return data
    selected = select(data.rows.where(in_training(data.split, settings.seed)), data.preparation, limits, settings)
    if not selected.dropped:
        return replace(data, selected=selected)
    preparation = data.preparation.only(selected.features, data.labelled)
    narrow = data.rows.select(*kept(data.rows.columns, selected.features))
    rows = sliced(narrow, data.preparation.places(preparation), VECTORS).persist()
    rows.count()
    data.rows.unpersist()
    return replace(
        data,
        features={name: data.features[name] for name in preparation.features},
        left_out={**data.left_out, **{name: why.text for name, why in selected.dropped.items()}},
        preparation=preparation,
        rows=rows,
        selected=selected,
    )


def compare(data: TrainingData, settings: Training, baselines: Mapping[str, str]) -> Comparison:
    """Put every candidate on trial and choose; baselines: SQL over the features by name, higher means riskier."""
    # Side by side: while one candidate waits for the driver between two passes, the other uses the cores.
    with ThreadPool(max(1, len(settings.candidates))) as pool:
        run_trial = inheritable_thread_target(data.rows.sparkSession)(trials.run_trial)
        tried = pool.starmap(
            run_trial, [(data.rows, candidate, data.split, settings) for candidate in settings.candidates]
        )
    winner, reason = choose_winner(tried)
    test = data.labelled.where(in_test(data.split, settings.seed)).withColumn(
        "part", group_of("customer_id", settings.seed)
    )
    simple_scores = {
        name: trials.measure_baseline(test, F.expr(sql), settings, data.split.temporal)
        for name, sql in baselines.items()
    }
    return Comparison(
        tried=tried,
        winner=winner,
        reason=reason,
        weaknesses=weaknesses(winner, {name: measures[ALL] for name, (measures, _) in simple_scores.items()}),
        naive=trials.naive_measures(data.rows, winner, settings) if data.split.temporal else {},
        baselines=simple_scores,
        weights={trial.tuned.family: trials.weights(data.rows, data.preparation, trial) for trial in tried},
        shapes={trial.tuned.family: _shapes(data, trial, settings, trial is winner) for trial in tried},
    )


def _shapes(data: TrainingData, trial: Trial, settings: Training, winner: bool) -> list[Point]:
    family = named(trial.tuned.family)
    tree = tree_points(family.tree(trial.model), data.preparation.slots) if family.tree else []
    if not winner:
        return tree
    test = data.labelled.where(in_test(data.split, settings.seed))
    return [*tree, *dependence(test, data.counts["test_rows"], tested_model(data, trial))]


def tested_model(data: TrainingData, trial: Trial) -> RiskModel:
    """The model of a trial as it was tested: from the features to the risk."""
    return _risk_model(data, trial, trial.model, {})


def _risk_model(
    data: TrainingData,
    trial: Trial,
    model: Transformer,
    facts: Mapping[str, object],
    vectors: Collection[str] = (),
) -> RiskModel:
    """A fitted model of a trial's family, with what the trial learnt of its scores; vectors: that it prepares besides
    those of the family.
    """
    family = named(trial.tuned.family)
    return RiskModel(
        family=family.name,
        pipeline=trials.pipeline(data.preparation, family, model, vectors),
        calibrator=trial.tuned.calibrator,
        features=data.features,
        slots=data.preparation.slots,
        threshold=trial.tuned.threshold,
        facts=facts,
    )


def deploy(
    data: TrainingData,
    winner: Trial,
    settings: Training,
    population: DataFrame,
    facts: Mapping[str, object],
    in_force: int | None,
) -> tuple[RiskModel, ScoreDrift]:
    """Refit the winner on all matured snapshots; give it and how far its scores moved.

    population: the newest customers with the features. in_force: the version it would replace; None: there is none.
    ModelError when the scores moved more than `max_score_drift`, without ranking alike or beyond what the base rate
    explains, and there is a model in force to protect.
    """
    tuned = winner.tuned
    family = named(tuned.family)
    refitted = fitted(learning(data.rows), family, tuned.parameters, settings.seed)
    drift = score_drift(population, data.rows, data.split, data.preparation, winner, refitted, settings)
    faults = drift.faults(settings.max_score_drift)
    if faults and in_force is not None:
        raise ModelError(
            f"the {tuned.family} refitted on all matured snapshots scores the newest population unlike the tested one:"
            f" {', and '.join(faults)}; {drift.described(settings.max_score_drift)}. Version {in_force} stays in force."
            " Look at what moved, and at the deliveries behind it, before raising training.max_score_drift"
        )
    return _risk_model(data, winner, refitted, facts, (LOGGED,) if settings.survival else ()), drift
