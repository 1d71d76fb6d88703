"""Points of the curves of a tested model, few enough to draw, read off its tally."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from churn_spark.definitions.economics import Economics
from churn_spark.models.metrics import CALIBRATION_BINS, Array, calibration_bins
from churn_spark.models.profit import stakes
from churn_spark.models.tally import Tally

POINTS = 200
IMPORTANCES = 30


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a curve; rows behind it and the feature of an importance, None where they mean nothing."""

    curve: str
    position: int
    x: float
    y: float
    rows: int | None = None
    label: str | None = None


def curves(tested: Tally, economics: Economics | None = None) -> list[Point]:
    """ROC, precision-recall, cumulative gain and (where there are risks) reliability of a tally; with economics also
    the profit per customer against the share contacted.
    """
    _, rows, churners, worth = tested.by_score("rows", "churners", "worth")
    contacted, hits = np.cumsum(rows), np.cumsum(churners)
    recall, alarms = hits / hits[-1], (contacted - hits) / (contacted[-1] - hits[-1])
    zero = np.zeros(1)
    ranked = [
        *_curve("roc", np.append(zero, alarms), np.append(zero, recall)),
        *_curve("precision_recall", recall, hits / contacted),
        *_curve("gain", np.append(zero, contacted / contacted[-1]), np.append(zero, recall)),
    ]
    if economics is not None:
        profits = stakes(rows, churners, worth, economics).profit(economics.acceptance)
        ranked += _curve("profit", np.append(zero, contacted / contacted[-1]), np.append(zero, profits))
    return ranked if np.isnan(tested.predicted).any() else [*ranked, *_reliability(tested)]


def importance_points(weights: Mapping[str, float]) -> list[Point]:
    """The weightiest inputs, from the heaviest, as points: x is the place, y the weight."""
    heaviest = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:IMPORTANCES]
    return [Point("importance", n, float(n + 1), weight, label=name) for n, (name, weight) in enumerate(heaviest)]


def _curve(name: str, x: Array, y: Array) -> list[Point]:
    """At most POINTS of the points, spread evenly over the length of the curve, both ends and its top among them."""
    height = np.ptp(y) or 1.0
    length = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)) / height))
    wanted = np.linspace(0.0, length[-1], POINTS - 1)
    spread = np.searchsorted(length, wanted[1:-1]).tolist()
    kept: Sequence[int] = sorted({0, len(x) - 1, int(np.argmax(y)), *spread})
    return [Point(name, n, float(x[place]), float(y[place])) for n, place in enumerate(kept)]


def _reliability(tested: Tally) -> list[Point]:
    """Observed against mean predicted churn in the bins of the calibration error, from the lowest risk."""
    _, rows, churners, predicted = tested.by_score("rows", "churners", "predicted")
    bins = CALIBRATION_BINS - 1 - calibration_bins(rows)
    count, observed, expected = (np.bincount(bins, each, CALIBRATION_BINS) for each in (rows, churners, predicted))
    return [
        Point("reliability", n, float(expected[b] / count[b]), float(observed[b] / count[b]), rows=int(count[b]))
        for n, b in enumerate(np.flatnonzero(count))
    ]
