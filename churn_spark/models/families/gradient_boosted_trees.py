"""Gradient-boosted trees: shallow trees, each grown on what the ones before it got wrong."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from churn_spark.models.families.family import (
    MOST,
    PLAIN,
    SPLITS,
    Family,
    Parameter,
    impurity_importances,
    probability_of_churn,
    weighing,
)

if TYPE_CHECKING:
    from pyspark.ml.classification import GBTClassificationModel
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.metrics import Array


def _fit(rows: "DataFrame", parameters: Mapping[str, float], seed: int) -> "GBTClassificationModel":
    from pyspark.ml.classification import GBTClassifier

    classifier = GBTClassifier(
        featuresCol=PLAIN,
        maxIter=int(parameters["trees"]),
        maxDepth=int(parameters["depth"]),
        stepSize=parameters["step"],
        minInstancesPerNode=int(parameters["leaf_rows"]),
        maxBins=int(parameters["bins"]),
        seed=seed,
    )
    model: GBTClassificationModel = weighing(classifier, rows).fit(rows)
    return model


def _explainer(model: "GBTClassificationModel", sample: "Mapping[str, Array]") -> "Explainer":
    from churn_spark.models.explaining.mllib_trees import boosted

    return boosted(PLAIN, model.trees, model.treeWeights)


GRADIENT_BOOSTED_TREES = Family(
    name="gradient_boosted_trees",
    parameters=(
        Parameter("trees", 100, "Numbers of trees.", least=1, most=MOST, simplest="lowest"),
        Parameter("depth", 3, "Largest depths of a tree.", least=1, most=30, simplest="lowest"),
        Parameter("step", 0.06, "Shares of each tree that are added to the sum.", least=0.0001, most=1),
        Parameter("leaf_rows", 20, "Smallest numbers of rows in a leaf.", least=1, most=MOST, simplest="highest"),
        Parameter("bins", 32, SPLITS, least=2, most=1024, simplest="lowest"),
    ),
    inputs=(PLAIN,),
    complexity=40,
    fit=_fit,
    raw_score=probability_of_churn,
    importances=impurity_importances,
    explainer=_explainer,
)
