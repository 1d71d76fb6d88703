"""Risks of a date beside earlier ones and beside the base rate."""

import math

import numpy as np
import pytest

from churn_spark.definitions.monitoring import Monitoring
from churn_spark.monitoring.scores import (
    FINE,
    FURTHEST,
    PER_UNIT,
    BaseRate,
    Risks,
    coarse,
    histogram,
    score_signals,
    times_odds,
)

SETTINGS = Monitoring()


def fine(risks) -> np.ndarray:
    """By a plain loop."""
    counts = np.zeros(FINE, dtype=np.int64)
    for risk in risks:
        odds = min(max(math.log(risk / (1 - risk)), -FURTHEST), FURTHEST)
        counts[math.floor(odds * PER_UNIT + 0.5) + FURTHEST * PER_UNIT] += 1
    return counts


def found(now, then, base_rate=BaseRate(0.2, 0.19, 0.21)) -> dict:
    earlier = np.array([fine(each) for each in then], dtype=np.int64).reshape(len(then), FINE)
    signals = score_signals(Risks(3, fine(now), float(sum(now)), earlier), base_rate, SETTINGS)
    return {one.signal: one for one in signals}


def risks(seed, rows=2000, shift=0.0):
    odds = np.random.default_rng(seed).normal(-1.6 + shift, 1.0, rows)
    return 1 / (1 + np.exp(-odds))


def test_the_same_customers_with_the_same_risks_are_well_and_others_are_not():
    then = [risks(n) for n in range(3)]
    rate = float(np.mean(then))
    well = found(risks(9), then, BaseRate(rate, rate - 0.01, rate + 0.01))
    assert {one.status for one in well.values()} == {"ok"}
    half = found(risks(9, shift=0.4), then, BaseRate(rate, rate - 0.01, rate + 0.01))
    assert half["score_psi"].status == half["score_jensen_shannon"].status == "warn"
    far = found(risks(9, shift=1.5), then, BaseRate(rate, rate - 0.01, rate + 0.01))
    assert {one.status for one in far.values()} == {"act"}
    assert far["mean_risk"].warn == pytest.approx(times_odds(rate, 1.5))


def test_few_customers_no_earlier_date_and_no_base_rate_leave_it_open():
    then = [risks(1)]
    assert {one.status for one in found(risks(2, 12), then).values()} == {"unknown"}
    assert found(risks(2), [])["score_psi"].status == "unknown"
    assert found(risks(2), then, None)["mean_risk"].status == "unknown"
    assert found(risks(2), then, BaseRate(0.0, 0.0, 0.0))["mean_risk"].status == "unknown"


def test_a_base_rate_of_which_little_is_known_says_little():
    then, now = [risks(1)], risks(2)
    mean = float(np.mean(now))
    assert found(now, then, BaseRate(times_odds(mean, 0.5), 0.0, 0.4))["mean_risk"].status == "ok"
    assert found(now, then, BaseRate(times_odds(mean, 0.5), 0.1, 0.12))["mean_risk"].status in ("warn", "act")


def test_bins_are_joined_to_about_ten_of_equal_count_and_no_row_is_lost():
    then, now = fine(risks(1, 5000)), fine(risks(2, 700))
    joined_now, joined_then = coarse(now, then)
    assert (joined_now.sum(), joined_then.sum()) == (700, 5000)
    assert len(joined_then) == 10
    assert joined_then.min() > 300
    assert joined_then.max() < 700
    assert histogram([(3, 2), (3, 1)])[3] == 3
