"""What a trained model must be to go in force."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["passed", "warning", "refused"]


@dataclass(frozen=True, slots=True)
class Gate:
    """Floors that a model's untouched test must reach; None: there is none.

    min_positives: customers who left in the test. groups: features that part customers into groups; max_group_gap: the
    largest difference in ROC AUC between two groups of one.
    """

    min_roc_auc: float | None = None
    min_lift: float | None = None
    max_calibration_error: float | None = None
    min_positives: int | None = None
    groups: tuple[str, ...] = ()
    max_group_gap: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found.

    check: its name. subject: a feature, a metric, a snapshot, a version. value, limit: what was compared; NaN where
    nothing was. text: a sentence for a person. Outcome refused keeps the model out of force.
    """

    check: str
    subject: str
    outcome: Outcome
    text: str
    value: float = float("nan")
    limit: float = float("nan")
