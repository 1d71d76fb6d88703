"""`python -m benchmarks.survival`: one model of survival beside a classifier for each horizon, on simulated customers.

Customers live by a hazard that depends on ten inputs and the period. Half of them teach, the others test. What is
printed is the ROC AUC of having left by each horizon, and the concordance of the models of survival.
"""

import argparse

import numpy as np
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import Vectors
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Survival
from churn_spark.models import metrics
from churn_spark.models.families.family import LOGGED
from churn_spark.models.survival.fitting import L2, fit_survival
from churn_spark.models.survival.measuring import ranking
from churn_spark.runtime.session import session

PERIOD, HORIZONS = 14, (14, 28, 56)
INPUTS, SEED = 10, 1


def main() -> None:
    """Simulate, fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    customers = parser.parse_args().customers
    rows = simulated(session("benchmark"), customers).persist()
    train, test = rows.where("n % 2 = 0").persist(), rows.where("n % 2 = 1").persist()
    print(f"{customers:,} customers; ROC AUC of having left by day {', '.join(map(str, HORIZONS))}; concordance")
    for model in ("hazard", "aft"):
        settings = Survival(model, HORIZONS, PERIOD)
        found = ranking(test, fit_survival(train, settings), settings)
        areas = "  ".join(f"{area:.3f}" for area in found.roc_auc.values())
        print(f"{model:<22} {areas}  {found.concordance:.3f}")
    alone = "  ".join(f"{separate(train, test, days):.3f}" for days in HORIZONS)
    print(f"{'one model per horizon':<22} {alone}")


def simulated(spark: SparkSession, customers: int) -> DataFrame:
    """Snapshots followed to the last horizon: n, the vector, periods, left_after (see `models.survival.fitting`)."""
    drawn = np.random.default_rng(SEED)
    inputs = drawn.normal(size=(customers, INPUTS))
    effects = np.array([-2.4, -2.0, -2.2, -2.6])
    chances = 1 / (1 + np.exp(-((inputs @ drawn.normal(0, 0.4, INPUTS))[:, None] + effects)))
    leaves = drawn.random(chances.shape) < chances
    days = PERIOD * leaves.argmax(axis=1) + drawn.integers(0, PERIOD, customers)
    left = [int(day) if leaver else None for day, leaver in zip(days, leaves.any(axis=1), strict=True)]
    made = [(n, Vectors.dense(each), len(effects), left[n]) for n, each in enumerate(inputs.tolist())]
    return spark.createDataFrame(made, ["n", LOGGED, "periods", "left_after"])


def separate(train: DataFrame, test: DataFrame, days: int) -> float:
    """The ROC AUC of a classifier that learns having left by one horizon alone."""
    label = F.coalesce(F.col("left_after") < days, F.lit(False)).cast("double")
    model = LogisticRegression(featuresCol=LOGGED, regParam=L2, maxIter=60).fit(train.withColumn("label", label))
    scores = model.transform(test.withColumn("label", label)).select(
        vector_to_array(F.col("probability"))[1].alias("score"), "label"
    )
    ordered = scores.toPandas().sort_values("score", ascending=False)
    return float(metrics.roc_auc(np.ones(len(ordered)), ordered["label"].to_numpy()))


if __name__ == "__main__":
    main()
