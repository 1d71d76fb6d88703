import numpy as np
import pytest
from empulse.metrics import empb_score, empc_score, mpc_score
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.definitions.economics import Economics
from churn_spark.models import profit
from churn_spark.models.calibration import Calibrator
from churn_spark.models.choice import as_text
from churn_spark.models.measures import GROUPS, Measure, best_threshold, measured
from churn_spark.models.profit import NOBODY, acceptance_rates
from churn_spark.models.tuning import Tuned
from tests.models.made_tallies import tally_of

VERBRAKEN = Economics("200", contact_cost=1, incentive_cost=10, acceptance=0.3, deviation=0.1)
SCORED = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(label for _, label in rows) < len(rows)
)


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(9)
    risk = rng.beta(1, 6, 4000)
    return risk, (rng.random(4000) < risk).astype(int)


def counted(scores, labels, value=200.0):
    """Distinct scores from the highest, with rows, churners and their worth."""
    distinct = np.unique(scores)[::-1]
    same = np.asarray(scores) == distinct[:, None]
    values = np.broadcast_to(value, len(scores))
    return distinct, same.sum(axis=1).astype(float), same @ np.asarray(labels, float), same @ (labels * values)


def slow_profit(scores, labels, value, threshold, economics):
    """Customer after customer."""
    total = 0.0
    for score, label in zip(scores, labels, strict=True):
        if score >= threshold and label:
            total += economics.acceptance * (value - economics.incentive_cost) - economics.contact_cost
        elif score >= threshold:
            total -= economics.contact_cost + economics.incentive_cost
    return total / len(scores)


@given(SCORED, st.floats(0, 300), st.floats(0, 20), st.floats(0, 20), st.floats(0.01, 1))
def test_the_threshold_brings_the_highest_profit(scored, value, contact, incentive, acceptance):
    scores, labels = (np.array(each, float) for each in zip(*scored, strict=True))
    economics = Economics("value", contact, incentive, acceptance)
    slow = {float(t): slow_profit(scores, labels, value, t, economics) for t in set(scores)}
    found = counted(scores, labels, value)
    best = float(profit.best_thresholds(*found, economics))
    reached = 0.0 if best == NOBODY else slow[best]
    assert reached == pytest.approx(max(0.0, *slow.values()), abs=1e-9)
    highest = profit.expected_maximum_profit(*found[1:], economics)
    assert highest == pytest.approx(max(0.0, *slow.values()), abs=1e-9)
    for threshold, expected in slow.items():
        warned = (found[0] >= threshold).astype(float)
        assert profit.profit_at(*found[1:], warned, economics) == pytest.approx(expected, abs=1e-9)


def test_maximum_profit_and_its_depth_equal_empulse(drawn):
    scores, labels = drawn
    known = Economics("200", 1, 10, 0.3)
    given_as = {"accept_rate": 0.3, "clv": 200, "incentive_cost": 10, "contact_cost": 1}
    found = counted(scores, labels)
    assert profit.expected_maximum_profit(*found[1:], known) == pytest.approx(mpc_score(labels, scores, **given_as))
    best = float(profit.best_thresholds(*found, known))
    assert (scores >= best).mean() == pytest.approx(mpc_score.optimal_rate(labels, scores, **given_as))


@pytest.mark.parametrize("economics", [
    VERBRAKEN,
    Economics("500", 0, 0, 0.1, 0.2),
    Economics("60", 4, 12, 0.6, 0.3),
    Economics("200", 1, 10, 0.5, 1 / np.sqrt(12)),
])  # fmt: skip
def test_expected_maximum_profit_equals_empulse(drawn, economics):
    scores, labels = drawn
    (alpha, beta), value = economics.beta, float(economics.value)
    theirs = empc_score(
        labels, scores, alpha=alpha, beta=beta, clv=value,
        incentive_cost=economics.incentive_cost, contact_cost=economics.contact_cost,
    )  # fmt: skip
    ours = profit.expected_maximum_profit(*counted(scores, labels, value)[1:], economics)
    assert ours == pytest.approx(theirs, rel=2e-4)


@settings(deadline=None)
@given(SCORED)
def test_expected_maximum_profit_of_few_customers_equals_empulse(scored):
    scores, labels = (np.array(each) for each in zip(*scored, strict=True))
    theirs = empc_score(labels, scores / 13, alpha=6, beta=14, clv=200, incentive_cost=10, contact_cost=1)
    ours = profit.expected_maximum_profit(*counted(scores, labels)[1:], VERBRAKEN)
    assert ours == pytest.approx(theirs, rel=5e-3, abs=0.02)


def test_customers_of_unequal_value_equal_empulse(drawn):
    scores, labels = drawn
    values = np.random.default_rng(2).gamma(2, 150, len(scores))
    # Which takes the best threshold at the mean acceptance, not that of each acceptance.
    theirs = empb_score(labels, scores, clv=values, alpha=6, beta=14, incentive_fraction=0.0, contact_cost=15)
    ours = profit.expected_maximum_profit(*counted(scores, labels, values)[1:], Economics("v", 15, 0, 0.3))
    assert ours == pytest.approx(theirs)


