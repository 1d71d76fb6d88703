"""Linear support vector machine: the widest margin between those who leave and those who stay.

It knows no probabilities: its raw score is the logistic function of the decision value, which calibration (Platt's was
made for it) turns into a risk. Churners weigh as much in total as stayers: where few leave, the widest margin would
otherwise lie where nobody does.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from churn_spark.models.families.family import LOGGED, MOST, RAW_SCORE, WEIGHT, Family, Parameter, linear_importances

if TYPE_CHECKING:
    from pyspark.ml.classification import LinearSVCModel
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.metrics import Array


def _fit(rows: "DataFrame", parameters: Mapping[str, float], seed: int) -> "LinearSVCModel":
    from pyspark.ml.classification import LinearSVC
    from pyspark.sql import functions as F

    counts = F.col(WEIGHT) if WEIGHT in rows.columns else F.lit(1.0)
    churners, everyone = rows.agg(F.sum(F.col("label") * counts), F.sum(counts)).collect()[0]
    churner, stayer = (everyone / (2 * max(kind, 1)) for kind in (churners, everyone - churners))
    return LinearSVC(
        featuresCol=LOGGED,
        weightCol="weight",
        regParam=parameters["l2"],
        maxIter=int(parameters["iterations"]),
        tol=1e-4,
        standardization=True,
        maxBlockSizeInMB=4.0,
    ).fit(rows.withColumn("weight", counts * F.when(F.col("label") == 1, churner).otherwise(stayer)))


def _raw_score(model: "LinearSVCModel", rows: "DataFrame") -> "DataFrame":
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as F

    decision = vector_to_array(F.col("rawPrediction"))[1]
    return model.transform(rows).select(*rows.columns, (1 / (1 + F.exp(-decision))).alias(RAW_SCORE))


def _explainer(model: "LinearSVCModel", sample: "Mapping[str, Array]") -> "Explainer":
    from churn_spark.models.explaining.linear import linear_terms

    return linear_terms(LOGGED, model.coefficients.toArray(), model.intercept, sample)


LINEAR_SVM = Family(
    name="linear_svm",
    parameters=(
        Parameter("l2", 1.0, "Penalties on the standardised coefficients.", least=0, simplest="highest"),
        Parameter("iterations", 60, "Largest numbers of iterations.", least=1, most=MOST, simplest="lowest"),
    ),
    inputs=(LOGGED,),
    complexity=15,
    fit=_fit,
    raw_score=_raw_score,
    importances=linear_importances,
    explainer=_explainer,
)
