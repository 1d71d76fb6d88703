"""Scores without any fitting, to print beside every model: an AUC means little without them."""

from collections.abc import Collection

from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.rules import LabelRule
from churn_spark.models.preparation import quoted

HALF_LIFE = 21.0
"""Days; the exponentially weighted activity with the half-life nearest to it is the baseline."""


def baselines(features: FeatureSet, label: LabelRule, available: Collection[str]) -> dict[str, str]:
    """Recency, and minus the exponentially weighted activity, as SQL by name; higher means riskier.

    Only features of the label's first source that are `available` count; without one the baseline is left out.
    """
    known = [f for f in features.of(label.sources[0]) if f.name in available]
    recency = max((f for f in known if f.op == "recency"), key=lambda f: f.window or 0, default=None)
    activity = min((f for f in known if f.op == "ewm"), key=_distance, default=None)
    found = {}
    if recency is not None:
        found[f"{recency.name} alone"] = f"CAST({quoted(recency.name)} AS DOUBLE)"
    if activity is not None:
        found[f"{activity.name} alone"] = f"-CAST({quoted(activity.name)} AS DOUBLE)"
    return found


def _distance(feature: Feature) -> tuple[float, int]:
    return abs((feature.half_life or HALF_LIFE) - HALF_LIFE), -(feature.window or 0)
