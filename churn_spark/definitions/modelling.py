"""How models are trained and how risks are told."""

from dataclasses import dataclass, field
from typing import Literal

Family = Literal["logistic_regression", "random_forest"]

PARAMETERS: dict[Family, dict[str, float]] = {
    "logistic_regression": {"l2": 0.003, "iterations": 40},
    "random_forest": {"trees": 100, "depth": 8, "leaf_rows": 8},
}
"""The parameters a grid may name, with their values where it does not.

l2: penalty on the standardised coefficients; leaf_rows: least rows in a leaf of a tree.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model family with its grid: parameter name (of `PARAMETERS`) to the values tried."""

    family: Family
    grid: tuple[tuple[str, tuple[float, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Training:
    """Cross-validation, test and calibration of one training run.

    folds: number of folds, grouped by customer. test_snapshots: newest matured snapshots kept for the untouched test.
    metric: what tuning maximises. exclude: features never used. seed: of folds, forests and bootstrap.
    bootstrap: replicates behind an interval. max_score_drift: largest population stability index between the scores of
    the tested and the refitted model on the newest population.
    """

    candidates: tuple[Candidate, ...]
    folds: int = 3
    test_snapshots: int = 3
    metric: Literal["average_precision", "log_loss"] = "average_precision"
    exclude: tuple[str, ...] = ()
    seed: int = 1
    bootstrap: int = 200
    max_score_drift: float = 0.2


@dataclass(frozen=True, slots=True)
class Scoring:
    """Tiers by share of the ranked population (the rest is `low`), and the value of a customer.

    value: SQL over the features, money a year; None: null.
    """

    high_share: float = 0.05
    medium_share: float = 0.2
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Segmentation:
    """RFM quintiles (recency, frequency, monetary: feature names) and k-means over `features`."""

    recency: str
    frequency: str
    monetary: str
    clusters: int = 5
    features: tuple[str, ...] = field(default_factory=tuple)
    seed: int = 1
