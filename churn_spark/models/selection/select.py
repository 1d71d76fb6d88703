"""The steps of the selection of features, one after the other, and what each of them dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.ml.stat import Correlation, Summarizer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Training
from churn_spark.definitions.selection import Selection
from churn_spark.models.bins import bins_of
from churn_spark.models.families.family import LOGGED
from churn_spark.models.preparation import Preparation
from churn_spark.models.selection.counts import coarser, counted_by_fold
from churn_spark.models.selection.elimination import Size, eliminated, over_folds, sizes, smallest
from churn_spark.models.selection.inputs import Inputs, inputs_of, sliced
from churn_spark.models.selection.screening import Dropped, Screened, Statistics, screen, twins

LEAST_SHARE = 0.1
"""Of the rows, in a bin of a number: with more bins a trend is spread over more degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What the selection made of the features of a preparation.

    features: chosen, in its order. dropped: the others with the reason. strengths: Cramér's V of every feature with the
    label. stability: the share of the folds that chose it too, or one that says the same. curve: the quality by the
    number of features, of which `size` was chosen.
    """

    features: tuple[str, ...]
    dropped: Mapping[str, Dropped]
    strengths: Mapping[str, float]
    stability: Mapping[str, float]
    curve: Sequence[Size]
    size: int


def select(rows: DataFrame, preparation: Preparation, limits: Selection, settings: Training) -> Selected:
    """Select features by the training rows: screening, then elimination over the folds, then stability.

    rows: the cached training rows (`training_set`), prepared by `preparation`.
    """
    found = statistics(rows, preparation, settings.folds)
    inputs = inputs_of(preparation.slots, preparation.marks)
    screened = screen(found, limits)
    tried = sizes(len(preparation.features), len(screened.kept), limits.fewest)
    curve = over_folds(rows, inputs, lambda fold: screen(found, limits, fold).kept, tried, settings)
    best = curve[smallest(curve, limits.max_loss)]
    strengths = {name: one.strength for name, one in screened.associations.items()}
    alike = {name: twins(name, found, limits) for name in preparation.features}
    stability = {
        name: sum(bool(of & chosen) for chosen in best.chosen) / len(best.chosen) for name, of in alike.items()
    }
    dropped: dict[str, Dropped] = {}
    if best.features < len(preparation.features):
        dropped = {**screened.dropped, **_eliminated(rows, inputs, screened, tried, best.features, settings)}
        dropped |= _unstable([name for name in preparation.features if name not in dropped], stability, limits)
    chosen = tuple(name for name in preparation.features if name not in dropped)
    return Selected(chosen, dropped, strengths, stability, curve, best.features)


def statistics(rows: DataFrame, preparation: Preparation, folds: int) -> Statistics:
    """What screening looks at, in three passes over the cached training rows."""
    slots = preparation.slots
    inputs = inputs_of(slots, preparation.marks)
    variances = rows.select(Summarizer.variance(F.col(LOGGED)).alias("of")).collect()[0]["of"].toArray()
    numbers = [slot.feature for slot in slots if slot.holds in ("number", "rate")]
    places = [place for place, slot in enumerate(slots) if slot.holds in ("number", "rate")]
    counts = counted_by_fold(rows, bins_of(preparation), folds)
    correlations = np.empty((0, 0))
    if numbers:
        correlations = Correlation.corr(sliced(rows.select(LOGGED), places), LOGGED).collect()[0][0].toArray()
    return Statistics(
        variances={name: float(variances[list(of)].max()) for name, of in inputs.members.items()},
        counts={name: coarser(each, LEAST_SHARE) if name in numbers else each for name, each in counts.items()},
        numbers=numbers,
        correlations=correlations,
    )


def _eliminated(
    rows: DataFrame, inputs: Inputs, screened: Screened, tried: Sequence[int], size: int, settings: Training
) -> dict[str, Dropped]:
    """The features that elimination drops on its way from those left by screening to the size chosen."""
    until = [each for each in tried if size <= each <= len(screened.kept)]
    dropped: dict[str, Dropped] = {}
    for smaller, weights in eliminated(rows, inputs, screened.kept, until, settings):
        whole = sum(weights.values()) or 1.0
        order = sorted(weights, key=lambda name: (-weights[name], name))
        least = weights[order[smaller - 1]] / whole
        for place, name in enumerate(order[smaller:], smaller + 1):
            share = weights[name] / whole
            text = f"weighs little: {share:.2%} of the model, place {place} of {len(order)}; {smaller} were kept"
            dropped[name] = Dropped("elimination", share, least, text)
    return dropped


def _unstable(left: Sequence[str], stability: Mapping[str, float], limits: Selection) -> dict[str, Dropped]:
    """The features chosen that too few folds chose too; those of the most folds stay in any case."""
    limit = min(limits.min_stability, max(stability[name] for name in left))
    return {
        name: Dropped(
            "stability",
            stability[name],
            limits.min_stability,
            f"chosen by {stability[name]:.0%} of the folds, at least {limits.min_stability:.0%}",
        )
        for name in left
        if stability[name] < limit
    }
