"""The one-standard-error rule within a family's grid, on points whose scores are made."""

from types import SimpleNamespace

import numpy as np
import pytest

from churn_spark.definitions.modelling import Candidate
from churn_spark.models import tuning
from churn_spark.models.families import FAMILIES, named
from churn_spark.models.measures import Measure, negative
from churn_spark.models.parsimony import simplest_tied

NOISE = np.random.default_rng(1).normal(0, 0.01, 200)
OTHER = np.random.default_rng(2).normal(0, 0.01, 200)


def score(value, noise=NOISE):
    return Measure(value, None, None, value + noise)


def chosen(family, points, *scores):
    complete = [{**named(family).defaults, **point} for point in points]
    return points[simplest_tied(named(family), complete, scores)]


STRONG, WEAK = {"l2": 0.03}, {"l2": 0.003}


@pytest.mark.parametrize(
    ("weak", "expected"),
    [
        (score(0.41, OTHER), STRONG),  # ahead by less than the error of the difference, about 0.014
        (score(0.45, OTHER), WEAK),
        (score(0.41), WEAK),  # by as little, but with every resample of the customers
        (score(0.39), STRONG),
        (Measure(0.41, None, None, np.empty(0)), WEAK),  # nothing was resampled
    ],
)
def test_the_simplest_of_those_within_one_standard_error_of_the_best_is_taken(weak, expected):
    strong = score(0.40) if len(weak.replicates) else Measure(0.40, None, None, np.empty(0))
    assert chosen("logistic_regression", [WEAK, STRONG], weak, strong) == expected
    assert chosen("logistic_regression", [STRONG, WEAK], strong, weak) == expected


def test_simplicity_is_counted_in_steps_of_the_grid_over_all_parameters():
    points = [{"depth": 7, "leaf_rows": 8}, {"depth": 7, "leaf_rows": 50}, {"depth": 5, "leaf_rows": 8}]
    best = [score(0.42, OTHER), score(0.414), score(0.416)]
    assert chosen("random_forest", points, *best) == points[2]  # as far from the simplest as the second, and better
    points.append({"depth": 5, "leaf_rows": 50})
    assert chosen("random_forest", points, *best, score(0.411)) == points[3]
    assert chosen("random_forest", points, *best, score(0.30)) == points[2]


def test_what_makes_no_model_simpler_does_not_count():
    points = [{"step": 0.02}, {"step": 0.06}, {"step": 0.2}]
    assert chosen("xgboost", points, score(0.41), score(0.415, OTHER), score(0.412)) == points[1]


def test_every_parameter_says_which_of_its_values_are_simple_but_for_those_that_sample_or_step():
    without = {p.name for family in FAMILIES for p in family.parameters if p.simplest == "neither"}
    assert without == {"step", "rows", "columns"}


def test_tuning_takes_the_simplest_and_shows_what_every_point_scored(monkeypatch):
    def held_out(training, family, points, settings):
        assert [point["l2"] for point in points] == [0.003, 0.03]
        return [[folds(0.41, OTHER)], [folds(0.40, NOISE)]]

    def folds(value, noise):
        loss = negative(score(-0.3, noise))
        measures = dict.fromkeys(tuning.RANKING, score(value, noise)) | {"log_loss": loss}
        return tuning.HeldOut(f"rows of {value}", measures)

    seen = []
    monkeypatch.setattr(tuning, "_out_of_fold", held_out)
    monkeypatch.setattr(tuning, "_by_fold", lambda rows: seen.extend(rows) or SimpleNamespace(by_score=lambda *_: ()))
    monkeypatch.setattr(tuning, "choose", lambda _: (tuning.Calibrator("none"), {}))
    monkeypatch.setattr(tuning.metrics, "best_f1_threshold", lambda: 0.5)
    candidate = Candidate("logistic_regression", (("l2", (0.003, 0.03)),))
    tuned = tuning.tune(None, candidate, SimpleNamespace(metric="average_precision", economics=None))
    assert seen == ["rows of 0.4"]
    assert (tuned.parameters["l2"], tuned.chosen, tuned.score) == (0.03, "l2=0.03", 0.40)
    assert tuned.scores == {"l2=0.003": 0.41, "l2=0.03": 0.40}
    assert tuned.ranking["roc_auc"].value == pytest.approx(0.40)
    by_loss = tuning.tune(None, candidate, SimpleNamespace(metric="log_loss", economics=None))
    assert set(by_loss.scores.values()) == {-0.3}