def test_with_risks_that_are_right_the_threshold_is_the_risk_that_breaks_even():
    rng = np.random.default_rng(3)
    risk = rng.beta(1, 6, 200_000).round(3)
    labels = (rng.random(len(risk)) < risk).astype(int)
    best = float(profit.best_thresholds(*counted(risk, labels), VERBRAKEN))
    assert VERBRAKEN.break_even(200) == pytest.approx(11 / 67)
    assert best == pytest.approx(11 / 67, abs=0.02)


def test_the_interval_of_the_threshold_is_that_of_resampling_customers(drawn):
    scores, labels = drawn[0].round(2), drawn[1]
    rows = list(zip(scores, scores, labels, np.arange(len(scores)) % GROUPS, strict=True))
    found = best_threshold(tally_of(rows, 200.0), 200, 1, VERBRAKEN)
    rng = np.random.default_rng(1)
    slow = []
    for _ in range(100):
        drawn_groups = rng.integers(0, GROUPS, GROUPS)
        taken = np.concatenate([np.arange(group, len(scores), GROUPS) for group in drawn_groups])
        slow.append(float(profit.best_thresholds(*counted(scores[taken], labels[taken]), VERBRAKEN)))
    assert found.low <= found.value <= found.high
    assert found.replicates.mean() == pytest.approx(np.mean(slow), abs=0.02)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(slow, (2.5, 97.5))), abs=0.04)


def test_figures_of_profit_have_intervals_and_need_economics(drawn):
    rows = [(score, score, label, n % GROUPS) for n, (score, label) in enumerate(zip(*drawn, strict=True))]
    found = measured(tally_of(rows, 200.0), 50, 1, threshold=0.2, economics=VERBRAKEN)
    assert found["profit"].value == pytest.approx(slow_profit(*drawn, 200, 0.2, VERBRAKEN))
    for name in ("profit", "expected_maximum_profit", "contacted"):
        assert found[name].low < found[name].value < found[name].high
    assert not {"profit", "expected_maximum_profit"} & set(measured(tally_of(rows), 0, 1, threshold=0.2))


@pytest.mark.parametrize(("rows", "everybody"), [
    ([(0.3, 0.3, n < 12, n) for n in range(40)], True),
    ([(0.3, 0.3, n < 1, n) for n in range(40)], False),
    ([(n / 40, n / 40, 0, n) for n in range(40)], False),
    ([(n / 40, n / 40, 1, n) for n in range(40)], True),
])  # fmt: skip
def test_equal_scores_and_a_single_class_are_worth_everybody_or_nobody(rows, everybody):
    tested = tally_of(rows, 200.0)
    threshold = best_threshold(tested, 20, 1, VERBRAKEN).value
    assert threshold == (min(row[0] for row in rows) if everybody else NOBODY)
    found = measured(tested, 20, 1, threshold, VERBRAKEN)
    assert found["contacted"].value == everybody
    assert (found["profit"].value > 0) == everybody
    assert everybody or (found["profit"].value, found["expected_maximum_profit"].value >= 0) == (0, True)


@pytest.mark.parametrize(("pays_from", "thresholds"), [
    (None, {"threshold_by_f1": (0.4, None, None), "threshold_risk": (0.4, None, None)}),
    (Measure(0.2, 0.1, 0.3, None), {"threshold_by_profit": (0.2, 0.1, 0.3), "threshold_risk": (0.2, 0.1, 0.3)}),
    (Measure(0.2, 0.1, NOBODY, None), {"threshold_by_profit": (0.2, 0.1, None), "threshold_risk": (0.2, 0.1, None)}),
    (Measure(NOBODY, None, None, None), {"threshold_by_profit": None, "threshold_risk": None}),
])  # fmt: skip
def test_a_threshold_says_how_it_was_chosen_and_which_risk_it_is(pays_from, thresholds):
    tuned = Tuned("random_forest", {}, {}, Calibrator("none"), {}, 0.4, {}, pays_from)
    found = {name: (each.value, each.low, each.high) for name, each in tuned.thresholds.items()}
    assert all(as_text(each) for each in tuned.thresholds.values())
    assert {name: None if np.isnan(ends[0]) else ends for name, ends in found.items()} == thresholds


def test_a_customer_never_worth_a_contact_has_no_risk_that_breaks_even():
    assert Economics("5", 1, 10, 0.3).break_even(5) is None
    assert Economics("5", 0, 0, 1).break_even(5) == 0
    assert Economics("5", 1, 0, 1).break_even(5) == pytest.approx(0.2)


@pytest.mark.parametrize(("mean", "deviation"), [(0.3, 0.1), (0.2, 0.005), (0.001, 0.0005), (0.05, 0.2)])
def test_acceptance_rates_have_the_mean_and_deviation_of_their_distribution(mean: float, deviation: float):
    rates, weights = acceptance_rates(Economics("200", 1, 10, mean, deviation))
    assert weights.sum() == pytest.approx(1)
    assert rates @ weights == pytest.approx(mean)
    assert weights @ (rates - mean) ** 2 == pytest.approx(deviation**2)
