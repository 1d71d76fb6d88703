"""Linear terms and those of a network, without Spark."""

import pickle

import numpy as np
import pytest

from churn_spark.models.explaining.blended import mean_log_odds
from churn_spark.models.explaining.explainer import Explainer
from churn_spark.models.explaining.linear import linear_terms
from churn_spark.models.explaining.network import Network, path_terms
from tests.models.explaining.oracle import shapley

RNG = np.random.default_rng(1)
SAMPLE = RNG.normal(size=(50, 6))
ROWS = RNG.normal(size=(20, 6)) * 3


def over_subsets(score, row):
    """Shapley values where what is not known is at the mean of the sample."""
    mean = SAMPLE.mean(axis=0)
    players = range(len(row))
    values = shapley(players, lambda known: score(np.where([j in known for j in players], row, mean)))
    return list(values.values())


def test_linear_terms_are_the_shapley_values():
    weights = RNG.normal(size=6)
    explainer = pickle.loads(pickle.dumps(linear_terms("x", weights, 0.7, {"x": SAMPLE})))
    assert (explainer.unit, explainer.exact) == ("log_odds", True)
    found = explainer.contributions({"x": ROWS})
    assert (explainer.base_value + found.sum(axis=1)).tolist() == pytest.approx((0.7 + ROWS @ weights).tolist())
    for row, values in zip(ROWS, found, strict=True):
        assert values.tolist() == pytest.approx(over_subsets(lambda x: 0.7 + float(x @ weights), row), abs=1e-12)


def test_the_terms_of_a_network_add_up_and_are_close_to_the_shapley_values():
    network = Network(RNG.normal(size=(6, 4)) * 0.3, RNG.normal(size=4), RNG.normal(size=4), 0.2)
    explainer = pickle.loads(pickle.dumps(path_terms("x", network, {"x": SAMPLE})))
    assert (explainer.unit, explainer.exact) == ("log_odds", False)
    rows = np.vstack([ROWS, SAMPLE.mean(axis=0), SAMPLE.mean(axis=0) + 1e-7, np.full(6, 1e4)])
    found = explainer.contributions({"x": rows})
    scores = [network.log_odds(row) for row in rows]
    assert np.abs(explainer.base_value + found.sum(axis=1) - scores).max() < 1e-11
    exact = np.array([over_subsets(network.log_odds, row) for row in ROWS])
    assert np.corrcoef(exact.ravel(), found[: len(ROWS)].ravel())[0, 1] > 0.98
    assert (explainer.contributions({"x": rows[:3]}) == found[:3]).all()


def test_a_blend_adds_up_to_the_mean_of_the_log_odds_of_its_members():
    weights = RNG.normal(size=6)
    linear = linear_terms("x", weights, 0.7, {"x": SAMPLE})
    shares = Explainer("probability", True, 0.3, lambda vectors: np.tanh(vectors["y"]) / 20)
    blend = mean_log_odds([linear, shares], 1e-6)
    assert (blend.unit, blend.exact) == ("log_odds", False)
    far = np.vstack([ROWS, np.full(6, 1e3), np.zeros(6)])
    found = blend.contributions({"x": far, "y": far})
    shared = 0.3 + (np.tanh(far) / 20).sum(axis=1)
    certain = np.log((1 - 1e-6) / 1e-6)
    expected = (np.clip(0.7 + far @ weights, -certain, certain) + np.log(shared / (1 - shared))) / 2
    assert np.abs(blend.base_value + found.sum(axis=1) - expected).max() < 1e-12
