"""Decision tree: a handful of rules that can be read off; rows of one leaf share a score, so that it ranks coarsely."""

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
    from pyspark.ml.classification import DecisionTreeClassificationModel
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.explaining.tree_shap import Tree
    from churn_spark.models.metrics import Array


def _fit(rows: "DataFrame", parameters: Mapping[str, float], seed: int) -> "DecisionTreeClassificationModel":
    from pyspark.ml.classification import DecisionTreeClassifier

    classifier = DecisionTreeClassifier(
        featuresCol=PLAIN,
        maxDepth=int(parameters["depth"]),
        minInstancesPerNode=int(parameters["leaf_rows"]),
        maxBins=int(parameters["bins"]),
        cacheNodeIds=True,
        seed=seed,
    )
    model: DecisionTreeClassificationModel = weighing(classifier, rows).fit(rows)
    return model


def _explainer(model: "DecisionTreeClassificationModel", sample: "Mapping[str, Array]") -> "Explainer":
    from churn_spark.models.explaining.mllib_trees import mean_of_shares

    return mean_of_shares(PLAIN, [model])


def _tree(model: "DecisionTreeClassificationModel") -> "Tree":
    from churn_spark.models.explaining.mllib_trees import shares

    return shares(model)


DECISION_TREE = Family(
    name="decision_tree",
    parameters=(
        Parameter("depth", 5, "Largest depths of the tree.", least=1, most=30, simplest="lowest"),
        Parameter("leaf_rows", 50, "Smallest numbers of rows in a leaf.", least=1, most=MOST, simplest="highest"),
        Parameter("bins", 32, SPLITS, least=2, most=1024, simplest="lowest"),
    ),
    inputs=(PLAIN,),
    complexity=20,
    fit=_fit,
    raw_score=probability_of_churn,
    importances=impurity_importances,
    explainer=_explainer,
    tree=_tree,
)
