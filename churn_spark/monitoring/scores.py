"""Whether risks are distributed as at earlier dates of the same version, and lie where the base rate lies.

Risks are counted by their log odds in fine bins, which are joined to about ten of equal count on the reference.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.definitions.monitoring import Monitoring
from churn_spark.monitoring.counting import Counts
from churn_spark.monitoring.divergence import jensen_shannon, jensen_shannon_by_chance, psi, psi_by_chance
from churn_spark.monitoring.drift import distance
from churn_spark.monitoring.signal import Signal, status_of, unknown

PER_UNIT = 20
"""Fine bins of a unit of log odds."""
FURTHEST = 15
"""Log odds beyond which risks share a bin."""
FINE = 2 * FURTHEST * PER_UNIT + 1
QUANTILES = 10
SUBJECT = "risk"


@dataclass(frozen=True, slots=True, eq=False)
class Risks:
    """Risks of one version: counts by fine bin today, and of each earlier date; the sum of today's."""

    version: int
    now: Counts
    total: float
    then: Counts


@dataclass(frozen=True, slots=True)
class BaseRate:
    """The base rate of a version's test, or of its recalibration, with its interval where there is one."""

    value: float
    low: float
    high: float
    of: Literal["test", "recalibration"] = "test"


def fine_bin(risk: Column) -> Column:
    """The fine bin of a risk, from 0."""
    kept = F.least(F.greatest(risk, F.lit(1e-9)), F.lit(1 - 1e-9))
    odds = F.least(F.greatest(F.log(kept / (1 - kept)), F.lit(-float(FURTHEST))), F.lit(float(FURTHEST)))
    return (F.floor(odds * PER_UNIT + F.lit(0.5)) + FURTHEST * PER_UNIT).cast("int")


def score_signals(risks: Risks, base_rate: BaseRate | None, settings: Monitoring) -> list[Signal]:
    """PSI and Jensen-Shannon distance of the risk, and the mean risk beside the base rate."""
    rows = int(risks.now.sum())
    if rows < settings.least_customers:
        why = f"{rows} scored customers are too few to say (monitoring.least_customers: {settings.least_customers})"
        names = ("score_psi", "score_jensen_shannon", "mean_risk")
        return [unknown(name, SUBJECT, why, risks.version) for name in names]
    return [*_drift(risks, settings), _mean_risk(risks, base_rate, settings)]


def _drift(risks: Risks, settings: Monitoring) -> list[Signal]:
    version, dates = risks.version, len(risks.then)
    if not dates or risks.then.sum() // dates < settings.least_customers:
        why = f"version {version} has scored no earlier date with enough customers"
        return [unknown(name, SUBJECT, why, version) for name in ("score_psi", "score_jensen_shannon")]
    now, then = coarse(risks.now, risks.then.sum(axis=0))
    signals = []
    for name, called, index, chance_of, limits in (
        ("score_psi", "stability index (PSI)", psi, psi_by_chance, settings.score_psi),
        (
            *("score_jensen_shannon", "Jensen-Shannon distance", jensen_shannon, jensen_shannon_by_chance),
            settings.score_jensen_shannon,
        ),
    ):
        value, floor = distance(now, then, dates, index, chance_of, settings.false_alarms)
        warn = max(limits.warn, floor)
        act = warn * limits.act / limits.warn
        status = status_of(value, warn, act)
        first = f"the first {dates} dates that version {version} scored"
        text = f"risks beside {first}: {called} {value:.3f}, limit {act if status == 'act' else warn:.3f}"
        advice = "look at the features that drifted; if customers behave differently, train a new model"
        signals.append(
            Signal(name, SUBJECT, status, text, value, 0.0, warn, act, advice if status != "ok" else None, version)
        )
    return signals


def coarse(now: Counts, then: Counts) -> tuple[Counts, Counts]:
    """Both in bins of about equal count on the earlier dates."""
    reached = np.cumsum(then) / then.sum()
    place = np.minimum((np.append(0.0, reached[:-1]) * QUANTILES).astype(int), QUANTILES - 1)
    joined = [np.bincount(place, counts, QUANTILES).astype(np.int64) for counts in (now, then)]
    return joined[0], joined[1]


def _mean_risk(risks: Risks, base_rate: BaseRate | None, settings: Monitoring) -> Signal:
    name, version, rows = "mean_risk", risks.version, int(risks.now.sum())
    mean = risks.total / rows
    if base_rate is None or not 0 < base_rate.value < 1:
        return unknown(name, SUBJECT, f"the mean risk is {mean:.2%}; no base rate of version {version}'s test", version)
    limits = settings.mean_risk
    error = _error(base_rate, mean, rows) * _z(settings.false_alarms)
    up, down = mean >= base_rate.value, -1 if mean < base_rate.value else 1
    beyond = base_rate.value + down * error
    warn, act = (
        (max if up else min)(times_odds(base_rate.value, factor if up else 1 / factor), beyond)
        for factor in (limits.warn, limits.act)
    )
    status = status_of(mean, warn, act, rising=up)
    text = f"the mean risk is {mean:.2%}, the base rate of version {version}'s {base_rate.of} {base_rate.value:.2%}"
    advice = "see whether the population or its features changed; train a new model if they did for good"
    return Signal(
        name, SUBJECT, status, text, mean, base_rate.value, warn, act, advice if status != "ok" else None, version
    )


def _error(base_rate: BaseRate, mean: float, rows: int) -> float:
    """The standard error of the difference; half a population of the test's size is not assumed."""
    own = (base_rate.high - base_rate.low) / (2 * 1.96)
    return math.hypot(own, math.sqrt(max(mean * (1 - mean), 0.0) / rows))


def _z(chance: float) -> float:
    from scipy.stats import norm

    return float(norm.isf(chance / 2))


def times_odds(rate: float, factor: float) -> float:
    """The rate whose odds are a multiple of another's."""
    odds = rate / (1 - rate) * factor
    return odds / (1 + odds)


def histogram(cells: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Counts by fine bin from (bin, rows)."""
    counts = np.zeros(FINE, dtype=np.int64)
    for place, rows in cells:
        counts[place] += rows
    return counts
