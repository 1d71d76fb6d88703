"""BG/NBD: its formulas against integrals over customers and published figures, its fit against simulated customers."""

import numpy as np
import pytest
from scipy import special, stats

from churn_spark.models.value.bg_nbd import BgNbd, bg_nbd_log_likelihood, fit_bg_nbd
from churn_spark.models.value.likelihood import UnfitError

CDNOW = BgNbd(0.243, 4.414, 0.793, 2.426)
"""Of 2,357 customers of a shop for music, in weeks (Fader, Hardie, Lee 2005, table 2)."""
CASES = [(0, 0.0, 30.0), (0, 0.0, 0.0), (1, 3.0, 30.0), (2, 30.43, 38.86), (7, 12.0, 40.0), (30, 51.0, 51.0)]
"""Repeats, weeks from the first to the last, weeks since the first."""
MODELS = [CDNOW, BgNbd(1.7, 9.0, 2.5, 4.0), BgNbd(0.6, 2.0, 0.3, 3.0)]


def integrated(model: BgNbd, case: tuple[float, float, float], horizon: float) -> tuple[float, float]:
    """The likelihood and the expectation by integration over all rates and probabilities that a customer may have."""
    x, last, age = case
    # By trapezoids over log(rate) and the log odds of stopping, where everything fades out smoothly on both sides.
    log_rate, log_odds = np.arange(-110, 8, 0.1)[:, None], np.arange(-120, 60, 0.1)
    rate, chance, going = np.exp(log_rate), 1 / (1 + np.exp(-log_odds)), 1 / (1 + np.exp(log_odds))
    weight = stats.gamma(model.r, scale=1 / model.alpha).pdf(rate) * rate
    weight = weight * np.exp(-special.betaln(model.a, model.b)) * chance**model.a * going**model.b
    active = going**x * rate**x * np.exp(-rate * age)
    stopped = chance * going ** (x - 1) * rate**x * np.exp(-rate * last) if x else 0.0
    later = -np.expm1(-rate * chance * horizon) / chance
    likelihood = (weight * (active + stopped)).sum() * 0.01
    return likelihood, (weight * active * later).sum() * 0.01 / likelihood


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", CASES)
def test_likelihood_and_expectation_are_those_of_all_customers_there_may_be(model, case):
    likelihood, expected = integrated(model, case, 13.0)
    columns = [np.array([float(value)]) for value in case]
    parameters = np.array([model.r, model.alpha, model.a, model.b])
    assert np.exp(bg_nbd_log_likelihood(parameters, *columns))[0] == pytest.approx(likelihood, rel=1e-6)
    assert model.expected_transactions(13.0, *columns)[0] == pytest.approx(expected, rel=1e-6)


def test_a_customer_of_the_literature_is_expected_to_come_as_often_as_published():
    """Hardie, Implementing the BG/NBD Model for Customer Base Analysis in Excel (2005): 1.226 in 39 weeks."""
    (expected,) = CDNOW.expected_transactions(39, np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert expected == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize("a", [1.0, 1e-4, 1000.0])
def test_the_expectation_is_that_of_the_closed_form_wherever_that_can_be_computed(a):
    r, alpha, b, x, age, horizon = 0.5, 5.0, 2.0, 3.0, 20.0, 30.0
    a_beside_one = a + 1e-7 if a == 1 else a
    series = special.hyp2f1(r + x, b + x, a_beside_one + b + x - 1, horizon / (alpha + age + horizon))
    left = ((alpha + age) / (alpha + age + horizon)) ** (r + x) * series
    expected = (a_beside_one + b + x - 1) / (a_beside_one - 1) * (1 - left)
    columns = np.array([x]), np.array([10.0]), np.array([age])
    model = BgNbd(r, alpha, a, b)
    assert model.expected_transactions(horizon, *columns)[0] == pytest.approx(
        expected * model.active(*columns)[0], rel=1e-5
    )


def test_customers_who_all_come_alike_and_never_stop_are_expected_at_their_common_rate():
    alike = BgNbd(9e4, 9e4 / 0.8, 1e-4, 1000.0)
    columns = (np.array([0.0, 3, 7]), np.array([0.0, 4, 7]), np.array([5.0, 7, 7]))
    assert alike.expected_transactions(4, *columns) == pytest.approx([3.2] * 3, rel=1e-3)


def simulated(model: BgNbd, customers: int, weeks: float) -> list[np.ndarray]:
    """Repeats, last and age of customers who live by the model, one at a time."""
    drawn = np.random.default_rng(5)
    rows = []
    for _ in range(customers):
        rate, chance = drawn.gamma(model.r, 1 / model.alpha), drawn.beta(model.a, model.b)
        age = drawn.uniform(weeks / 2, weeks)
        now, last, repeats = 0.0, 0.0, 0
        while repeats == 0 or drawn.random() >= chance:
            now += drawn.exponential(1 / rate) if rate > 1e-12 else np.inf
            if now > age:
                break
            last, repeats = now, repeats + 1
        rows.append((repeats, last, age))
    return [np.array(column, dtype=float) for column in zip(*rows, strict=True)]


def test_parameters_are_found_again_within_their_confidence_intervals():
    true = BgNbd(0.8, 6.0, 0.6, 2.5)
    columns = simulated(true, 6000, 78)
    found = fit_bg_nbd(*columns, np.ones(len(columns[0])))
    logs = np.log([found.r, found.alpha, found.a, found.b])
    errors = np.sqrt(np.diag(np.linalg.inv(_information(logs, columns))))
    distance = (logs - np.log([true.r, true.alpha, true.a, true.b])) / errors
    assert np.abs(distance).max() < 3
    assert errors.max() < 0.2  # so that the intervals say something


def _information(logs: np.ndarray, columns: list[np.ndarray]) -> np.ndarray:
    """The observed information by second differences of the log likelihood, over the parameters' logarithms."""
    step, places = 1e-3, range(len(logs))

    def total(shift: np.ndarray) -> float:
        return float(bg_nbd_log_likelihood(np.exp(logs + shift), *columns).sum())

    def curvature(one: np.ndarray, other: np.ndarray) -> float:
        across = total(one + other) - total(one - other) - total(other - one) + total(-one - other)
        return across / (4 * step * step)

    units = np.eye(len(logs)) * step
    return -np.array([[curvature(units[i], units[j]) for j in places] for i in places])


def test_cells_of_equal_customers_are_the_same_as_customers_one_by_one():
    columns = [np.floor(column) for column in simulated(CDNOW, 500, 52)]
    alone = fit_bg_nbd(*columns, np.ones(500))
    cells, counts = np.unique(np.array(columns), axis=1, return_counts=True)
    together = fit_bg_nbd(*cells, counts.astype(float))
    assert [together.r, together.alpha, together.a, together.b] == pytest.approx(
        [alone.r, alone.alpha, alone.a, alone.b], rel=1e-3
    )


def test_customers_who_never_come_back_determine_nothing():
    with pytest.raises(UnfitError, match="no customer has a second transaction"):
        fit_bg_nbd(np.zeros(9), np.zeros(9), np.arange(9.0), np.ones(9))
