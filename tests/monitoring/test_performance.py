"""A fall counts beyond its limit and beyond chance; what to do depends on what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from churn_spark.definitions.monitoring import Limits, Monitoring
from churn_spark.models.live import live
from churn_spark.monitoring.performance import RECALIBRATE, SIGNALS, Promised, Seen, performance_signals
from tests.models.test_live import tally, world

SETTINGS = Monitoring()


def seen(found, promised, subject="all", dates=1) -> Seen:
    known = found.level
    return Seen(
        subject, dates, found.rows, found.churners, found.figures, found.errors, found.noise,
        known.expected, known.observed, known.deviation, known.slope, known.slope_error, promised,
    )  # fmt: skip


@pytest.fixture(scope="module")
def promised() -> dict[str, Promised]:
    """What the test of the model found in a large world."""
    test = live(tally(*world(np.random.default_rng(1), 20_000)), seed=1)
    return {name: Promised(value, test.errors.get(name, 0.0)) for name, value in test.figures.items()}


def signals(found, promised, settings=SETTINGS, **given):
    return {one.signal: one for one in performance_signals([seen(found, promised, **given)], settings, 7)}


def measured(seed, rows=4000, **given):
    return live(tally(*world(np.random.default_rng(seed), rows, **given)), seed=seed)


def test_a_world_as_before_is_well(promised):
    assert {name: one.status for name, one in signals(measured(2), promised).items()} == dict.fromkeys(SIGNALS, "ok")


def test_where_only_the_level_moved_recalibration_is_advised(promised):
    found = signals(measured(3, shift=0.9), promised)
    assert found["calibration"].status == "act"
    assert found["calibration"].advice == RECALIBRATE
    assert found["roc_auc"].status == "ok"


def test_where_ranks_are_lost_training_is_advised(promised):
    found = signals(measured(4, slope=0.3), promised)
    assert found["roc_auc"].status == "act"
    assert "train" in found["roc_auc"].advice
    calibration = signals(measured(4, slope=0.3, shift=0.9), promised)["calibration"]
    assert calibration.status != "ok"
    assert "by more than their level" in calibration.advice


def test_a_fall_that_chance_explains_is_none(promised):
    few, many = measured(5, 150, slope=0.75), measured(5, 20_000, slope=0.5)
    assert signals(few, promised)["roc_auc"].status == "ok"
    assert signals(many, promised)["roc_auc"].status != "ok"
    # Four snapshots of the same customers are no four times as many customers.
    alone, repeated = (signals(many, promised, dates=dates)["roc_auc"] for dates in (1, 400))
    assert repeated.warn < alone.warn


def test_too_few_who_left_or_who_stayed_say_nothing(promised):
    few = live(tally(np.linspace(0.1, 0.9, 100), np.arange(100) < 19), seed=1)
    assert {one.status for one in signals(few, promised).values()} == {"unknown"}
    assert {one.status for one in signals(live(tally([0.5], [1]), seed=1), promised).values()} == {"unknown"}


def test_what_the_test_did_not_measure_is_no_reference_and_the_level_needs_none():
    found = signals(measured(2), {})
    assert {name: one.status for name, one in found.items()} == {
        **dict.fromkeys(SIGNALS, "unknown"),
        "calibration": "ok",
    }


def test_where_nothing_changed_a_signal_warns_as_rarely_as_configured(promised):
    tight = Limits(1e-9, 1.0)
    names = ("roc_auc", "average_precision", "brier_score", "calibration_error")
    factor = Limits(1 + 1e-9, 50.0)
    settings = replace(SETTINGS, false_alarms=0.05, calibration=factor, **dict.fromkeys(names, tight))
    days, subjects, rng = 100, 3, np.random.default_rng(6)
    warned = dict.fromkeys(SIGNALS, 0)
    for day in range(days):
        together = [
            seen(live(tally(*world(rng, 400)), seed=day, replicates=60), promised, f"segment {n}")
            for n in range(subjects)
        ]
        found = performance_signals(together, settings, 7)
        for name in SIGNALS:
            warned[name] += any(one.status in ("warn", "act") for one in found if one.signal == name)
    # 5 % of 100 days are 5; three standard deviations more are 12.
    assert max(warned.values()) <= 12, warned
