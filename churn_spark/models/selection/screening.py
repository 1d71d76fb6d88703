"""What goes before any model is fitted: near-constant features, those without association, and twins of others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from churn_spark.definitions.selection import Selection
from churn_spark.models.metrics import Array
from churn_spark.models.selection.association import Association, association, discoveries
from churn_spark.monitoring.counting import Counts

Step = Literal["variance", "association", "correlation", "elimination", "stability"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a feature is not used: the step that dropped it, what was found, its limit, and both in words."""

    step: Step
    value: float
    limit: float
    text: str


@dataclass(frozen=True, slots=True)
class Statistics:
    """What screening looks at, all from training rows.

    variances: of each feature, the largest of its inputs on the logarithmic scale. counts: of each feature by fold,
    bin and label. numbers: the features that are numbers; correlations: Pearson's of these, likewise.
    """

    variances: Mapping[str, float]
    counts: Mapping[str, Counts]
    numbers: Sequence[str]
    correlations: Array


@dataclass(frozen=True, slots=True)
class Screened:
    """The features left, the most associated first, and the others with the reason."""

    kept: tuple[str, ...]
    dropped: Mapping[str, Dropped]
    associations: Mapping[str, Association]


def screen(found: Statistics, limits: Selection, without: int | None = None) -> Screened:
    """Screen features by the training rows, or by those of all folds but one.

    Correlations and variances know no labels and are of all training rows in either case. At least the feature most
    associated with the label stays.
    """
    associations = {name: association(_sums(counts, without)) for name, counts in found.counts.items()}
    order = sorted(associations, key=lambda name: -associations[name].strength)
    dropped = _constant(found, limits)
    left = [name for name in order if name not in dropped]
    discovered = discoveries({name: associations[name].p_value for name in left}, limits.false_discovery)
    for name in left:
        if name not in discovered:
            p = associations[name].p_value
            text = f"not associated with the label (p {p:.2g} at a false discovery rate of {limits.false_discovery:g})"
            dropped[name] = Dropped("association", p, limits.false_discovery, text)
    twins = _twins([name for name in left if name in discovered], found, limits, lambda n: associations[n].strength)
    dropped |= twins
    kept = tuple(name for name in order if name not in dropped) or tuple(order[:1])
    return Screened(kept, {name: why for name, why in dropped.items() if name not in kept}, associations)


def twins(name: str, found: Statistics, limits: Selection) -> frozenset[str]:
    """A feature and the numbers that correlate with it beyond the limit: which of them stays is a matter of chance."""
    if name not in found.numbers:
        return frozenset((name,))
    beside = np.abs(np.nan_to_num(found.correlations[list(found.numbers).index(name)]))
    return frozenset(
        (name, *(other for other, r in zip(found.numbers, beside, strict=True) if r > limits.max_correlation))
    )


def _sums(counts: Counts, without: int | None) -> Array:
    total = counts.sum(axis=0) - (0 if without is None else counts[without])
    return total.astype(float)


def _constant(found: Statistics, limits: Selection) -> dict[str, Dropped]:
    """Features whose variance is not above the limit, as MLlib's VarianceThresholdSelector removes them."""
    return {
        name: Dropped(
            "variance",
            value,
            limits.min_variance,
            f"near-constant (variance {value:.2g}, limit {limits.min_variance:g})",
        )
        for name, value in found.variances.items()
        if not value > limits.min_variance
    }


def _twins(
    order: Sequence[str], found: Statistics, limits: Selection, strength: Callable[[str], float]
) -> dict[str, Dropped]:
    """Numbers that correlate too much with one that comes before them in `order`, the strongest first."""
    place = {name: n for n, name in enumerate(found.numbers)}
    kept: list[str] = []
    dropped: dict[str, Dropped] = {}
    for name in order:
        if name not in place:
            continue
        with_kept = np.abs(np.nan_to_num(found.correlations[place[name], [place[other] for other in kept]]))
        if with_kept.max(initial=0.0) > limits.max_correlation:
            value, other = float(with_kept.max()), kept[int(with_kept.argmax())]
            text = (
                f"correlates with {other} ({value:.3f}, at most {limits.max_correlation:g}), which is more associated"
                f" with the label (Cramér's V {strength(other):.3f} against {strength(name):.3f})"
            )
            dropped[name] = Dropped("correlation", value, limits.max_correlation, text)
        else:
            kept.append(name)
    return dropped
