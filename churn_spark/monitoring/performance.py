"""Whether a model in force does what its test promised: a fall counts only beyond its limit and beyond chance."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from churn_spark.definitions.monitoring import Limits, Monitoring
from churn_spark.monitoring.scores import times_odds
from churn_spark.monitoring.signal import Signal, status_of, unknown

FEWEST = 20
"""Rows of customers who left, and who stayed, below which figures say nothing."""
TRAIN = "train a new model; the gate compares it with the one in force"
RECALIBRATE = "recalibrate: only the level of the risks has moved, ranks are as good as before"
BELOW = {"roc_auc": "ROC AUC", "average_precision": "average precision"}
"""Figures that are better the higher they are."""
ABOVE = {"brier_score": "Brier score"}
CALIBRATION_ERROR = "calibration_error"
CALIBRATION = "calibration"
SIGNALS = (*BELOW, *ABOVE, CALIBRATION_ERROR, CALIBRATION)


@dataclass(frozen=True, slots=True)
class Promised:
    """A figure of the untouched test with its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the scored rows of one subject: a snapshot, a segment or all together.

    dates: how many snapshots they are of; the customers of several are mostly the same. figures, errors: by name of the
    metric. noise: mean and standard deviation of the calibration error of right risks. expected, observed, deviation:
    churners by the risks, as it was, and the standard deviation of that by chance. slope: of the log odds of the risks.
    promised: by name of the metric; without what the test did not measure.
    """

    subject: str
    dates: int
    rows: int
    churners: int
    figures: Mapping[str, float]
    errors: Mapping[str, float]
    noise: tuple[float, float]
    expected: float
    observed: float
    deviation: float
    slope: float
    slope_error: float
    promised: Mapping[str, Promised]
    no_reference: str = "the test of the version has no such figure"


def performance_signals(seen: Sequence[Seen], settings: Monitoring, version: int) -> list[Signal]:
    """Five signals of every subject; chance is shared among them, so that a signal warns as rarely as configured."""
    z = _z(settings.false_alarms / max(len(seen), 1))
    return [signal for one in seen for signal in _signals(one, settings, version, z)]


def _signals(one: Seen, settings: Monitoring, version: int, z: float) -> Iterator[Signal]:
    if min(one.churners, one.rows - one.churners) < FEWEST:
        text = (
            f"{one.churners} of {one.rows} customers left: too few to say (at least {FEWEST} who left and who stayed)"
        )
        yield from (unknown(signal, one.subject, text, version) for signal in SIGNALS)
        return
    for name, called in {**BELOW, **ABOVE}.items():
        yield _beside_the_test(one, name, called, getattr(settings, name), version, z)
    yield _calibration_error(one, settings.calibration_error, version, z)
    yield _calibration(one, settings.calibration, version, z)


def _beside_the_test(one: Seen, name: str, called: str, limits: Limits, version: int, z: float) -> Signal:
    value, promised = one.figures[name], one.promised.get(name)
    if promised is None or math.isnan(promised.value) or math.isnan(value):
        return unknown(name, one.subject, f"{called} {value:.3f}; {one.no_reference}", version)
    rising = name in ABOVE
    error = math.hypot(one.errors[name] * math.sqrt(one.dates), promised.error) * z
    unit = promised.value if name == "average_precision" else 1.0
    sign = 1 if rising else -1
    warn, act = (promised.value + sign * max(limit * unit, error) for limit in (limits.warn, limits.act))
    status = status_of(value, warn, act, rising)
    text = f"{called} {value:.3f}, on the test {promised.value:.3f}{_where(one)}"
    return Signal(
        name, one.subject, status, text, value, promised.value, warn, act, TRAIN if status != "ok" else None, version
    )


def _calibration_error(one: Seen, limits: Limits, version: int, z: float) -> Signal:
    value, promised = one.figures["expected_calibration_error"], one.promised.get("expected_calibration_error")
    if promised is None or math.isnan(promised.value):
        text = f"expected calibration error {value:.3f}; {one.no_reference}"
        return unknown(CALIBRATION_ERROR, one.subject, text, version)
    mean, deviation = (part * math.sqrt(one.dates) for part in one.noise)
    warn, act = (promised.value + max(limit, mean + z * deviation) for limit in (limits.warn, limits.act))
    status = status_of(value, warn, act)
    text = f"expected calibration error {value:.3f}, on the test {promised.value:.3f}{_where(one)}"
    advice = _advice(one, z) if status != "ok" else None
    return Signal(CALIBRATION_ERROR, one.subject, status, text, value, promised.value, warn, act, advice, version)


def _calibration(one: Seen, limits: Limits, version: int, z: float) -> Signal:
    """The share that left beside the mean risk; limits are multiples of its odds, and what chance explains."""
    value, reference = one.observed / one.rows, one.expected / one.rows
    if not 0 < reference < 1:
        return unknown(CALIBRATION, one.subject, f"the mean risk is {reference:.0%}", version)
    up = value >= reference
    chance = z * one.deviation * math.sqrt(one.dates) / one.rows
    beyond = reference + (chance if up else -chance)
    warn, act = (
        (max if up else min)(times_odds(reference, factor if up else 1 / factor), beyond)
        for factor in (limits.warn, limits.act)
    )
    status = status_of(value, warn, act, rising=up)
    text = f"{value:.2%} left, {reference:.2%} by the risks{_where(one)}"
    advice = _advice(one, z) if status != "ok" else None
    return Signal(CALIBRATION, one.subject, status, text, value, reference, warn, act, advice, version)


def _advice(one: Seen, z: float) -> str:
    """Recalibrate where the slope of the risks is 1 as far as can be said, else train."""
    level_only = abs(one.slope - 1) <= max(z * one.slope_error * math.sqrt(one.dates), 0.1)
    return RECALIBRATE if level_only else f"{TRAIN}: the risks are wrong by more than their level"


def _where(one: Seen) -> str:
    return f" ({one.churners:,} of {one.rows:,} rows left)"


def _z(chance: float) -> float:
    from scipy.stats import norm

    return float(norm.isf(chance / 2))
