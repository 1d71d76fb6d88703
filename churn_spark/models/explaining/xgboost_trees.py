"""The explainer of XGBoost's boosted trees: the library's own Shapley values, which are single precision."""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from churn_spark.models.explaining.explainer import Explainer
from churn_spark.models.metrics import Array

if TYPE_CHECKING:
    from xgboost import Booster


def xgboost_trees(vector: str, booster: "Booster") -> Explainer:
    """Explain the log odds of a model of XGBoost; vector: the name of what its trees split on."""
    saved = bytes(booster.save_raw("ubj"))
    nothing = np.zeros((1, booster.num_features()))
    return Explainer("log_odds", True, float(_terms(saved, nothing)[0, -1]), partial(_contributions, vector, saved))


def _contributions(vector: str, saved: bytes, vectors: Mapping[str, Array]) -> Array:
    return _terms(saved, vectors[vector])[:, :-1]


def _terms(saved: bytes, rows: Array) -> Array:
    """What each element adds to the log odds, and last the base value."""
    from xgboost import DMatrix

    terms = _loaded(saved).predict(DMatrix(rows, nthread=1), pred_contribs=True)
    return np.asarray(terms, dtype=np.float64)


@lru_cache(maxsize=2)
def _loaded(saved: bytes) -> "Booster":
    """Once in each of Spark's Python workers; one thread, as each core has a task of its own."""
    from xgboost import Booster

    return Booster({"nthread": 1}, model_file=bytearray(saved))
