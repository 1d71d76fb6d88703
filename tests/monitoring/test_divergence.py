"""Indices of two distributions against plain loops, and how often they exceed what chance gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from churn_spark.monitoring.divergence import (
    LEAST_EXPECTED,
    jensen_shannon,
    jensen_shannon_by_chance,
    pooled,
    psi,
    psi_by_chance,
)
from tests.monitoring import oracle

COUNTS = st.integers(2, 12).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 500), min_size=n, max_size=n).filter(any) for _ in range(2)))
)


@given(COUNTS)
def test_both_indices_are_those_of_plain_loops(counts):
    expected, compared = (np.array(each) for each in counts)
    assert psi(expected, compared) == pytest.approx(oracle.psi(*counts), abs=1e-12)
    assert jensen_shannon(expected, compared) == pytest.approx(oracle.jensen_shannon(*counts), abs=1e-7)
    assert jensen_shannon(expected, compared) == pytest.approx(jensenshannon(*counts, base=2), abs=1e-7)


@given(COUNTS)
def test_pooling_loses_no_row_and_leaves_no_bin_of_few(counts):
    expected, compared = (np.array(each) for each in counts)
    smaller = min(expected.sum(), compared.sum())
    one, other = pooled(expected, compared, smaller)
    assert (one.sum(), other.sum()) == (expected.sum(), compared.sum())
    if len(one) > 1:
        common = (one / one.sum() + other / other.sum()) / 2
        assert common.min() * smaller >= LEAST_EXPECTED - 1e-9


def test_nothing_apart_is_0_and_nothing_in_common_is_1():
    some = np.array([30, 70])
    assert psi(some, some) == jensen_shannon(some, some) == 0
    assert jensen_shannon(np.array([10, 0]), np.array([0, 10])) == pytest.approx(1)


@pytest.mark.parametrize(("then", "now"), [(60, 60), (1000, 200), (20_000, 300), (5000, 5000)])
@pytest.mark.parametrize("skewed", [False, True])
def test_samples_of_one_distribution_exceed_the_bound_as_rarely_as_asked(then, now, skewed):
    shares = np.geomspace(0.7, 0.002, 10) if skewed else np.array([0.001, 0.099, *[0.1] * 8, 0.099, 0.001])
    rng, chance, draws = np.random.default_rng(5), 0.02, 1500
    exceeded = np.zeros(2)
    for _ in range(draws):
        counts = [rng.multinomial(rows, shares / shares.sum()) for rows in (then, now)]
        expected, compared = pooled(*counts, min(then, now))
        bins = len(expected)
        exceeded += (
            psi(expected, compared) > psi_by_chance(bins, then, now, chance),
            jensen_shannon(expected, compared) > jensen_shannon_by_chance(bins, then, now, chance),
        )
    assert (exceeded / draws <= chance * 1.5).all(), exceeded / draws
