"""What is watched while a model is in force, and from where on it is worth a warning or a training."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "act", "unknown"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond `warn` somebody should look, beyond `act` something should be done."""

    warn: float
    act: float


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The limits of every signal, and whether `act` starts a training.

    false_alarms: the chance that a signal warns, over all its subjects, where nothing has changed. least_customers:
    rows below which a distribution says nothing.

    freshness: age of the newest delivery, in longest usual gaps. completeness: expected deliveries of the last 28 days
    that are missing. volume: rows of the last 7 days as a share of a usual week. null_share, range_share: difference
    from the reference. psi, jensen_shannon: of a feature; score_psi, score_jensen_shannon: of the risk. mean_risk:
    factor between the odds of the mean risk and of the base rate. roc_auc, brier_score, calibration_error: difference
    from the test; average_precision: fall as a share of the test's. calibration: factor between the odds of the
    observed rate and of the mean risk. alert_volume: alerts as a multiple of the usual number.

    retrain: whether `daily` trains where a signal of the model is at act, if the last training is `retrain_after_days`
    old.
    """

    false_alarms: float = 0.01
    least_customers: int = 50
    freshness: Limits = Limits(2.0, 4.0)
    completeness: Limits = Limits(0.0, 2.0)
    volume: Limits = Limits(0.7, 0.4)
    null_share: Limits = Limits(0.05, 0.2)
    range_share: Limits = Limits(0.02, 0.1)
    psi: Limits = Limits(0.1, 0.25)
    jensen_shannon: Limits = Limits(0.15, 0.25)
    score_psi: Limits = Limits(0.1, 0.25)
    score_jensen_shannon: Limits = Limits(0.15, 0.25)
    mean_risk: Limits = Limits(1.5, 2.0)
    roc_auc: Limits = Limits(0.03, 0.08)
    average_precision: Limits = Limits(0.15, 0.3)
    brier_score: Limits = Limits(0.02, 0.05)
    calibration_error: Limits = Limits(0.03, 0.08)
    calibration: Limits = Limits(1.25, 1.75)
    alert_volume: Limits = Limits(2.0, 4.0)
    retrain: bool = False
    retrain_after_days: int = 28
