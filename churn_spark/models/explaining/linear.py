"""The terms of a linear score: exact, as each input adds its own."""

from collections.abc import Mapping
from functools import partial

from churn_spark.models.explaining.explainer import Explainer
from churn_spark.models.metrics import Array


def linear_terms(vector: str, coefficients: Array, intercept: float, sample: Mapping[str, Array]) -> Explainer:
    """Explain a score of log odds intercept + coefficients · x by how far x lies from the mean of the sample.

    vector: the name of x. sample: the vectors of customers, rows x elements, whose mean score is the base value.
    """
    mean = sample[vector].mean(axis=0)
    base_value = intercept + float(coefficients @ mean)
    return Explainer("log_odds", True, base_value, partial(_terms, vector, coefficients, mean))


def _terms(vector: str, coefficients: Array, mean: Array, vectors: Mapping[str, Array]) -> Array:
    return (vectors[vector] - mean) * coefficients
