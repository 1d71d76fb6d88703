"""Boosted trees by XGBoost on Spark's executors; it needs the extra `xgboost`, there and on the driver.

Its trees are cheap, so by default there are many, and each adds little: over folds that ranks better than fewer that
add more.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from churn_spark.models.families.family import MOST, PLAIN, WEIGHT, Family, Parameter, probability_of_churn

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.metrics import Array


LOGGER = "XGBoost-PySpark"


def _fit(rows: "DataFrame", parameters: Mapping[str, float], seed: int) -> Any:
    from xgboost.spark import SparkXGBClassifier

    # It would write three lines about each model of a search.
    logging.getLogger(LOGGER).setLevel(logging.WARNING)
    # With None as its column a model could be saved and not be loaded again.
    weight: dict[str, Any] = {"weight_col": WEIGHT} if WEIGHT in rows.columns else {}
    return SparkXGBClassifier(
        features_col=PLAIN,
        label_col="label",
        **weight,
        n_estimators=int(parameters["trees"]),
        max_depth=int(parameters["depth"]),
        learning_rate=parameters["step"],
        min_child_weight=parameters["leaf_weight"],
        subsample=parameters["rows"],
        colsample_bytree=parameters["columns"],
        random_state=seed,
        # A sum over several workers depends on who comes first; with one the same seed gives the same model.
        num_workers=1,
        verbosity=0,
        verbose=False,
    ).fit(rows)


def _importances(model: Any, rows: "DataFrame") -> "Array":
    """The gain by each input, over all splits."""
    import numpy as np

    gains = model.get_feature_importances("total_gain")
    return np.array([gains.get(f"f{place}", 0.0) for place in range(model.get_booster().num_features())])


def _explainer(model: Any, sample: "Mapping[str, Array]") -> "Explainer":
    from churn_spark.models.explaining.xgboost_trees import xgboost_trees

    return xgboost_trees(PLAIN, model.get_booster())


XGBOOST = Family(
    name="xgboost",
    parameters=(
        Parameter("trees", 300, "Numbers of trees.", least=1, most=MOST, simplest="lowest"),
        Parameter("depth", 3, "Largest depths of a tree.", least=1, most=30, simplest="lowest"),
        Parameter("step", 0.02, "Shares of each tree that are added to the sum.", least=0.0001, most=1),
        Parameter(
            "leaf_weight",
            5.0,
            "Smallest sums of p (1 - p) in a leaf (`min_child_weight`).",
            least=0,
            simplest="highest",
        ),
        Parameter("rows", 0.8, "Shares of the rows that each tree grows on.", least=0.01, most=1),
        Parameter("columns", 0.5, "Shares of the inputs that each tree grows on.", least=0.01, most=1),
    ),
    inputs=(PLAIN,),
    complexity=45,
    fit=_fit,
    raw_score=probability_of_churn,
    importances=_importances,
    explainer=_explainer,
    precision=1e-5,
    package="xgboost",
)
