"""Recursive feature elimination: fit, leave out the half of the features that weighs least, fit again.

I. Guyon et al., Gene Selection for Cancer Classification using Support Vector Machines (2002), with a logistic
regression, which is fitted in seconds. Over the folds it gives the quality by the number of features; each fold screens
and ranks by the rows of the other folds alone, or the features would know the rows they are measured on.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool

from pyspark import inheritable_thread_target
from pyspark.ml import Transformer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Training
from churn_spark.models.calibration import Calibrator
from churn_spark.models.choice import COMPARED
from churn_spark.models.families.logistic_regression import LOGISTIC_REGRESSION
from churn_spark.models.measures import Measure, difference, mean, measured
from churn_spark.models.selection.inputs import Inputs, sliced
from churn_spark.models.target_encoding import keeping_out
from churn_spark.models.trial import tallied
from churn_spark.models.tuning import PARALLEL, fitted, scored

log = logging.getLogger("churn_spark.train")

FAMILY = LOGISTIC_REGRESSION
"""The family that ranks features and measures sets of them."""


@dataclass(frozen=True, slots=True)
class Size:
    """A number of features tried: the average precision over the folds, and the features that each fold chose."""

    features: int
    quality: Measure
    chosen: tuple[frozenset[str], ...]


def sizes(features: int, screened: int, fewest: int) -> tuple[int, ...]:
    """All features, those left by screening, then a half, a quarter ... of these, rounded up, down to `fewest`."""
    found = [screened]
    while found[-1] > fewest:
        found.append(max(fewest, -(-found[-1] // 2)))
    return (features, *found) if screened < features else tuple(found)


def over_folds(
    rows: DataFrame,
    inputs: Inputs,
    screened: Callable[[int], Sequence[str]],
    tried: Sequence[int],
    settings: Training,
) -> list[Size]:
    """The quality of every size over the folds; the first is that of all features, whatever screening says.

    rows: the cached training rows (`training_set`), which `inputs` describe. screened: the features left by screening
    without a fold; where that is fewer than a size, all of them are measured there.
    """

    @inheritable_thread_target(rows.sparkSession)
    def of_fold(fold: int) -> list[tuple[frozenset[str], Measure]]:
        names = frozenset(inputs.members)
        left: Sequence[str] = screened(fold)
        chain: list[tuple[frozenset[str], Measure]] = []
        for size in tried:
            names = frozenset(left[:size]) if chain else names
            quality, weights = _measured(rows, inputs, names, fold, settings)
            left = sorted(names.intersection(left), key=lambda name: (-weights[name], name))
            chain.append((names, quality))
        log.info("selection: fold %d of %d measured on %d sets of features", fold + 1, settings.folds, len(chain))
        return chain

    with ThreadPool(PARALLEL) as pool:
        by_fold = pool.map(of_fold, range(settings.folds), chunksize=1)
    return [
        Size(size, mean([quality for _, quality in of_size]), tuple(names for names, _ in of_size))
        for size, of_size in zip(tried, zip(*by_fold, strict=True), strict=True)
    ]


def smallest(tried: Sequence[Size], max_loss: float) -> int:
    """The place of the smallest set as good as the best: within one standard error of its quality, or a share of it.

    The standard error is that of the difference over the same resampled customers, as where candidates are compared:
    of two nested sets it is small.
    """
    best = max(range(len(tried)), key=lambda place: tried[place].quality.value)
    for place in reversed(range(len(tried))):
        gap, error = difference(tried[best].quality, tried[place].quality)
        if gap <= max(error, max_loss * tried[best].quality.value):
            return place
    return best


def eliminated(
    rows: DataFrame, inputs: Inputs, screened: Sequence[str], until: Sequence[int], settings: Training
) -> Iterator[tuple[int, Mapping[str, float]]]:
    """Each size of `until` after the first, which is that of `screened`, with the weight of each feature before it."""
    left: Sequence[str] = screened
    for size in until[1:]:
        narrow = sliced(rows, inputs.places(left))
        weights = inputs.weights(left, FAMILY.importances(_model(narrow, settings), narrow))
        yield size, weights
        left = sorted(left, key=lambda name: (-weights[name], name))[:size]


def _measured(
    rows: DataFrame, inputs: Inputs, names: frozenset[str], fold: int, settings: Training
) -> tuple[Measure, Mapping[str, float]]:
    """A set of features fitted on all folds but one: its quality on that fold, and the weight of each feature."""
    narrow = sliced(keeping_out(rows, fold), inputs.places(names))
    others, mine = narrow.where(F.col("fold") != fold), narrow.where(F.col("fold") == fold)
    model = _model(others, settings)
    tested = tallied(scored(mine, FAMILY, model, Calibrator("none")))
    quality = measured(tested, settings.bootstrap, settings.seed)[COMPARED]
    return quality, inputs.weights(names, FAMILY.importances(model, others))


def _model(rows: DataFrame, settings: Training) -> Transformer:
    return fitted(rows, FAMILY, FAMILY.defaults, settings.seed)
