"""What is said of sources: late, missing, thin; and nothing where all is as usual."""

from datetime import date, timedelta

import numpy as np
import pytest

from churn_spark.definitions.monitoring import Monitoring
from churn_spark.monitoring.alerts import alert_volume
from churn_spark.monitoring.sources import Deliveries, completeness, freshness, source_signals, volume

SETTINGS = Monitoring()
TODAY = date(2026, 6, 1)
DAILY = [TODAY - timedelta(days=n) for n in range(1, 40)]
WEEKLY = [TODAY - timedelta(days=7 * n + 1) for n in range(12)]
USUAL = [700, 720, 690, 705, 710, 698, 702, 715, 699]


def source(nominal=DAILY, quiet=(), missing=(), weeks=USUAL, lag=1) -> Deliveries:
    return Deliveries("sales", nominal, quiet, missing, weeks, lag)


@pytest.mark.parametrize(
    ("nominal", "quiet", "status"),
    [
        (DAILY, (), "ok"),
        (DAILY[1:], (), "ok"),  # one day late: a day of two is still twice the usual gap
        (DAILY[2:], (), "warn"),
        (DAILY[4:], (), "act"),
        (DAILY[4:], DAILY[:4], "ok"),  # nothing was expected on these days
        (DAILY[4:], DAILY[:2], "act"),  # something was on those before
        (WEEKLY, (), "ok"),
        (WEEKLY[1:], (), "ok"),
        (WEEKLY[2:], (), "warn"),
        (WEEKLY[4:], (), "act"),
        ([], (), "unknown"),
        ([DAILY[0]], (), "ok"),
    ],
)
def test_a_source_is_late_after_more_than_two_of_its_longest_gaps(nominal, quiet, status):
    assert freshness(source(nominal, quiet), TODAY, SETTINGS).status == status


def test_what_takes_days_to_come_is_no_later_for_it():
    three_days = [day - timedelta(days=2) for day in DAILY]
    assert freshness(source(three_days, lag=3), TODAY, SETTINGS).status == "ok"
    assert freshness(source(three_days, lag=1), TODAY, SETTINGS).status == "warn"


@pytest.mark.parametrize(("missing", "status"), [(0, "ok"), (1, "warn"), (2, "warn"), (3, "act")])
def test_missing_deliveries_are_counted_and_named(missing, status):
    found = completeness(source(missing=DAILY[:missing]), SETTINGS)
    assert (found.status, found.value) == (status, missing)
    assert not missing or str(DAILY[0]) in found.text


@pytest.mark.parametrize(
    ("now", "before", "status"),
    [
        (700, USUAL[1:], "ok"),
        (480, USUAL[1:], "warn"),
        (270, USUAL[1:], "act"),
        (0, USUAL[1:], "act"),
        (480, [700, 300, 900, 650, 400, 1200, 500, 800], "ok"),  # weeks that differ as much by themselves
        (3, [6, 5, 7, 4, 6, 5, 6, 7], "ok"),  # too few rows to say more
        (0, [600] * 3, "unknown"),
        (0, [600, 0, 0, 0, 0, 0, 0, 0], "unknown"),
        (5, [], "unknown"),
    ],
)
def test_a_week_is_thin_beside_the_weeks_before_and_beyond_chance(now, before, status):
    assert volume(source(weeks=[now, *before]), SETTINGS, SETTINGS.false_alarms).status == status


def test_three_signals_of_every_source():
    gone = source(DAILY[14:], weeks=[0, 0, *USUAL[2:]], missing=DAILY[:14])
    found = source_signals([source(), gone], TODAY, SETTINGS)
    assert [one.status for one in found] == ["ok"] * 3 + ["act"] * 3


def test_many_alerts_are_seen_and_usual_ones_are_not():
    before = [40, 44, 39, 41, 43, 38, 42, 40]
    assert alert_volume(45, before, SETTINGS).status == "ok"
    assert alert_volume(95, before, SETTINGS).status == "warn"
    assert alert_volume(400, before, SETTINGS).status == "act"
    assert alert_volume(400, before[:3], SETTINGS).status == "unknown"
    assert alert_volume(4, [0, 1, 2, 1, 0, 2, 1, 1], SETTINGS).status == "ok"


@pytest.mark.parametrize("spread", [0.02, 0.3])
def test_weeks_and_alerts_of_no_change_warn_as_rarely_as_configured(spread):
    rng, draws, chance = np.random.default_rng(8), 2000, 0.02
    settings = Monitoring(false_alarms=chance)
    warned = np.zeros(2)
    for _ in range(draws):
        numbers = rng.poisson(300 * np.exp(rng.normal(0, spread, 9))).tolist()
        warned += (
            volume(source(weeks=numbers), settings, chance).status in ("warn", "act"),
            alert_volume(numbers[0], numbers[1:], settings).status in ("warn", "act"),
        )
    assert (warned / draws <= 1.5 * chance).all(), warned / draws
