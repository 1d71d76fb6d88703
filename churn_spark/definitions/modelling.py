"""How models are trained and how risks are presented."""

from dataclasses import dataclass, field
from typing import Literal

from churn_spark.definitions.economics import Economics
from churn_spark.definitions.gate import Gate
from churn_spark.definitions.leaks import Leaks
from churn_spark.definitions.selection import Selection

Role = Literal["champion", "challenger", "candidate", "baseline"]
"""What a model is to the run that measures it: put in force, registered beside that, tried only, or without fitting."""

SEGMENT = "segment "
"""How the part of a test that is a customer segment begins, before its number; other parts are dates."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The name of a model family with its grid: the values tried of each parameter that the configuration names."""

    family: str
    grid: tuple[tuple[str, tuple[float, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Survival:
    """A model of how long customers stay.

    model: discrete-time hazard, or accelerated failure time. horizons: days after the as-of date, ascending, each a
    whole number of periods of `period_days` days.
    """

    model: Literal["hazard", "aft"]
    horizons: tuple[int, ...]
    period_days: int = 14

    @property
    def periods(self) -> int:
        """Periods up to the last horizon."""
        return self.horizons[-1] // self.period_days


@dataclass(frozen=True, slots=True)
class TargetEncoding:
    """Texts of many values become the churn rate of each value.

    smoothing: rows of the base rate that are added to each value's. most_values: beyond, a text is left out.
    """

    smoothing: float = 20.0
    most_values: int = 10_000


@dataclass(frozen=True, slots=True)
class Training:
    """Cross-validation, test and calibration of one training run.

    folds: number of folds, grouped by customer. test_snapshots: newest matured snapshots kept for the untouched test.
    backtest_snapshots: the newest training snapshots of the walk-forward backtest.
    metric: what tuning maximises. exclude: features never used. seed: of folds, forests and bootstrap.
    bootstrap: replicates behind an interval. max_score_drift: largest population stability index between the scores of
    the tested and the refitted model on the newest population that passes without a look at ranks and level.
    accept_weak: whether a model goes in force that is no better than chance, or than a score without fitting.
    economics: by what the threshold is chosen; None: by F1. gate: the floors of its test. leaks: limits of the
    checks before anything is learnt. survival: the model of how long customers stay that is fitted beside the winner;
    None: there is none. selection: the limits by which features are selected; None: all are used. target_encoding: of
    texts with many values; None: these are left out.
    """

    candidates: tuple[Candidate, ...]
    folds: int = 3
    test_snapshots: int = 3
    backtest_snapshots: int = 2
    metric: Literal["average_precision", "log_loss"] = "average_precision"
    exclude: tuple[str, ...] = ()
    seed: int = 1
    bootstrap: int = 200
    max_score_drift: float = 0.2
    accept_weak: bool = False
    economics: Economics | None = None
    gate: Gate = Gate()
    leaks: Leaks = Leaks()
    survival: Survival | None = None
    selection: Selection | None = None
    target_encoding: TargetEncoding | None = None


@dataclass(frozen=True, slots=True)
class Scoring:
    """Tiers by share of the ranked population (the rest is `low`), and the value of a customer.

    value: SQL over the features, money a year; None: null.
    """

    high_share: float = 0.05
    medium_share: float = 0.2
    value: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedValue:
    """The money that a customer is expected to spend in the next `horizon_days` days, as models of purchasing have it.

    A transaction is a unit of `unit_days` days with a value of `measure`, of `source`; those of the last `history_days`
    days count.
    """

    source: str
    measure: str
    horizon_days: int = 365
    history_days: int = 364
    unit_days: int = 7


@dataclass(frozen=True, slots=True)
class Segmentation:
    """RFM quintiles (recency, frequency, monetary: feature names) and k-means over `features`."""

    recency: str
    frequency: str
    monetary: str
    clusters: int = 5
    features: tuple[str, ...] = field(default_factory=tuple)
    seed: int = 1
