"""The page of the quality benchmark, and the figures of another library beside scikit-learn's own."""

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from benchmarks import libraries, quality
from benchmarks.libraries import Library, Matrices, _tally
from benchmarks.quality_page import METRICS, written
from churn_spark.definitions.modelling import Training
from churn_spark.models.families import named
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
    def model(precision: float, replicates: str, parameters: dict[str, float] | None = None, naive=None):
        figure = [precision, precision - 0.03, precision + 0.03]
        test = dict.fromkeys(("roc_auc", "average_precision", "lift_at_decile", "brier_score"), figure)
        rest = {"calibration": "none", "folds": None, "replicates": replicates}
        measured = {"seconds": 3.0, "naive": naive or {}, "test": test, **rest}
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
    assert "random split |" not in tied
    promising = model(0.44, "0.40 0.44 0.48", naive={"roc_auc": 0.512})
    flattered = written({"shop": {"LightGBM": promising}}, {"shop": "A shop."})
    assert "| over folds | ROC AUC, random split | seconds |" in flattered
    assert "| none | – | 0.512 (+0.072) | 3 |" in flattered
    older = {name: value for name, value in best.items() if name != "naive"}
    both = written({"shop": {"LightGBM": promising, "CatBoost": older}}, {"shop": "A shop."})
    assert "| 0.512 (+0.072) | 3 |" in both
    assert "| none | – | – | 3 |" in both


def test_what_was_not_measured_or_otherwise_is_due():
    defaults = named("xgboost").defaults
    now = {"parameters": defaults, "naive": {}}
    assert quality._due({}, "xgboost")
    assert not quality._due({"xgboost": now}, "xgboost")
    assert quality._due({"xgboost": now | {"parameters": defaults | {"trees": 7}}}, "xgboost")
    assert quality._due({"xgboost": {"parameters": defaults}}, "xgboost")
    assert not quality._due({"LightGBM": {"naive": {}}}, "LightGBM")


def test_an_undefined_interval_is_left_out():
    figure = [0.5, 0.48, 0.52]
    test = dict.fromkeys(METRICS, figure) | {"roc_auc": [0.5, None, None]}
    rest = {"calibration": "none", "folds": 0.4, "naive": {}, "replicates": "0.4 0.5"}
    measured = {"seconds": 1.0, "test": test, **rest}
    assert "| *CatBoost* | 0.500 | 0.500 (" in written({"shop": {"CatBoost": measured}}, {"shop": "A shop."})


def test_the_page_kept_with_the_code_is_of_the_figures_kept_with_it():
    kept = json.loads((quality.HERE / "quality.json").read_text())
    assert {name for models in kept.values() for name in models} <= {*quality.OURS, *quality.OTHERS}
    assert (quality.HERE / "quality.md").read_text() == written(kept, quality.TITLES)


class Memory:
    """A classifier that knows the rows it has seen, and nothing of others."""

    def fit(self, inputs, label):
        self.known = {tuple(row): left for row, left in zip(inputs, label, strict=True)}
        return self

    def predict_proba(self, inputs):
        risk = np.array([self.known.get(tuple(row), 0.5) for row in inputs])
        return np.column_stack([1 - risk, risk])


def test_a_random_split_flatters_a_library_that_knows_the_copies_of_customers():
    """Two snapshots of 400 customers with one vector and one label each; the test is of customers never seen."""
    rng = np.random.default_rng(3)
    customer = np.repeat(np.arange(400), 2)
    label = rng.integers(0, 2, 400).astype(float)[customer]
    training = customer < 280
    held = Matrices(
        plain=rng.random((400, 2))[customer],
        logged=np.zeros((800, 2)),
        label=label,
        part=customer % 200,
        snapshot=np.full(800, np.datetime64("2026-06-01")),
        training=training,
        test=~training,
        naive=rng.random(800) < 0.7,
    )
    library = Library("memory", "numpy", lambda seed: Memory())
    settings = Training(candidates=(), bootstrap=10)
    measures, _ = libraries.tested(library, held, settings)
    assert measures["roc_auc"].value == pytest.approx(0.5)
    assert libraries.naively(library, held, settings)["roc_auc"].value > 0.75
