"""A signal: what was seen of one subject, what that means, and what to do."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from churn_spark.definitions.monitoring import Status

DATA = ("freshness", "completeness", "volume", "null_share", "alert_volume")
"""Signals of the data and of what is made of scores."""
MODEL = (
    *("range_share", "psi", "jensen_shannon", "score_psi", "score_jensen_shannon", "mean_risk"),
    *("roc_auc", "average_precision", "brier_score", "calibration_error", "calibration"),
)
"""Signals that say that the model no longer fits: a training may help."""
OVERALL = "overall"
ALL = "all"
"""The subject of a signal that is of everything together."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Signal:
    """One row of `monitoring`.

    value, reference: what was seen, and what it is compared with; None: there is none. warn, act: limits of `value`;
    None: nothing is compared. text: a sentence; advice: what to do, None where all is well. model_version: None where
    no model is concerned.
    """

    signal: str
    subject: str
    status: Status
    text: str
    value: float | None = None
    reference: float | None = None
    warn: float | None = None
    act: float | None = None
    advice: str | None = None
    model_version: int | None = None


def status_of(value: float, warn: float, act: float, rising: bool = True) -> Status:
    """act or warn where the value lies beyond that limit; rising: above it, else below it. Unknown where it is NaN."""
    if math.isnan(value):
        return "unknown"
    sign = 1 if rising else -1
    if sign * value > sign * act:
        return "act"
    return "warn" if sign * value > sign * warn else "ok"


def unknown(signal: str, subject: str, why: str, version: int | None = None, advice: str | None = None) -> Signal:
    """That nothing can be said, and why."""
    return Signal(signal, subject, "unknown", why, advice=advice, model_version=version)


def overall(signals: Collection[Signal]) -> Signal:
    """The worst status of all, and what led to it; unknown only where nothing else is."""
    worst = next((status for status in ("act", "warn", "ok") if any(s.status == status for s in signals)), None)
    silent = sum(signal.status == "unknown" for signal in signals)
    more = f"; of {silent} nothing can be said" if silent else ""
    if worst is None:
        return unknown(OVERALL, ALL, "nothing can be said of any signal")
    if worst == "ok":
        return Signal(OVERALL, ALL, "ok", f"{len(signals) - silent} figures are within their limits{more}")
    led = sorted((s for s in signals if s.status == worst), key=lambda s: (s.signal, s.subject))
    counts = Counter(signal.signal for signal in led)
    named = "; ".join(f"{name} of {_named([s.subject for s in led if s.signal == name])}" for name in counts)
    text = f"{len(led)} figures are at {worst}: {named}{more}"
    return Signal(
        OVERALL, ALL, "act" if worst == "act" else "warn", text, advice="look at what led to it, the data first"
    )


def asks_to_train(signals: Collection[Signal]) -> tuple[list[str], list[str]]:
    """The signals of the model that are at act, and those of the data that are: broken data must not be learnt from."""

    def at_act(names: Sequence[str]) -> list[str]:
        return sorted({f"{s.signal} of {s.subject}" for s in signals if s.status == "act" and s.signal in names})

    return at_act(MODEL), at_act(DATA)


def _named(subjects: Sequence[str]) -> str:
    rest = len(subjects) - SHOWN
    return ", ".join(subjects[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
