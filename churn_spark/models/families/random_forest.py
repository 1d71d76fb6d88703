"""Random forest: the mean of deep trees, each grown on a sample of the rows and, at each split, of the inputs."""

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
    from pyspark.ml.classification import RandomForestClassificationModel
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.metrics import Array


def _fit(rows: "DataFrame", parameters: Mapping[str, float], seed: int) -> "RandomForestClassificationModel":
    from pyspark.ml.classification import RandomForestClassifier

    classifier = RandomForestClassifier(
        featuresCol=PLAIN,
        numTrees=int(parameters["trees"]),
        maxDepth=int(parameters["depth"]),
        minInstancesPerNode=int(parameters["leaf_rows"]),
        maxBins=int(parameters["bins"]),
        cacheNodeIds=True,
        seed=seed,
    )
    model: RandomForestClassificationModel = weighing(classifier, rows).fit(rows)
    return model


def _explainer(model: "RandomForestClassificationModel", sample: "Mapping[str, Array]") -> "Explainer":
    from churn_spark.models.explaining.mllib_trees import mean_of_shares

    return mean_of_shares(PLAIN, model.trees)


RANDOM_FOREST = Family(
    name="random_forest",
    parameters=(
        Parameter("trees", 100, "Numbers of trees.", least=1, most=MOST, simplest="lowest"),
        Parameter("depth", 8, "Largest depths of a tree.", least=1, most=30, simplest="lowest"),
        Parameter("leaf_rows", 8, "Smallest numbers of rows in a leaf.", least=1, most=MOST, simplest="highest"),
        Parameter("bins", 32, SPLITS, least=2, most=1024, simplest="lowest"),
    ),
    inputs=(PLAIN,),
    complexity=30,
    fit=_fit,
    raw_score=probability_of_churn,
    importances=impurity_importances,
    explainer=_explainer,
)
