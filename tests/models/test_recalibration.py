"""Recalibration: one shift of the level, found where it is true, and not taken for what it is not."""

import numpy as np
import pytest

from churn_spark.models.calibration import Calibrator
from churn_spark.models.recalibration import level_shift, recalibrated, shifted
from churn_spark.models.tally import Tally

FORMER = {
    "none": Calibrator("none"),
    "platt": Calibrator("platt", ((-0.3, 1.2),)),
    "isotonic": Calibrator("isotonic", ((0.05, 0.02), (0.2, 0.1), (0.5, 0.4), (0.9, 0.8))),
}


def tallied(former: Calibrator, shift: float, slope: float = 1.0, rows: int = 20_000) -> Tally:
    """Scored customers whose true log odds are those of the former risks times `slope`, plus `shift`."""
    rng = np.random.default_rng(7)
    score = rng.beta(1.2, 6, rows)
    risk = former.risk(score)
    true = 1 / (1 + np.exp(-(shift + slope * np.log(risk / (1 - risk)))))
    left = (rng.random(rows) < true).astype(float)
    zeros, day = np.zeros(rows), np.full(rows, np.datetime64("2026-06-01"))
    return Tally(score, day, np.arange(rows) % 200, np.ones(rows), left, risk, zeros, zeros, zeros)


@pytest.mark.parametrize("method", FORMER)
def test_risks_shifted_by_bayes_rule_are_those_of_the_other_base_rate(method):
    former = FORMER[method]
    risk = former.risk(np.array([score for score, _ in former.knots] if method == "isotonic" else [0.05, 0.3, 0.9]))
    rates, newer = 0.1, 0.25  # p(churn | x) at another base rate, from the likelihood ratio that stays the same
    likelihood_ratio = risk / (1 - risk) / (rates / (1 - rates))
    odds = likelihood_ratio * newer / (1 - newer)
    moved = shifted(former, float(np.log(newer / (1 - newer)) - np.log(rates / (1 - rates))))
    scores = np.array([score for score, _ in former.knots] if method == "isotonic" else [0.05, 0.3, 0.9])
    assert moved.risk(scores) == pytest.approx(odds / (1 + odds), abs=1e-12)


@pytest.mark.parametrize("method", FORMER)
@pytest.mark.parametrize("shift", [-0.8, 0.6])
def test_a_level_that_moved_is_found_and_nothing_else_is_learnt(method, shift):
    found = recalibrated(tallied(FORMER[method], shift), FORMER[method])
    assert found.needed
    assert found.enough
    assert found.shift == pytest.approx(shift, abs=0.06)
    assert found.log_losses["shifted"] < found.log_losses["kept"]
    assert (found.expected < found.observed) == (shift > 0)


@pytest.mark.parametrize("method", FORMER)
def test_the_shifted_risks_add_up_to_the_churners(method):
    tested = tallied(FORMER[method], 0.6)
    scores, rows, churners = tested.by_score("rows", "churners")
    moved = shifted(FORMER[method], level_shift(FORMER[method], scores, rows, churners))
    assert (rows * moved.risk(scores)).sum() == pytest.approx(churners.sum(), rel=1e-9)


def test_a_level_that_did_not_move_is_left_alone():
    found = recalibrated(tallied(FORMER["platt"], 0.0), FORMER["platt"])
    assert not found.needed
    assert found.enough


def test_risks_that_are_too_sure_need_more_than_a_shift():
    found = recalibrated(tallied(FORMER["none"], 0.0, slope=0.4), FORMER["none"])
    assert not found.enough
