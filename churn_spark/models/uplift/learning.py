"""What is learnt of the uplift of one action: the model, how well it ranks, and what it means for a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from churn_spark.actions.comparable import LEFT, RISK, TREATED, WEIGHT, Side, Sides
from churn_spark.actions.uplift import UNLIKE_AT, Evaluated, evaluated, imbalance, times_effect
from churn_spark.definitions.feedback import BETTER, NO_BETTER, NOT_COMPARABLE, TOO_FEW
from churn_spark.definitions.modelling import Training
from churn_spark.models.families.family import LOGGED
from churn_spark.models.folds import fold_of
from churn_spark.models.measures import group_of, resampled
from churn_spark.models.metrics import Array
from churn_spark.models.preparation import Preparation, prepare
from churn_spark.models.training_set import CELLS
from churn_spark.models.uplift.cross_fitting import Counted, counted, cross_fitted, edges, one_kind
from churn_spark.models.uplift.t_learner import UpliftModel, fit, penalty_of

REPLICATES = 400


@dataclass(frozen=True, slots=True)
class Learnt:
    """verdict: one of those of `definitions.feedback`; finding: why, in words. Without a model the rest is None."""

    verdict: str
    finding: str
    evaluated: Evaluated | None = None
    counted: Counted | None = None
    times: Array | None = None
    model: UpliftModel | None = None


def refused(sides: Sides, least: int) -> Learnt | None:
    """Why nothing is learnt, as far as the sizes of both sides tell; None: something can be."""
    for name, side in (("acted upon", sides.treated), ("withheld", sides.control)):
        if side.fewer < least:
            text = (
                f"of {side.customers:,} customers {name} {side.left:,} left and {side.stayed:,} stayed; at least"
                f" {least:,} of each are needed (feedback.least_uplift)"
            )
            return Learnt(TOO_FEW, text)
    errors = _imbalance(sides.treated, sides.control)
    if abs(errors) > UNLIKE_AT:
        text = (
            f"weighted by their propensities both sides should be as large, but {sides.treated.weights:,.0f} stand"
            f" against {sides.control.weights:,.0f} withheld ({abs(errors):.1f} standard errors): more than chance left"
            " somebody out"
        )
        return Learnt(NOT_COMPARABLE, text)
    return None


def learn(rows: DataFrame, features: Mapping[str, str], sides: Sides, share: float, settings: Training) -> Learnt:
    """The uplift model of one action from its comparable customers, of whom there are enough.

    rows: those of `comparable` with the features; read often, and prepared anew here. features: with the hash of their
    definition. share: of leavers kept, as measured. settings: folds and seed.
    """
    plain = replace(settings, target_encoding=None)
    preparation = prepare(rows, [RISK, *features], plain)
    if not preparation.slots:
        return Learnt(NO_BETTER, "nothing that is known of these customers varies: the effect is the same for all")
    prepared = _prepared(rows, preparation, settings).persist()
    try:
        if one_kind(prepared, settings.folds):
            return Learnt(
                TOO_FEW, f"without one of the {settings.folds} folds a side has only customers who left, or who stayed"
            )
        penalty = penalty_of(len(preparation.slots), min(sides.treated.customers, sides.control.customers))
        scored = cross_fitted(prepared, settings.folds, penalty).persist()
        try:
            sums = counted(scored)
        finally:
            scored.unpersist()
        found = evaluated(
            sums.by_uplift, sums.by_risk, sums.control, sums.treated, resampled(REPLICATES, settings.seed)
        )
        if found is None:
            return Learnt(NO_BETTER, "the models predict the same uplift for everybody")
        learner = fit(prepared, penalty)
        model = UpliftModel(_used(features, preparation), preparation, learner, edges(prepared, learner))
    finally:
        prepared.unpersist()
    times = times_effect(sums.uplift, sums.risk, sums.customers, share, found.slope)
    verdict = BETTER if found.better_than_chance else NO_BETTER
    return Learnt(verdict, _said(found), found, sums, times, model)


def _prepared(rows: DataFrame, preparation: Preparation, settings: Training) -> DataFrame:
    """The rows with the vector, in an order and in partitions that follow from the data alone."""
    partitions = max(1, -(-preparation.rows * len(preparation.slots) // CELLS))
    placed = rows.repartition(partitions, "customer_id").sortWithinPartitions("customer_id")
    return (
        PipelineModel([*preparation.stages((LOGGED,))])
        .transform(placed)
        .select(
            "customer_id",
            TREATED,
            LEFT,
            WEIGHT,
            RISK,
            LOGGED,
            fold_of("customer_id", settings.folds, settings.seed).alias("fold"),
            group_of("customer_id", settings.seed).alias("part"),
        )
    )


def _used(features: Mapping[str, str], preparation: Preparation) -> dict[str, str]:
    return {name: known for name, known in features.items() if name in preparation.features}


def _imbalance(treated: Side, control: Side) -> float:
    return imbalance(treated.weights, treated.squares, control.weights, control.squares)


def _said(found: Evaluated) -> str:
    qini, gain = found.qini, found.gain
    return (
        f"Qini {qini.value:.4f} ({qini.low:.4f} to {qini.high:.4f}), {gain.value:+.4f} ({gain.low:+.4f} to"
        f" {gain.high:+.4f}) beside ranking by risk"
    )
