"""Concordance against a loop over all pairs of customers."""

import numpy as np
import pytest

from churn_spark.models.survival.measuring import concordance


def by_pairs(bins: np.ndarray, periods: np.ndarray, last: int) -> float:
    """periods: in which a customer left; above `last`: stayed."""
    right = pairs = 0.0
    for one in range(len(bins)):
        for other in range(len(bins)):
            if periods[one] <= last and periods[one] < periods[other]:
                pairs += 1
                right += 1.0 if bins[one] < bins[other] else 0.5 if bins[one] == bins[other] else 0.0
    return right / pairs


@pytest.mark.parametrize("seed", range(5))
def test_concordance_is_the_share_of_pairs_in_the_right_order(seed):
    drawn, last = np.random.default_rng(seed), 4
    bins = drawn.integers(0, 12, 150)
    periods = np.minimum(1 + drawn.poisson(bins / 3), last + 1)
    counts = np.zeros((12, last + 2))
    np.add.at(counts, (bins, periods), 1)
    assert concordance(counts[:, 1:-1], counts[:, -1]) == pytest.approx(by_pairs(bins, periods, last))


def test_without_pairs_it_is_unknown():
    assert np.isnan(concordance(np.zeros((3, 2)), np.array([1.0, 4.0, 2.0])))
    assert np.isnan(concordance(np.array([[2.0], [3.0]]), np.zeros(2)))  # all left at once
