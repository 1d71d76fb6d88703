"""Figures of matured scores against plain loops, scikit-learn and what repeating the world gives."""

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.linear_model import LogisticRegression

from churn_spark.models.live import calibration_by_chance, level, live
from tests.models.made_tallies import tally_of


def world(rng, rows=600, slope=1.0, shift=0.0):
    """Risks, and labels whose log odds are a line in those of the risks."""
    odds = rng.normal(-1.2, 1.2, rows)
    truth = 1 / (1 + np.exp(-(shift + slope * odds)))
    return 1 / (1 + np.exp(-odds)), (rng.random(rows) < truth).astype(int)


def tally(risk, label):
    return tally_of([(float(r), float(r), int(left), 0) for r, left in zip(risk, label, strict=True)])


def test_figures_are_those_of_the_rows():
    risk, label = world(np.random.default_rng(1))
    found = live(tally(risk, label), seed=1)
    assert (found.rows, found.churners) == (len(risk), label.sum())
    assert found.figures["roc_auc"] == pytest.approx(oracle.roc_auc_score(label, risk))
    assert found.figures["average_precision"] == pytest.approx(oracle.average_precision_score(label, risk))
    assert found.figures["brier_score"] == pytest.approx(np.mean((risk - label) ** 2))
    assert found.level.expected == pytest.approx(risk.sum())
    assert found.level.observed == label.sum()
    assert found.level.deviation == pytest.approx(np.sqrt((risk * (1 - risk)).sum()))
    odds = np.log(risk / (1 - risk))[:, None]
    assert found.level.slope == pytest.approx(
        LogisticRegression(C=1e9, tol=1e-9).fit(odds, label).coef_[0][0], abs=1e-4
    )


def test_standard_errors_are_the_spread_over_repeated_worlds():
    rng = np.random.default_rng(2)
    worlds = [live(tally(*world(rng)), seed=n, replicates=60) for n in range(120)]
    for name in ("roc_auc", "average_precision", "brier_score"):
        spread = np.std([one.figures[name] for one in worlds])
        assert np.mean([one.errors[name] for one in worlds]) == pytest.approx(spread, rel=0.25)
    slopes = [one.level.slope for one in worlds]
    assert np.mean(slopes) == pytest.approx(1, abs=0.05)
    assert np.mean([one.level.slope_error for one in worlds]) == pytest.approx(np.std(slopes), rel=0.25)
    errors = [one.figures["expected_calibration_error"] for one in worlds]
    assert np.mean([one.noise[0] for one in worlds]) == pytest.approx(np.mean(errors), rel=0.15)
    assert np.mean([one.noise[1] for one in worlds]) == pytest.approx(np.std(errors), rel=0.3)


def test_the_same_rows_and_seed_give_the_same_figures():
    risk, label = world(np.random.default_rng(3))
    assert live(tally(risk, label), seed=5) == live(tally(risk[::-1], label[::-1]), seed=5)


def test_a_slope_that_cannot_be_fitted_is_not_a_number():
    one = np.ones(50)
    assert np.isnan(level(one, one * 0, np.full(50, 0.3)).slope)
    assert np.isnan(level(one, np.arange(50) % 2 * 1.0, np.full(50, 0.3)).slope)
    assert calibration_by_chance(one, np.zeros(50)) == (0.0, 0.0)
