import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from churn_spark.models import metrics

SCORED = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(label for _, label in rows) < len(rows)
)


def counted(scores, labels):
    distinct = sorted(set(scores), reverse=True)
    rows = np.array([float(sum(s == d for s in scores)) for d in distinct])
    churners = np.array([float(sum(y for s, y in zip(scores, labels, strict=True) if s == d)) for d in distinct])
    return np.array(distinct, dtype=float), rows, churners


@given(SCORED)
def test_area_and_average_precision_equal_scikit_learn_with_ties(scored):
    scores, labels = zip(*scored, strict=True)
    _, rows, churners = counted(scores, labels)
    assert metrics.roc_auc(rows, churners) == pytest.approx(oracle.roc_auc_score(labels, scores), abs=1e-12)
    expected = oracle.average_precision_score(labels, scores)
    assert metrics.average_precision(rows, churners) == pytest.approx(expected, abs=1e-12)


@given(SCORED, st.integers(0, 12))
def test_metrics_at_a_threshold_equal_scikit_learn(scored, threshold):
    scores, labels = zip(*scored, strict=True)
    distinct, rows, churners = counted(scores, labels)
    warned, called = (distinct >= threshold).astype(float), np.array(scores) >= threshold
    hit = metrics.precision(rows, churners, warned)
    assert np.nan_to_num(hit) == pytest.approx(oracle.precision_score(labels, called, zero_division=0))
    assert np.isnan(hit) == (not called.any())
    assert metrics.recall(churners, warned) == pytest.approx(oracle.recall_score(labels, called))
    assert metrics.f1(rows, churners, warned) == pytest.approx(oracle.f1_score(labels, called, zero_division=0))
    assert metrics.accuracy(rows, churners, warned) == pytest.approx(oracle.accuracy_score(labels, called))


@given(SCORED)
def test_no_threshold_has_a_better_f1_than_the_best(scored):
    scores, labels = zip(*scored, strict=True)
    best = metrics.best_f1_threshold(*counted(scores, labels))
    found = [oracle.f1_score(labels, np.array(scores) >= t) for t in sorted(set(scores))]
    assert oracle.f1_score(labels, np.array(scores) >= best) == pytest.approx(max(found))


def test_a_tie_across_the_first_tenth_counts_in_proportion():
    # 20 rows: the first tenth is 2 rows, 1 of score 9 (a churner) and a third of the three of score 8 (2 churners).
    rows, churners = np.array([1.0, 3.0, 16.0]), np.array([1.0, 2.0, 1.0])
    assert metrics.churners_at_top(rows, churners) == pytest.approx(1 + 2 / 3)
    assert metrics.precision_at_top(rows, churners) == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.recall_at_top(rows, churners) == pytest.approx((1 + 2 / 3) / 4)
    assert metrics.lift_at_top(rows, churners) == pytest.approx((1 + 2 / 3) / 2 / (4 / 20))


@given(SCORED, st.sampled_from(sorted(metrics.TOP_SHARES.values())))
def test_gain_and_lift_are_those_of_row_after_row(scored, share):
    scores, labels = zip(*scored, strict=True)
    _, rows, churners = counted(scores, labels)
    wanted, found = share * len(scores), 0.0
    for score in sorted(set(scores), reverse=True):
        tied = [label for s, label in scored if s == score]
        taken = min(wanted, len(tied))
        found, wanted = found + taken / len(tied) * sum(tied), wanted - taken
    assert metrics.recall_at_top(rows, churners, share) == pytest.approx(found / sum(labels), abs=1e-12)
    lift = found / (share * len(scores)) / (sum(labels) / len(labels))
    assert metrics.lift_at_top(rows, churners, share) == pytest.approx(lift, abs=1e-9)


def test_calibration_error_is_the_mean_gap_over_tenths():
    # 20 distinct scores, one row each; tenths of two rows; only the two riskiest rows are off, by 0.5 together.
    rows = np.ones(20)
    churners = np.array([1.0, 0.0] + [0.0] * 18)
    predicted = np.array([0.9, 0.6] + [0.0] * 18)
    assert metrics.expected_calibration_error(rows, churners, predicted) == pytest.approx(0.5 / 20)


def test_metrics_without_a_churner_are_undefined():
    rows, churners = np.ones(3), np.zeros(3)
    assert np.isnan(metrics.roc_auc(rows, churners))
    assert np.isnan(metrics.average_precision(rows, churners))
    assert np.isnan(metrics.lift_at_top(rows, churners))


def test_replicates_are_measured_side_by_side():
    rows = np.array([[1.0, 2.0, 3.0], [2.0, 0.0, 1.0]])
    churners = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    together = metrics.roc_auc(rows, churners)
    assert together.tolist() == pytest.approx(
        [float(metrics.roc_auc(r, c)) for r, c in zip(rows, churners, strict=True)]
    )
