"""A T-learner: a logistic regression of those acted upon and one of those withheld; uplift is their difference.

S. Künzel et al., Metalearners for estimating heterogeneous treatment effects using machine learning (2019). What it is
known to go wrong by is kept out: inputs are standardised by both sides together, and both models have the same penalty,
as strong as the smaller side asks for, so that neither is drawn to its mean more than the other. A side on a scale of
its own, or a weaker model of a small control group, would show as an uplift that is not there.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pyspark.ml import PipelineModel
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.comparable import LEFT, TREATED, WEIGHT
from churn_spark.models.families.family import LOGGED
from churn_spark.models.metrics import Array
from churn_spark.models.preparation import Preparation
from churn_spark.models.texts import encoders_of

BAND = "(band)"
LEAST_PENALTY, MOST_PENALTY, ITERATIONS = 1e-3, 1.0, 30


@dataclass(frozen=True, slots=True)
class Linear:
    """Log odds of leaving, linear in the inputs on their logarithmic scale."""

    intercept: float
    coefficients: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TLearner:
    """The models of both sides."""

    treated: Linear
    control: Linear


@dataclass(frozen=True, slots=True)
class UpliftModel:
    """What has to be kept to score others: the preparation, both models, and where the bands of the ranking begin.

    features: with the hash of their definition. edges: predicted uplifts, descending; who is above the first is in the
    first band.
    """

    features: Mapping[str, str]
    preparation: Preparation
    learner: TLearner
    edges: tuple[float, ...]

    def band(self, snapshots: DataFrame) -> DataFrame:
        """Add BAND, from 0, those with the highest uplift. snapshots: as_of_date, RISK and the features."""
        prepared = PipelineModel([*self.preparation.stages((LOGGED,))]).transform(snapshots)
        scored = prepared.withColumn("(predicted)", predicted([self.learner], F.lit(0)))
        uplift = F.col("(predicted)")["uplift"]
        below = [F.when(uplift < edge, 1).otherwise(0) for edge in self.edges]
        return scored.select(*snapshots.columns, sum(below, F.lit(0)).alias(BAND))


def penalty_of(inputs: int, fewer: int) -> float:
    """The penalty on half the squared standardised coefficients: as many customers of the smaller side to an input."""
    return min(MOST_PENALTY, max(LEAST_PENALTY, inputs / max(fewer, 1)))


def fit(rows: DataFrame, penalty: float) -> TLearner:
    """The models of both sides, weighted. rows: TREATED, LEFT, WEIGHT and the vector LOGGED; cached by the caller."""
    from pyspark.ml.feature import StandardScaler

    scaler = StandardScaler(inputCol=LOGGED, outputCol="(standard)", withMean=True, withStd=True).fit(rows)
    scaled, deviations = scaler.transform(rows), scaler.std.toArray()
    factors = np.divide(1.0, deviations, out=np.zeros_like(deviations), where=deviations > 0)
    treated = F.col(TREATED)
    return TLearner(
        *(_side(scaled.where(side), penalty, factors, scaler.mean.toArray()) for side in (treated, ~treated))
    )


def _side(scaled: DataFrame, penalty: float, factors: Array, means: Array) -> Linear:
    from pyspark.ml.classification import LogisticRegression

    model = LogisticRegression(
        featuresCol="(standard)",
        labelCol=LEFT,
        weightCol=WEIGHT,
        regParam=penalty,
        maxIter=ITERATIONS,
        tol=1e-6,
        standardization=False,
        maxBlockSizeInMB=4.0,
    ).fit(scaled.select("(standard)", LEFT, WEIGHT))
    coefficients = model.coefficients.toArray() * factors
    return Linear(float(model.intercept - coefficients @ means), tuple(map(float, coefficients)))


def predicted(learners: Sequence[TLearner], which: Column) -> Column:
    """A struct of `uplift` and `risk` (of leaving if nothing is done) by the learner of that number. Needs LOGGED."""
    weights = np.array([[one.treated.coefficients, one.control.coefficients] for one in learners])
    intercepts = np.array([[one.treated.intercept, one.control.intercept] for one in learners])

    def of(inputs: pd.Series, number: pd.Series) -> pd.DataFrame:
        if not len(inputs):
            return pd.DataFrame({"uplift": pd.Series(dtype=float), "risk": pd.Series(dtype=float)})
        at = number.to_numpy()
        log_odds = np.einsum("ni,nsi->ns", np.stack(inputs.to_list()), weights[at]) + intercepts[at]
        treated, control = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500))).T
        # Rounded, so that customers alike but for the last digits of a sum are tied, and different values are few.
        return pd.DataFrame({"uplift": np.round(control - treated, 5), "risk": control})

    udf: Any = F.pandas_udf(of, "uplift double, risk double")  # type: ignore[call-overload]
    column: Column = udf(vector_to_array(F.col(LOGGED)), which.cast("int"))
    return column


def written(model: UpliftModel) -> str:
    """The model as JSON; the order of the preparation's features is that of the coefficients."""
    prepared = model.preparation
    kept = {name: getattr(prepared, name) for name in ("numbers", "medians", "marks", "values")}
    return json.dumps(
        {
            "features": dict(model.features),
            "preparation": {name: dict(value) for name, value in kept.items()},
            "learner": asdict(model.learner),
            "edges": model.edges,
        }
    )


def read(text: str, snapshots: DataFrame) -> UpliftModel:
    """The model that `written` gave; snapshots: with the features, of which only the types are looked at."""
    saved = json.loads(text)
    prepared = saved["preparation"]
    values = {name: tuple(of) for name, of in prepared["values"].items()}
    nothing = Preparation({}, {}, {}, {}, (), {}, {}, {}, 0)
    preparation = replace(nothing, **{**prepared, "values": values, "encoders": encoders_of(snapshots, values)})
    sides = (saved["learner"][side] for side in ("treated", "control"))
    learner = TLearner(*(Linear(side["intercept"], tuple(side["coefficients"])) for side in sides))
    return UpliftModel(saved["features"], preparation, learner, tuple(saved["edges"]))


def misfits(text: str, definitions: Mapping[str, str]) -> Collection[str]:
    """The features of a written model that the stored definitions lack, or have under another hash."""
    return sorted(name for name, known in json.loads(text)["features"].items() if definitions.get(name) != known)
