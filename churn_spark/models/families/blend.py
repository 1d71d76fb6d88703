"""Blend: the mean of the log odds that several families give; where they err differently it errs less than each."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from churn_spark.models.families.family import RAW_SCORE, Family
from churn_spark.models.families.logistic_regression import LOGISTIC_REGRESSION
from churn_spark.models.families.random_forest import RANDOM_FOREST

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel
    from pyspark.sql import DataFrame

    from churn_spark.models.explaining.explainer import Explainer
    from churn_spark.models.metrics import Array

CERTAIN = 1e-6
"""Log odds are taken of scores kept this far from 0 and 1, where a leaf or a margin is certain."""


def blend_of(name: str, members: Sequence[Family], complexity: int) -> Family:
    """A family that fits each of its members on the same rows; its parameters are theirs, which have to differ in name.

    Its model is a pipeline of theirs, in order.
    """

    def fit(rows: "DataFrame", parameters: Mapping[str, float], seed: int) -> "PipelineModel":
        from pyspark.ml import PipelineModel

        return PipelineModel([member.fit(rows, parameters, seed) for member in members])

    def raw_score(model: "PipelineModel", rows: "DataFrame") -> "DataFrame":
        from pyspark.sql import functions as F

        scored, log_odds = rows, []
        for place, (member, fitted) in enumerate(zip(members, model.stages, strict=True)):
            score = f"{RAW_SCORE}_{place}"
            scored = member.raw_score(fitted, scored).withColumnRenamed(RAW_SCORE, score)
            kept = F.least(F.greatest(F.col(score), F.lit(CERTAIN)), F.lit(1 - CERTAIN))
            log_odds.append(F.log(kept / (1 - kept)))
        mean = sum(log_odds, F.lit(0.0)) / len(members)
        return scored.select(*rows.columns, (1 / (1 + F.exp(-mean))).alias(RAW_SCORE))

    def importances(model: "PipelineModel", rows: "DataFrame") -> "Array":
        """The mean of its members', each taken as shares."""
        import numpy as np

        each = [member.importances(fitted, rows) for member, fitted in zip(members, model.stages, strict=True)]
        return np.mean([weights / max(weights.sum(), np.finfo(float).tiny) for weights in each], axis=0)

    def explainer(model: "PipelineModel", sample: "Mapping[str, Array]") -> "Explainer":
        from churn_spark.models.explaining.blended import mean_log_odds

        explainers = [member.explainer for member in members if member.explainer]
        pairs = zip(explainers, model.stages, strict=True)
        return mean_log_odds([explain(fitted, sample) for explain, fitted in pairs], CERTAIN)

    return Family(
        name=name,
        parameters=tuple(parameter for member in members for parameter in member.parameters),
        inputs=tuple(dict.fromkeys(vector for member in members for vector in member.inputs)),
        complexity=complexity,
        fit=fit,
        raw_score=raw_score,
        importances=importances,
        explainer=explainer if all(member.explainer for member in members) else None,
    )


BLEND = blend_of("blend", (LOGISTIC_REGRESSION, RANDOM_FOREST), complexity=60)
