"""Scores without any fitting, to print beside every model: an AUC means little without them."""

from collections.abc import Callable, Collection, Iterator, Sequence

from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.rules import LabelRule

HALF_LIFE = 21.0
"""Days; the exponentially weighted activity with the half-life nearest to it is the baseline."""

Rank = Callable[[Feature], tuple[float, int]]


def baselines(features: FeatureSet, label: LabelRule, available: Collection[str]) -> dict[str, str]:
    """Recency, and minus the exponentially weighted activity, as SQL by name; higher means riskier.

    Each of the first source that has one among the `available` features: the label's sources come first, then the
    others in the order of the features. Where no source has one, the baseline is left out.
    """
    signs = {"recency": "", "ewm": "-"}
    chosen = _chosen(features, label, available)
    return {f"{f.name} alone": f"{signs[f.op]}CAST({quoted(f.name)} AS DOUBLE)" for f in chosen}


def activity(features: FeatureSet, label: LabelRule, available: Collection[str]) -> str | None:
    """The feature that says how active a customer was: the baseline of activity, else of recency; None: neither."""
    return next((feature.name for feature in reversed([*_chosen(features, label, available)])), None)


def substitutes(features: FeatureSet, label: LabelRule, available: Collection[str]) -> str:
    """A sentence about the baselines that are not of the label's sources; empty where all are."""
    others = [feature for feature in _chosen(features, label, available) if feature.source not in label.sources]
    if not others:
        return ""
    names = " and ".join(f"{feature.name} ({feature.source})" for feature in others)
    missing = " and no ".join(feature.op for feature in others)
    return f"Baselines of another source: {names}, as {', '.join(label.sources)} has no {missing}."


def _chosen(features: FeatureSet, label: LabelRule, available: Collection[str]) -> Iterator[Feature]:
    known = [feature for feature in features.windowed if feature.name in available]
    sources = list(dict.fromkeys((*label.sources, *(feature.source for feature in known))))
    yield from _first(sources, [f for f in known if f.op == "recency"], _shortness)
    yield from _first(sources, [f for f in known if f.op == "ewm"], _distance)


def _first(sources: Sequence[str], features: Collection[Feature], rank: Rank) -> Iterator[Feature]:
    """The best feature of the first source that has any."""
    for source in sources:
        if of_source := [feature for feature in features if feature.source == source]:
            yield min(of_source, key=rank)
            return


def _shortness(feature: Feature) -> tuple[float, int]:
    return 0.0, -(feature.window or 0)


def _distance(feature: Feature) -> tuple[float, int]:
    return abs((feature.half_life or HALF_LIFE) - HALF_LIFE), -(feature.window or 0)
