"""Gamma-gamma: its formulas against integrals over customers, published figures, simulated customers."""

import numpy as np
import pytest
from scipy import integrate, stats

from churn_spark.models.value.gamma_gamma import GammaGamma, fit_gamma_gamma, gamma_gamma_log_likelihood
from churn_spark.models.value.likelihood import UnfitError

CDNOW = GammaGamma(6.25, 3.74, 15.44)
"""Of the 946 customers of a shop for music who came again, in US dollars (Fader, Hardie 2013)."""


@pytest.mark.parametrize(("count", "mean"), [(1, 20.0), (1, 200.0), (3, 35.0), (12, 8.0)])
def test_likelihood_and_expectation_are_those_of_all_customers_there_may_be(count, mean):
    p, q, gamma = CDNOW.p, CDNOW.q, CDNOW.gamma

    def density(v: float) -> float:
        """Of the mean of `count` values, each Gamma(p, v), and of v."""
        return stats.gamma(p * count, scale=1 / (v * count)).pdf(mean) * stats.gamma(q, scale=1 / gamma).pdf(v)

    likelihood = integrate.quad(density, 0, 20, limit=400)[0]
    expected = integrate.quad(lambda v: density(v) * p / v, 1e-9, 20, limit=400)[0] / likelihood
    counts, means = np.array([float(count)]), np.array([mean])
    assert np.exp(gamma_gamma_log_likelihood(np.array([p, q, gamma]), counts, means))[0] == pytest.approx(likelihood)
    assert CDNOW.expected_mean(counts, means)[0] == pytest.approx(expected)


def simulated(true: GammaGamma, customers: int) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(3)
    counts = drawn.integers(1, 9, customers)
    rates = drawn.gamma(true.q, 1 / true.gamma, customers)
    means = [drawn.gamma(true.p, 1 / rate, count).mean() for rate, count in zip(rates, counts, strict=True)]
    return counts.astype(float), np.array(means)


@pytest.mark.parametrize("currency", [1.0, 5000.0])
def test_parameters_are_found_again_in_any_currency(currency):
    true = GammaGamma(4.0, 3.0, 40.0)
    counts, means = simulated(true, 8000)
    found = fit_gamma_gamma(counts, means * currency, np.ones(len(counts)))
    assert [found.p, found.q, found.gamma / currency] == pytest.approx([true.p, true.q, true.gamma], rel=0.12)


def test_the_more_transactions_the_nearer_to_the_customers_own_mean():
    few, many = CDNOW.expected_mean(np.array([1.0, 50.0]), np.array([100.0, 100.0]))
    everybody = CDNOW.p * CDNOW.gamma / (CDNOW.q - 1)
    assert everybody < few < many < 100


def test_what_was_paid_back_counts_as_nothing_paid():
    paid_back, nothing = CDNOW.expected_mean(np.array([2.0, 2.0]), np.array([-30.0, 0.0]))
    assert paid_back == nothing > 0


def test_equal_values_determine_nothing():
    with pytest.raises(UnfitError, match="do not differ"):
        fit_gamma_gamma(np.ones(5), np.full(5, 9.99), np.ones(5))
