"""Dependence: what a number adds to the scores where it is low and where it is high.

For the features that add most, customers are put into bins of equal count by the feature's value; the mean of what it
adds to their scores (the contributions behind reason codes) is one point of its curve. So other features are not moved
to values that no customer has, as partial dependence would do.
"""

from collections.abc import Iterator

import numpy as np
from pyspark.sql import DataFrame

from churn_spark.models.curves import Point
from churn_spark.models.explaining.explained import sampled
from churn_spark.models.explaining.explainer import Unit
from churn_spark.models.explaining.reasons import by_slot
from churn_spark.models.families import named
from churn_spark.models.metrics import Array
from churn_spark.models.risk_model import RiskModel

FEATURES, BINS = 6, 10
CURVES: dict[Unit, str] = {"log_odds": "dependence_in_log_odds", "probability": "dependence_in_probability"}
"""The name of the curve by what contributions add up to."""


def dependence(snapshots: DataFrame, rows: int, model: RiskModel) -> list[Point]:
    """The curves of the numeric features that add most to the scores of some customers, on average.

    snapshots: as_of_date, customer_id and the features of the model; rows: how many they are, of which a sample is
    looked at. x: the mean of the feature in the bin; y: what it adds, in the unit that names the curve. Nothing for a
    family without an explainer.
    """
    explain = named(model.family).explainer
    if explain is None:
        return []
    numbers, vectors, _ = sampled(model.predict(snapshots, vectors=True), rows, model)
    explainer = explain(model.pipeline.stages[-1], vectors)
    contributions = explainer.contributions(vectors)
    curve = CURVES[explainer.unit]
    points = list(_points(curve, model, by_slot(model.slots, numbers), contributions))
    return [Point(curve, n, p.x, p.y, p.rows, p.label) for n, p in enumerate(points)]


def _points(curve: str, model: RiskModel, numbers: Array, contributions: Array) -> Iterator[Point]:
    added: dict[str, Array] = {}
    values: dict[str, Array] = {}
    for place, slot in enumerate(model.slots):
        if slot.holds == "number":
            values[slot.feature] = numbers[:, place]
        added[slot.feature] = added.get(slot.feature, np.zeros(len(contributions))) + contributions[:, place]
    strongest = sorted(values, key=lambda name: (-float(np.abs(added[name]).mean()), name))
    for name in strongest[:FEATURES]:
        known = ~np.isnan(values[name])
        yield from _curve(curve, name, values[name][known], added[name][known])


def _curve(curve: str, feature: str, values: Array, added: Array) -> Iterator[Point]:
    """One point a bin, from the lowest; equal values share a bin, so that there may be fewer bins."""
    if not len(values):
        return
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, values, side="left")
    for each in np.unique(bins):
        mine = bins == each
        yield Point(curve, 0, float(values[mine].mean()), float(added[mine].mean()), int(mine.sum()), feature)
