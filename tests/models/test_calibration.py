import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from churn_spark.definitions.errors import ModelError
from churn_spark.models.calibration import LEARNERS, Calibrator, choose, isotonic, platt
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


def test_a_score_that_orders_its_folds_wrongly_gives_everybody_the_base_rate():
    wrong = tally_of(out_of_fold(lambda risk: 1 - risk))
    chosen, _ = choose(wrong)
    calibrator = platt(*wrong.by_score("rows", "churners"))
    rate = wrong.churners.mean()
    for found in (chosen, calibrator):
        assert found.flat
        assert found.risk(np.array([0.0, 0.3, 1.0])) == pytest.approx([rate] * 3, abs=1e-3)
    assert not platt(*tally_of(out_of_fold(lambda risk: risk)).by_score("rows", "churners")).flat


@pytest.mark.parametrize(
    ("method", "knots"),
    [("platt", ((-1.0, -0.046),)), ("isotonic", ((0.1, 0.4), (0.2, 0.3))), ("isotonic", ((0.2, 0.1), (0.2, 0.3)))],
)
def test_a_model_kept_with_a_risk_that_falls_is_refused(method, knots):
    with pytest.raises(ModelError, match=f"the {method} calibration .* train it anew"):
        Calibrator(method, knots)


SCORES = st.one_of(
    st.floats(0, 1), st.sampled_from([0.0, 5e-324, 1e-300, 1e-7, 0.5, 1 - 1e-7, np.nextafter(1.0, 0.0), 1.0])
)
ROWS = st.lists(st.tuples(SCORES, st.integers(0, 1), st.integers(0, 2)), min_size=3, max_size=40)


@given(ROWS, st.lists(SCORES, min_size=2, max_size=20))
@settings(deadline=None)
def test_the_risk_never_falls_where_the_score_rises(drawn, scores):
    tallied = tally_of([(score, score, label, fold) for score, label, fold in drawn])
    found = [learn(*tallied.by_score("rows", "churners")) for learn in LEARNERS.values()]
    if len({fold for *_, fold in drawn}) > 1:
        found.append(choose(tallied)[0])
    for calibrator in found:
        risks = calibrator.risk(np.sort(np.array(scores)))
        assert np.isfinite(risks).all()
        assert (np.diff(risks) >= -1e-12).all(), calibrator


def test_no_written_risk_falls_where_the_raw_score_rises(spark):
    rng = np.random.default_rng(4)
    calibrators = []
    for draw in range(12):
        score = np.round(rng.beta(1, 5, 60), (1, 2, 9)[draw % 3])
        label = rng.random(60) < (score if draw % 2 else 1 - score)
        tallied = tally_of([(s, s, int(y), place % 3) for place, (s, y) in enumerate(zip(score, label, strict=True))])
        calibrators += [learn(*tallied.by_score("rows", "churners")) for learn in LEARNERS.values()]
    knots = [knot for calibrator in calibrators if calibrator.method == "isotonic" for knot, _ in calibrator.knots]
    near = [np.nextafter(knot, end) for knot in knots for end in (0, 1)]
    scores = sorted({*knots, *near, *rng.random(500), 0.0, 5e-324, 1.0})
    frame = spark.createDataFrame([(float(score),) for score in scores], "raw_score double")
    risks = [calibrator.column("raw_score").alias(str(n)) for n, calibrator in enumerate(calibrators)]
    written = np.array(frame.coalesce(1).select("raw_score", *risks).orderBy("raw_score").toPandas())
    assert (np.diff(written, axis=0) >= 0).all()
