import math

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from churn_spark.models.calibration import Calibrator, choose, isotonic, platt
from tests.models.made_tallies import tally_of


def out_of_fold(distort, rows=6000, seed=5):
    """Rows whose score is the true risk, distorted."""
    rng = np.random.default_rng(seed)
    risk = rng.beta(1, 5, rows)
    label = (rng.random(rows) < risk).astype(int)
    score = distort(risk)
    return [(float(s), float(s), int(y), place % 3) for place, (s, y) in enumerate(zip(score, label, strict=True))]


def test_scores_that_are_risks_are_left_alone():
    calibrator, losses = choose(tally_of(out_of_fold(lambda risk: risk)))
    assert calibrator.method == "none"
    assert set(losses) == {"none", "platt", "isotonic"}


def test_shifted_log_odds_are_mended_by_platt():
    rows = out_of_fold(lambda risk: 1 / (1 + np.exp(-(2 * np.log(risk / (1 - risk)) + 1))))
    calibrator, losses = choose(tally_of(rows))
    assert calibrator.method == "platt"
    intercept, slope = calibrator.knots[0]
    assert (intercept, slope) == pytest.approx((-0.5, 0.5), abs=0.1)
    assert losses["platt"] < losses["none"]


def test_steps_are_mended_by_isotonic_regression():
    rows = out_of_fold(
        lambda risk: np.where(risk < 0.2, 0.9 + risk / 10, np.where(risk < 0.5, 0.95 + risk / 50, 0.97 + risk / 90))
    )
    assert choose(tally_of(rows))[0].method == "isotonic"


def test_platt_equals_logistic_regression_on_the_log_odds():
    rows = out_of_fold(lambda risk: risk**1.5)
    tallied = tally_of(rows)
    intercept, slope = platt(*tallied.by_score("rows", "churners")).knots[0]
    score, label = np.array([row[0] for row in rows]), np.array([row[2] for row in rows])
    odds = np.log(score / (1 - score))[:, None]
    expected = LogisticRegression(C=np.inf, tol=1e-10).fit(odds, label)
    # The targets are smoothed by one row in thousands.
    assert intercept == pytest.approx(expected.intercept_[0], abs=5e-3)
    assert slope == pytest.approx(expected.coef_[0, 0], abs=5e-3)


def test_isotonic_equals_scikit_learn():
    rows = out_of_fold(lambda risk: np.round(risk, 2), rows=800)
    score, label = np.array([row[0] for row in rows]), np.array([row[2] for row in rows])
    expected = IsotonicRegression(out_of_bounds="clip").fit(score, label)
    calibrator = isotonic(*tally_of(rows).by_score("rows", "churners"))
    at = np.linspace(-0.1, 1.1, 60)
    kept = np.clip(expected.predict(at), 0.5 / 800, 1 - 0.5 / 800)
    assert calibrator.risk(at) == pytest.approx(kept, abs=1e-12)


@pytest.mark.parametrize(
    "calibrator",
    [
        Calibrator("none"),
        Calibrator("platt", ((-0.3, 1.2),)),
        Calibrator("isotonic", ((0.1, 0.05), (0.2, 0.05), (0.25, 0.4), (0.8, 0.9))),
        Calibrator("isotonic", ((0.3, 0.2),)),
    ],
)
def test_the_column_says_what_the_formula_says(spark, calibrator):
    scores = [0.0, 0.05, 0.1, 0.15, 0.2, 0.22, 0.25, 0.5, 0.8, 0.9, 1.0]
    frame = spark.createDataFrame([(score,) for score in scores], "score double")
    found = [row[0] for row in frame.select(calibrator.column("score")).collect()]
    assert found == pytest.approx(calibrator.risk(np.array(scores)).tolist(), abs=1e-12)
    assert frame.where(calibrator.column("score").isNull()).count() == 0
    assert not any(math.isnan(risk) for risk in found)
