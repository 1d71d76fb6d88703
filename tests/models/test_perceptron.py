"""The perceptron's scores computed again from its weights by loops, so that its importances read them as they lie."""

import math

import numpy as np
import pytest

from churn_spark.models.families.multilayer_perceptron import MULTILAYER_PERCEPTRON


@pytest.fixture(scope="module")
def rows(spark):
    from pyspark.ml.linalg import Vectors

    made = [(float(n % 3 == 0), Vectors.dense([n % 3, math.sin(n), 1.0])) for n in range(60)]
    return spark.createDataFrame(made, ["label", "logged_inputs"])


def forward(inputs, weights, hidden):
    """The probability of label 1 by MLlib's layout: for each layer the weights by input, then the biases."""
    n = len(inputs)
    units = []
    for unit in range(hidden):
        total = sum(inputs[i] * weights[i * hidden + unit] for i in range(n)) + weights[n * hidden + unit]
        units.append(1 / (1 + math.exp(-total)))
    rest = weights[n * hidden + hidden :]
    out = [sum(units[u] * rest[u * 2 + o] for u in range(hidden)) + rest[hidden * 2 + o] for o in (0, 1)]
    return 1 / (1 + math.exp(out[0] - out[1]))


def test_scores_and_importances_follow_from_the_weights(rows):
    model = MULTILAYER_PERCEPTRON.fit(rows, {"hidden": 4, "iterations": 15}, 1)
    scaler, network = model.stages
    weights, mean, std = network.weights.toArray(), scaler.mean.toArray(), scaler.std.toArray()
    for row in MULTILAYER_PERCEPTRON.raw_score(model, rows).collect():
        inputs = row["logged_inputs"].toArray()
        standardised = [(x - m) / s if s else 0.0 for x, m, s in zip(inputs, mean, std, strict=True)]
        assert row["raw_score"] == pytest.approx(forward(standardised, weights, 4), abs=1e-12)
    expected = []
    for i in range(3):
        paths = (weights[i * 4 + u] * (weights[16 + u * 2 + 1] - weights[16 + u * 2]) for u in range(4))
        expected.append(abs(sum(paths)) if std[i] else 0.0)
    assert MULTILAYER_PERCEPTRON.importances(model, rows) == pytest.approx(np.array(expected))
    assert expected[2] == 0
