"""Survival curves against loops, SciPy's distributions, and areas by fine sums."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy import integrate, stats

from churn_spark.models.survival.survival_model import SurvivalModel, survival_model

INPUTS = np.array([[0.5, -1.0], [2.0, 0.3], [0.0, 0.0], [60.0, 40.0], [-60.0, -40.0]])
HAZARD = SurvivalModel("hazard", (14, 42), 14, (0.4, -0.7), (-2.0, -1.5, -2.5))
AFT = SurvivalModel("aft", (14, 42), 14, (0.4, -0.7), (3.2,), 0.6)


def test_a_hazard_is_a_chance_of_leaving_in_each_period_of_those_who_are_left():
    curve = HAZARD.curve(INPUTS)
    for row, (first, second) in zip(curve, INPUTS, strict=True):
        left = 1.0
        assert row[0] == 1
        for survived, effect in zip(row[1:], HAZARD.effects, strict=True):
            left *= 1 - 1 / (1 + np.exp(-(0.4 * first - 0.7 * second + effect)))
            assert survived == pytest.approx(left, abs=1e-12)


def test_accelerated_failure_times_are_weibull_distributed():
    curve = AFT.curve(INPUTS[:3])
    scales = np.exp(INPUTS[:3] @ np.array(AFT.coefficients) + 3.2)
    for row, scale in zip(curve, scales, strict=True):
        assert row == pytest.approx(stats.weibull_min(1 / 0.6, scale=scale).sf([0, 14, 28, 42]))


@pytest.mark.parametrize("model", [HAZARD, AFT])
def test_answers_are_the_curve_at_the_horizons_and_the_area_below_it(model):
    curve, answers = model.curve(INPUTS), model.answers(INPUTS)
    assert answers[:, :2] == pytest.approx(curve[:, [1, 3]])
    days = np.linspace(0, 42, 4201)
    areas = [integrate.trapezoid(np.interp(days, [0, 14, 28, 42], row), days) for row in curve]
    assert answers[:, 2] == pytest.approx(areas)


def test_who_is_sure_to_stay_has_the_last_horizon_and_who_is_sure_to_leave_almost_nothing():
    sure = SurvivalModel("hazard", (28,), 14, (1.0,), (0.0, 0.0))
    assert sure.answers(np.array([[-800.0], [800.0]])).tolist() == [[1.0, 28.0], [0.0, 7.0]]


@pytest.mark.parametrize("model", [HAZARD, AFT])
def test_a_model_is_kept_as_json(model):
    assert survival_model(json.loads(json.dumps(asdict(model)))) == model
