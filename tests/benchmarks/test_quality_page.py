"""The page of the quality benchmark, and the figures of another library beside scikit-learn's own."""

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from benchmarks import quality
from benchmarks.libraries import _tally
from benchmarks.quality_page import METRICS, written
from churn_spark.models.measures import measured


def test_a_tally_of_rows_gives_scikit_learns_figures():
    rng = np.random.default_rng(5)
    risk = np.round(rng.random(400), 2)  # with ties
    label = (rng.random(400) < risk).astype(float)
    day = np.full(400, np.datetime64("2026-06-01"))
    found = measured(_tally(risk, label, np.arange(400) % 200, day), 20, 1)
    assert found["roc_auc"].value == pytest.approx(roc_auc_score(label, risk), abs=1e-12)
    assert found["average_precision"].value == pytest.approx(average_precision_score(label, risk), abs=1e-12)
    assert found["brier_score"].value == pytest.approx(brier_score_loss(label, risk), abs=1e-12)
    assert found["log_loss"].value == pytest.approx(log_loss(label, np.clip(risk, 1e-15, 1 - 1e-15)), rel=1e-6)


def test_a_family_within_one_standard_error_of_the_best_ties():
    def model(precision: float, replicates: str, parameters: dict[str, float] | None = None):
        figure = [precision, precision - 0.03, precision + 0.03]
        test = dict.fromkeys(("roc_auc", "average_precision", "lift_at_decile", "brier_score"), figure)
        measured = {"seconds": 3.0, "calibration": "none", "folds": None, "replicates": replicates, "test": test}
        return measured | ({"parameters": parameters} if parameters else {})

    best = model(0.44, "0.40 0.44 0.48")
    close, far = model(0.43, "0.41 0.42 0.47", {"trees": 100}), model(0.39, "0.35 0.39 0.43", {"l2": 0.1})
    tied = written({"shop": {"LightGBM": best, "random_forest": close}}, {"shop": "A shop."})
    assert "| *LightGBM* | 0.440 (0.410–0.470) | 0.440 (0.410–0.470) | – |" in tied
    assert "| -0.010 ± 0.015 |" in tied  # of -0.01, 0.02 and 0.01
    assert "The best of our families, random forest, ties with the best." in tied
    assert "- random forest: trees 100" in tied
    behind = written({"shop": {"LightGBM": best, "logistic_regression": far}}, {"shop": "A shop."})
    assert "| -0.050 ± 0.000 |" in behind
    assert "logistic regression, is behind the best." in behind


def test_an_undefined_interval_is_left_out():
    figure = [0.5, 0.48, 0.52]
    test = dict.fromkeys(METRICS, figure) | {"roc_auc": [0.5, None, None]}
    measured = {"seconds": 1.0, "calibration": "none", "folds": 0.4, "replicates": "0.4 0.5", "test": test}
    assert "| *CatBoost* | 0.500 | 0.500 (" in written({"shop": {"CatBoost": measured}}, {"shop": "A shop."})


def test_the_page_kept_with_the_code_is_of_the_figures_kept_with_it():
    kept = json.loads((quality.HERE / "quality.json").read_text())
    assert {name for models in kept.values() for name in models} <= {*quality.OURS, *quality.OTHERS}
    assert (quality.HERE / "quality.md").read_text() == written(kept, quality.TITLES)
