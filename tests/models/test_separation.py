"""Figures of counts against plain loops over rows, and against scikit-learn and SciPy."""

import math

import numpy as np
import pytest
from scipy.stats import contingency
from sklearn.metrics import roc_auc_score

from churn_spark.models.separation import (
    bins_auc,
    information_value,
    odds_at_equal_strata,
    rate_change,
    rates_at_equal_strata,
)
from churn_spark.monitoring.divergence import drift_by_chance

RNG = np.random.default_rng(3)


def counts_of(*columns: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    counts = np.zeros(shape, dtype=np.int64)
    for cell in zip(*columns, strict=True):
        counts[cell] += 1
    return counts


def test_the_auc_of_bins_is_that_of_rates_learnt_on_other_customers():
    bins, half = RNG.integers(0, 7, 900), RNG.integers(0, 2, 900)
    label = (RNG.random(900) < np.array([0.1, 0.5, 0.2, 0.7, 0.3, 0.05, 0.4])[bins]).astype(int)
    expected = []
    for learnt, tested in ((0, 1), (1, 0)):
        rate = [label[(half == learnt) & (bins == one)].mean() for one in range(7)]
        mine = half == tested
        expected.append(roc_auc_score(label[mine], [rate[one] for one in bins[mine]]))
    assert bins_auc(counts_of(bins, half, label, shape=(7, 2, 2))) == pytest.approx(np.mean(expected))


def test_many_bins_that_say_nothing_do_not_flatter():
    bins, half, label = RNG.integers(0, 100, 800), RNG.integers(0, 2, 800), RNG.integers(0, 2, 800)
    counts = counts_of(bins, half, label, shape=(100, 2, 2))
    rates = counts[:, :, 1].sum(axis=1) / counts.sum(axis=(1, 2))
    assert roc_auc_score(label, rates[bins]) > 0.6
    assert abs(bins_auc(counts) - 0.5) < 0.06


def test_the_auc_is_undefined_where_all_left_and_known_where_one_half_has_both():
    counts = np.zeros((3, 2, 2), dtype=np.int64)
    counts[:, :, 1] = 5
    assert math.isnan(bins_auc(counts))
    counts[2, 0, 0] = 5
    assert bins_auc(counts) == pytest.approx(0.5)  # nothing is learnt from the half where all left


def test_information_value_sums_over_bins_and_empty_ones_count_as_half_a_row():
    counts = np.array([[40, 10], [60, 0], [0, 0], [100, 30]])
    expected = sum(
        (left / 40 - stayed / 200) * math.log((left / 40) / (stayed / 200))
        for stayed, left in ((40, 10), (60, 0.5), (100, 30))
    )
    assert information_value(counts) == pytest.approx(expected)
    assert math.isnan(information_value(np.array([[5, 0], [7, 0]])))


def test_odds_at_equal_strata_are_those_of_mantel_and_haenszel():
    one_stratum = np.array([[[30, 10], [20, 40]]])
    odds, z = odds_at_equal_strata(one_stratum)
    assert odds == pytest.approx((10 * 20) / (30 * 40))
    # In one stratum the statistic is (n - 1) / n of Pearson's, without a correction.
    table = np.array([[30, 10], [20, 40]])
    rows, columns = contingency.margins(table)
    expected = rows @ columns / table.sum()
    pearson = ((table - expected) ** 2 / expected).sum()
    assert z == pytest.approx(-math.sqrt(pearson * 99 / 100))


def test_strata_take_away_what_activity_explains():
    """Known customers are active ones and stay for that alone: at equal activity nothing is left."""
    counts = np.array([[[10, 10], [90, 90]], [[180, 20], [18, 2]], [[0, 0], [5, 1]]])
    odds, z = odds_at_equal_strata(counts)
    assert (odds, z) == (pytest.approx(1), pytest.approx(0))
    pooled = counts.sum(axis=0, keepdims=True)
    assert odds_at_equal_strata(pooled)[0] < 0.2
    assert rates_at_equal_strata(counts) == (pytest.approx((0.5 * 200 + 0.1 * 220) / 420),) * 2
    assert math.isnan(odds_at_equal_strata(np.array([[[3, 4], [0, 0]]]))[0])


def test_the_change_of_a_rate_has_the_error_of_resampled_customers():
    """The same customers stand in both snapshots, so a change is far surer than independent rows would say."""
    group = np.repeat(np.arange(100), 4)
    often = RNG.random(400)
    before, after = (RNG.random(400) < often * share for share in (0.5, 0.7))
    cells = [counts_of(group, label.astype(int), shape=(100, 2)) for label in (before, after)]
    factor, z = rate_change(*cells)
    odds = [(label.sum() + 0.5) / (400 - label.sum() + 0.5) for label in (before, after)]
    assert factor == pytest.approx(odds[1] / odds[0])
    gaps = []
    for _ in range(3000):
        drawn = RNG.multinomial(100, np.full(100, 0.01))
        rates = [(drawn @ counts[:, 1]) / (drawn @ counts.sum(axis=1)) for counts in cells]
        gaps.append(rates[1] - rates[0])
    assert z == pytest.approx((after.mean() - before.mean()) / np.std(gaps), rel=0.06)


def test_the_largest_jumps_are_seen_too():
    none, half, everybody = (np.tile(cells, (200, 1)) for cells in ([10, 0], [5, 5], [0, 10]))
    for before, after, sign in ((none, half, 1), (half, everybody, 1), (none, everybody, 1), (everybody, half, -1)):
        factor, z = rate_change(before, after)
        assert sign * math.log(factor) > 5
        assert sign * z > 10
    assert not abs(rate_change(none, none)[1]) > 0


def test_drift_by_chance_is_what_two_samples_of_one_distribution_have():
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    found = []
    for _ in range(2000):
        q, p = RNG.multinomial(400, shares), RNG.multinomial(250, shares)
        found.append(sum((a / 250 - b / 400) * math.log((a / 250) / (b / 400)) for a, b in zip(p, q, strict=True)))
    counts = np.array([[160, 100], [120, 75], [80, 50], [40, 25], [0, 0]])
    assert drift_by_chance(counts) == pytest.approx(np.mean(found), rel=0.1)
