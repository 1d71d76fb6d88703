import numpy as np
import pytest
from sklearn import metrics as oracle

from churn_spark.definitions.economics import Economics
from churn_spark.models.curves import POINTS, curves, importance_points
from churn_spark.models.drift import population_stability_index, rank_agreement
from churn_spark.models.measures import measured
from churn_spark.monitoring.divergence import psi
from tests.models.made_tallies import tally_of


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    risk = rng.beta(1, 4, 3000)
    return [(float(r), float(r), int(rng.random() < r), 0) for r in risk]


def points(found, curve):
    return np.array([(point.x, point.y) for point in found if point.curve == curve])


def test_the_area_under_the_points_is_the_area_under_the_curve(rows):
    found = curves(tally_of(rows))
    roc = points(found, "roc")
    assert len(roc) <= POINTS
    assert roc[0].tolist() == [0, 0]
    assert roc[-1].tolist() == [1, 1]
    expected = oracle.roc_auc_score([row[2] for row in rows], [row[0] for row in rows])
    assert np.trapezoid(roc[:, 1], roc[:, 0]) == pytest.approx(expected, abs=2e-3)


def test_gain_at_a_tenth_is_the_recall_of_the_riskiest_tenth(rows):
    gain = points(curves(tally_of(rows)), "gain")
    riskiest = sorted(rows, reverse=True)[: len(rows) // 10]
    expected = sum(row[2] for row in riskiest) / sum(row[2] for row in rows)
    assert np.interp(0.1, gain[:, 0], gain[:, 1]) == pytest.approx(expected, abs=0.01)


def test_the_curve_of_profit_begins_with_nobody_and_has_its_top(rows):
    economics = Economics("200", 1, 10, 0.3)
    tested = tally_of(rows, 200.0)
    assert not [point for point in curves(tested) if point.curve == "profit"]
    profit = points(curves(tested, economics), "profit")
    assert len(profit) <= POINTS
    assert profit[0].tolist() == [0, 0]
    assert profit[-1].tolist() == pytest.approx([1, np.mean([56 if row[2] else -11 for row in rows])])
    assert profit[:, 1].max() == pytest.approx(measured(tested, 0, 1, None, economics)["expected_maximum_profit"].value)


def test_reliability_has_ten_points_of_equal_count_from_the_lowest_risk(rows):
    found = [point for point in curves(tally_of(rows)) if point.curve == "reliability"]
    assert [point.position for point in found] == list(range(10))
    assert [point.rows for point in found] == [300] * 10
    lowest = sorted(rows)[:300]
    assert found[0].x == pytest.approx(np.mean([row[1] for row in lowest]))
    assert found[0].y == pytest.approx(np.mean([row[2] for row in lowest]))


def test_importances_come_from_the_heaviest():
    found = importance_points({"recency": 0.2, "orders": 0.5, "amount": 0.3})
    assert [(point.position, point.label, point.y) for point in found] == [
        (0, "orders", 0.5), (1, "amount", 0.3), (2, "recency", 0.2),
    ]  # fmt: skip


def test_the_stability_index_follows_its_formula():
    expected, compared = np.array([50.0, 30.0, 20.0]), np.array([40.0, 30.0, 30.0])
    by_hand = (0.4 - 0.5) * np.log(0.4 / 0.5) + 0.0 + (0.3 - 0.2) * np.log(0.3 / 0.2)
    assert psi(expected, compared) == pytest.approx(by_hand)
    assert psi(expected, expected * 7) == pytest.approx(0)


def test_scores_are_compared_over_the_deciles_of_the_expected(spark):
    frame = spark.range(1000).selectExpr("id / 1000 AS expected", "least(id + 100, 999) / 1000 AS compared")
    # All of the lowest tenth has moved up and the highest holds two tenths.
    by_hand = (0.0005 - 0.1) * np.log(0.0005 / 0.1) + (0.2 - 0.1) * np.log(2)
    assert population_stability_index(frame) == pytest.approx(by_hand, rel=0.05)
    assert population_stability_index(frame.selectExpr("expected", "expected AS compared")) == pytest.approx(0)
    assert population_stability_index(frame.limit(0)) == 0


def test_ranks_agree_as_spearman_says(spark):
    frame = spark.range(1000).selectExpr(
        "id / 1000.0D AS expected",
        "exp(id / 100) AS same",
        "-id AS opposite",
        "pmod(id * 37, 1000) AS other",
        "1 AS flat",
    )
    pairs = frame.toPandas()
    expected = pairs[["expected", "same", "opposite", "other"]].corr("spearman")["expected"]
    for name in ("same", "opposite", "other"):
        found = rank_agreement(frame.selectExpr("expected", f"{name} AS compared"))
        assert found == pytest.approx(expected[name])
    assert rank_agreement(frame.selectExpr("expected", "flat AS compared")) == 0
    assert rank_agreement(frame.selectExpr("flat AS expected", "expected AS compared")) == 0
    assert rank_agreement(frame.selectExpr("flat AS expected", "2 AS compared")) == 1
    assert rank_agreement(frame.limit(0).selectExpr("expected", "flat AS compared")) == 1
