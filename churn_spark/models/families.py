"""The model families: what each is in MLlib, which scale it wants its inputs on, and how its inputs' weight is told."""

import itertools
from collections.abc import Mapping

import numpy as np
from pyspark.ml import Estimator, Model
from pyspark.ml.classification import (
    LogisticRegression,
    LogisticRegressionModel,
    RandomForestClassificationModel,
    RandomForestClassifier,
)
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import PARAMETERS, Candidate, Family
from churn_spark.models.metrics import Array
from churn_spark.models.preparation import INPUTS

LOGGED: Mapping[Family, bool] = {"logistic_regression": True, "random_forest": False}
"""Linear models want money and counts on a (signed) logarithmic scale; trees do not care."""

SIMPLEST_FIRST: tuple[Family, ...] = ("logistic_regression", "random_forest")

PROBABILITY = "probability"


def estimator(family: Family, parameters: Mapping[str, float], seed: int) -> Estimator:
    """The untrained model of a family; it makes `probability` from the vector `INPUTS[LOGGED[family]]` and `label`."""
    if family == "logistic_regression":
        return LogisticRegression(
            featuresCol=INPUTS[LOGGED[family]],
            regParam=parameters["l2"],
            maxIter=int(parameters["iterations"]),
            tol=1e-4,
            standardization=True,
            maxBlockSizeInMB=4.0,
        )
    return RandomForestClassifier(
        featuresCol=INPUTS[LOGGED[family]],
        numTrees=int(parameters["trees"]),
        maxDepth=int(parameters["depth"]),
        minInstancesPerNode=int(parameters["leaf_rows"]),
        cacheNodeIds=True,
        seed=seed,
    )


def grid(candidate: Candidate) -> tuple[dict[str, float], ...]:
    """Every combination of a candidate's grid, completed by the family's defaults, in the order written."""
    names = [name for name, _ in candidate.grid]
    combinations = itertools.product(*(values for _, values in candidate.grid))
    return tuple({**PARAMETERS[candidate.family], **dict(zip(names, values, strict=True))} for values in combinations)


def score_of_churn() -> Column:
    """The raw score: the probability the model itself gives to label 1."""
    return vector_to_array(F.col(PROBABILITY))[1]


def importances(model: Model, deviations: Array) -> Array:
    """The weight of every input, summing to 1: mean decrease of impurity, or |coefficient| x standard deviation."""
    if isinstance(model, LogisticRegressionModel):
        weights = np.abs(model.coefficients.toArray()) * deviations
    elif isinstance(model, RandomForestClassificationModel):
        weights = model.featureImportances.toArray()
    else:
        raise TypeError(f"{type(model).__name__} is of no known family")
    return np.asarray(weights / max(float(weights.sum()), np.finfo(float).tiny))
