"""Logistic regression with an elastic net; it wants money and counts on a logarithmic scale."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from churn_spark.models.families.family import (
    LOGGED,
    MOST,
    Family,
    Parameter,
    linear_importances,
    probability_of_churn,
    weighing,
)

if TYPE_CHECKING:
    from pyspark.ml.classification import LogisticRegressionModel
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.metrics import Array


def _fit(rows: "DataFrame", parameters: Mapping[str, float], seed: int) -> "LogisticRegressionModel":
    from pyspark.ml.classification import LogisticRegression

    penalty = parameters["l1"] + parameters["l2"]
    classifier = LogisticRegression(
        featuresCol=LOGGED,
        regParam=penalty,
        elasticNetParam=parameters["l1"] / penalty if penalty else 0.0,
        maxIter=int(parameters["iterations"]),
        tol=1e-4,
        standardization=True,
        maxBlockSizeInMB=4.0,
    )
    model: LogisticRegressionModel = weighing(classifier, rows).fit(rows)
    return model


def _explainer(model: "LogisticRegressionModel", sample: "Mapping[str, Array]") -> "Explainer":
    from churn_spark.models.explaining.linear import linear_terms

    return linear_terms(LOGGED, model.coefficients.toArray(), model.intercept, sample)


LOGISTIC_REGRESSION = Family(
    name="logistic_regression",
    parameters=(
        Parameter(
            "l1",
            0.0,
            "Penalties on the absolute standardised coefficients; some of them become 0.",
            least=0,
            simplest="highest",
        ),
        Parameter("l2", 0.003, "Penalties on half the squared standardised coefficients.", least=0, simplest="highest"),
        Parameter("iterations", 40, "Largest numbers of iterations.", least=1, most=MOST, simplest="lowest"),
    ),
    inputs=(LOGGED,),
    complexity=10,
    fit=_fit,
    raw_score=probability_of_churn,
    importances=linear_importances,
    explainer=_explainer,
)
