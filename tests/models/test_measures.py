import numpy as np
import pytest
from sklearn import metrics as oracle

from churn_spark.models import metrics
from churn_spark.models.measures import GROUPS, by_snapshot, difference, measured
from churn_spark.models.tally import Tally
from tests.models.made_tallies import tally_of


@pytest.fixture(scope="module")
def rows():
    """2,000 rows of 500 customers, each customer's four rows alike, risks a little too high."""
    rng = np.random.default_rng(3)
    drawn = []
    for customer in range(500):
        risk = float(rng.beta(1, 5))
        for snapshot in range(4):
            label = int(rng.random() < risk)
            drawn.append((risk, min(risk * 1.1, 0.99), label, customer % GROUPS, f"2026-0{snapshot + 1}-01"))
    return drawn


def test_values_equal_scikit_learn(rows):
    found = measured(tally_of(rows), 0, 1, threshold=0.3)
    score, risk, label = (np.array([row[place] for row in rows]) for place in range(3))
    assert found["roc_auc"].value == pytest.approx(oracle.roc_auc_score(label, score), abs=1e-12)
    assert found["average_precision"].value == pytest.approx(oracle.average_precision_score(label, score), abs=1e-12)
    assert found["brier_score"].value == pytest.approx(oracle.brier_score_loss(label, risk), abs=1e-12)
    assert found["log_loss"].value == pytest.approx(oracle.log_loss(label, risk), abs=1e-12)
    assert found["precision"].value == pytest.approx(oracle.precision_score(label, score >= 0.3), abs=1e-12)
    assert found["recall"].value == pytest.approx(oracle.recall_score(label, score >= 0.3), abs=1e-12)
    assert found["lift_at_20_percent"].value == pytest.approx(found["recall_at_20_percent"].value / 0.2)
    assert found["precision_at_decile"].value == pytest.approx(found["lift_at_decile"].value * label.mean())
    assert "calibration_noise_floor" not in found
    assert found["f1"].value == pytest.approx(oracle.f1_score(label, score >= 0.3), abs=1e-12)
    assert found["base_rate"].value == pytest.approx(label.mean())
    assert found["roc_auc"].low is None


def test_the_interval_is_that_of_resampling_groups_of_customers(rows):
    found = measured(tally_of(rows), 300, 1)["roc_auc"]
    score, label, group = (np.array([row[place] for row in rows]) for place in (0, 2, 3))
    of_group = {g: np.flatnonzero(group == g) for g in range(GROUPS)}
    rng = np.random.default_rng(8)
    slow = []
    for _ in range(300):
        taken = np.concatenate([of_group[g] for g in rng.integers(0, GROUPS, GROUPS)])
        slow.append(oracle.roc_auc_score(label[taken], score[taken]))
    assert found.replicates.std() == pytest.approx(np.std(slow), rel=0.15)
    assert found.low == pytest.approx(np.percentile(slow, 2.5), abs=0.01)
    assert found.high == pytest.approx(np.percentile(slow, 97.5), abs=0.01)


def test_the_same_seed_gives_the_same_interval_and_another_another(rows):
    one, same, other = (measured(tally_of(rows), 50, seed)["average_precision"] for seed in (1, 1, 2))
    assert (one.low, one.high) == (same.low, same.high)
    assert (one.low, one.high) != (other.low, other.high)


def test_candidates_on_the_same_rows_are_resampled_alike(rows):
    noisy = [(score + 0.02 * (place % 7), risk, *rest) for place, (score, risk, *rest) in enumerate(rows)]
    one, other = (measured(tally_of(each), 200, 1)["average_precision"] for each in (rows, noisy))
    gap, error = difference(one, other)
    assert gap == pytest.approx(one.value - other.value)
    assert 0 < error < np.hypot(one.replicates.std(), other.replicates.std())


def test_snapshots_are_measured_apart(rows):
    apart = by_snapshot(tally_of(rows))
    assert list(apart) == ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
    march = [row for row in rows if row[4] == "2026-03-01"]
    expected = oracle.roc_auc_score([row[2] for row in march], [row[0] for row in march])
    assert measured(apart["2026-03-01"], 0, 1)["roc_auc"].value == pytest.approx(expected)


def test_a_score_without_risks_has_no_metrics_of_probability(rows):
    ranked = tally_of(rows)
    none = np.full(len(ranked.score), np.nan)
    bare = Tally(ranked.score, ranked.snapshot, ranked.part, ranked.rows, ranked.churners, *[none] * 3, ranked.worth)
    assert "brier_score" not in measured(bare, 20, 1)
    assert measured(bare, 20, 1)["roc_auc"].value == pytest.approx(measured(ranked, 20, 1)["roc_auc"].value)


def test_the_noise_floor_is_the_calibration_error_of_risks_that_are_right():
    rng = np.random.default_rng(5)
    risks = np.sort(rng.beta(1, 5, 3000))[::-1]
    drawn = (rng.random((300, 3000)) < risks).astype(float)
    slow = metrics.expected_calibration_error(np.ones((300, 3000)), drawn, risks)
    rows = list(zip(risks, risks, drawn[0], np.arange(3000) % GROUPS, strict=True))
    floor = measured(tally_of(rows), 200, 1)["calibration_noise_floor"]
    assert floor.value == pytest.approx(slow.mean(), rel=0.15)
    assert floor.high == pytest.approx(np.percentile(slow, 97.5), rel=0.2)


def test_the_noise_floor_knows_that_rows_of_a_customer_err_together():
    rng = np.random.default_rng(6)
    risks = rng.beta(1, 5, 1000).tolist()
    alone = [(risk, risk, int(rng.random() < risk), n % GROUPS) for n, risk in enumerate(risks)]
    copied = [row for row in alone for _ in range(4)]
    one, four = (measured(tally_of(rows), 200, 1)["calibration_noise_floor"].value for rows in (alone, copied))
    assert four == pytest.approx(one)


def test_a_part_without_churners_or_with_equal_scores_has_no_metric_that_means_nothing():
    nobody = measured(tally_of([(n / 50, n / 50, 0, n) for n in range(50)]), 20, 1, threshold=0.5)
    assert all(np.isnan(nobody[name].value) for name in ("roc_auc", "recall", "lift_at_1_percent"))
    assert (nobody["precision"].value, nobody["precision"].low) == (0, 0)
    alike = measured(tally_of([(0.2, 0.2, n % 5 == 0, n) for n in range(50)]), 20, 1, threshold=0.5)
    assert alike["lift_at_1_percent"].value == pytest.approx(1)
    assert np.isnan(alike["precision"].value)
    assert (alike["recall"].value, alike["precision"].low) == (0, None)
