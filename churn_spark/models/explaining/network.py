"""The part of each input in the score of a network with one hidden layer, by the line from the mean customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from churn_spark.models.explaining.explainer import Explainer
from churn_spark.models.metrics import Array

CLOSE = 1e-5
"""Below this distance a secant of the logistic function counts as its slope halfway: they differ by less than 1e-12."""


@dataclass(frozen=True, slots=True)
class Network:
    """Log odds `bias` + out · σ(hidden_bias + x @ into); into: inputs x units, out: units."""

    into: Array
    hidden_bias: Array
    out: Array
    bias: float

    def log_odds(self, row: Array) -> float:
        """Of one row."""
        return self.bias + float(self.out @ _logistic(self.hidden_bias + row @ self.into))


def path_terms(vector: str, network: Network, sample: Mapping[str, Array]) -> Explainer:
    """Explain log odds by the values of Aumann and Shapley: every input moves from its mean to its value in step.

    Along that line a unit's slope has a mean, the secant of its logistic function, so the integral is a closed form and
    adds up; Shapley's values, which move inputs one after the other, would take every subset of them. M. Sundararajan
    and A. Najmi, The many Shapley values for model explanation (2020).
    """
    mean = sample[vector].mean(axis=0)
    return Explainer("log_odds", False, network.log_odds(mean), partial(_terms, vector, network, mean))


def _terms(vector: str, network: Network, mean: Array, vectors: Mapping[str, Array]) -> Array:
    moved = vectors[vector] - mean
    # einsum and not BLAS, whose last digits depend on how many rows come together.
    before = network.hidden_bias + np.einsum("j,jh->h", mean, network.into)
    steps = np.einsum("nj,jh->nh", moved, network.into)
    halfway = _logistic(before + steps / 2)
    close = np.abs(steps) < CLOSE
    rise = _logistic(before + steps) - _logistic(before)
    slopes = np.where(close, halfway * (1 - halfway), rise / np.where(close, 1.0, steps))
    return moved * np.einsum("nh,jh->nj", slopes * network.out, network.into)


def _logistic(x: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))
