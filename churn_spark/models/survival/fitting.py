"""Models of how long customers stay, fitted by MLlib to followed snapshots.

A followed snapshot is a row with the vector `LOGGED`, `periods` (how many periods from the as-of date on were followed,
at most those up to the last horizon) and `left_after` (days to leaving; null: not within what was followed).
"""

from pyspark.ml.feature import VectorAssembler
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Survival
from churn_spark.models.families.family import LOGGED
from churn_spark.models.survival.survival_model import SurvivalModel

L2, ITERATIONS = 0.003, 60
"""Penalty and iterations of the hazard's logistic regression: the defaults of the family's own."""


def fit_survival(followed: DataFrame, settings: Survival) -> SurvivalModel:
    """The model of the configured kind; read several times, so cache `followed`."""
    return (_hazard if settings.model == "hazard" else _aft)(followed, settings)


def left_in(settings: Survival) -> Column:
    """The period in which a followed snapshot left, from 1; null where it stayed through all that were followed."""
    period = F.floor(F.col("left_after") / settings.period_days) + 1
    return F.when(period <= F.col("periods"), period)


def person_periods(followed: DataFrame, settings: Survival) -> DataFrame:
    """One row per period that began with the customer still there: columns of `followed`, `period`, `label` (1: left in
    it).
    """
    lived = F.coalesce(left_in(settings), F.col("periods"))
    rows = followed.where("periods > 0").withColumn("period", F.explode(F.sequence(F.lit(1), lived.cast("int"))))
    return rows.withColumn("label", F.coalesce(F.col("period") == left_in(settings), F.lit(False)).cast("double"))


def _hazard(followed: DataFrame, settings: Survival) -> SurvivalModel:
    """Logistic regression over person-periods, with a mark for each period after the first.

    After P. Allison, Discrete-Time Methods for the Analysis of Event Histories (1982).
    """
    from pyspark.ml.classification import LogisticRegression

    marks = {f"period_{k}": (F.col("period") == k).cast("double") for k in range(2, settings.periods + 1)}
    rows = person_periods(followed, settings).withColumns(marks)
    assembled = VectorAssembler(inputCols=[LOGGED, *marks], outputCol="inputs").transform(rows)
    model = LogisticRegression(
        featuresCol="inputs", regParam=L2, maxIter=ITERATIONS, tol=1e-6, standardization=True, maxBlockSizeInMB=4.0
    ).fit(assembled.select("inputs", "label"))
    weights = [float(weight) for weight in model.coefficients.toArray()]
    inputs = len(weights) - len(marks)
    effects = [model.intercept, *(model.intercept + weight for weight in weights[inputs:])]
    return SurvivalModel("hazard", settings.horizons, settings.period_days, tuple(weights[:inputs]), tuple(effects))


def _aft(followed: DataFrame, settings: Survival) -> SurvivalModel:
    """Weibull regression on days until leaving, censored where what was followed ends."""
    from pyspark.ml.regression import AFTSurvivalRegression

    left = left_in(settings).isNotNull()
    # A day is left in its middle, as a duration must be above 0.
    days = F.when(left, F.col("left_after") + 0.5).otherwise(F.col("periods") * settings.period_days)
    rows = followed.where("periods > 0").select(
        LOGGED, days.cast("double").alias("days"), left.cast("double").alias("left")
    )
    model = AFTSurvivalRegression(
        featuresCol=LOGGED, labelCol="days", censorCol="left", maxIter=ITERATIONS, maxBlockSizeInMB=4.0
    ).fit(rows)
    weights = tuple(float(weight) for weight in model.coefficients.toArray())
    return SurvivalModel(
        "aft", settings.horizons, settings.period_days, weights, (float(model.intercept),), float(model.scale)
    )
