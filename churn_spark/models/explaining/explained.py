"""Scored customers with their reasons: what Spark gives to the workers, and the check that it all adds up."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial

from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.phrases import Phrase
from churn_spark.models.explaining.concepts import concepts_of
from churn_spark.models.explaining.reasons import (
    BASE_VALUE,
    NUMBERS,
    REASON_CODES,
    TEXTS,
    Background,
    ReasonQuery,
    by_slot,
    matrix,
    numeric_features,
    rated_features,
    reasons,
)
from churn_spark.models.explaining.typical import SAMPLE, typical_of
from churn_spark.models.families import named
from churn_spark.models.families.family import RAW_SCORE
from churn_spark.models.metrics import Array
from churn_spark.models.preparation import number_of
from churn_spark.models.risk_model import RiskModel

UNIT, EXACT = "reason_unit", "reasons_exact"
CODES = "array<struct<feature:string,value:double,typical:double,contribution:double,text:string>>"
DRAWS = 2**20


def explained(
    scores: DataFrame,
    kept: Iterable[Column | str],
    model: RiskModel,
    population: Mapping[date, int],
    phrases: Mapping[str, Phrase],
    shown: int,
) -> DataFrame:
    """The columns `kept` of scored customers, and base_value, reason_codes, reason_unit and reasons_exact.

    scores: from `model.predict` with its vectors. kept: as_of_date among them. population: customers of each as-of date
    there is. shown: the most concepts named of a customer. The last four are null where the family explains nothing,
    and where none is to be shown.
    """
    explain = named(model.family).explainer
    if explain is None or not shown or not any(population.values()):
        nothing = {BASE_VALUE: "double", REASON_CODES: CODES, UNIT: "string", EXACT: "boolean"}
        return scores.select(*kept, *(F.lit(None).cast(kind).alias(name) for name, kind in nothing.items()))
    inputs = scores.select(*kept, *_inputs(scores, model))
    fitted = model.pipeline.stages[-1]
    dates = {}
    for day, customers in population.items():
        if not customers:
            continue
        numbers, vectors, texts = sampled(scores.where(F.col("as_of_date") == F.lit(day)), customers, model)
        typical = typical_of(model.slots, by_slot(model.slots, numbers), vectors[model.vectors[0]], texts)
        dates[day] = Background(explain(fitted, vectors), typical)
    query = ReasonQuery(concepts_of(model.slots, phrases), phrases, model.vectors, shown, dates)
    schema = f"{_schema(inputs, model)}, {BASE_VALUE} double, {REASON_CODES} {CODES}"
    one = next(iter(dates.values())).explainer
    with_codes = inputs.mapInArrow(partial(reasons, query=query), schema)
    return with_codes.withColumns({UNIT: F.lit(one.unit), EXACT: F.lit(one.exact)})


def refuse_other_sums(explained_scores: DataFrame, family: str, of: str) -> None:
    """ModelError where base_value and all contributions lie further from raw_score than the family's precision.

    explained_scores: raw_score and the columns of reasons. of: the model, for the message.
    """
    total = F.col(BASE_VALUE) + F.aggregate(
        F.col(REASON_CODES), F.lit(0.0), lambda summed, reason: summed + reason["contribution"]
    )
    made = F.when(F.col(UNIT) == "probability", total).otherwise(1 / (1 + F.exp(-total)))
    (error,) = explained_scores.agg(F.max(F.abs(made - F.col(RAW_SCORE)))).collect()[0]
    if error is not None and not error <= named(family).precision:
        raise ModelError(
            f"the reasons of {of} do not add up to its scores (by {error:.2g}); scoring.reasons: 0 scores without them"
        )


def _inputs(scores: DataFrame, model: RiskModel) -> list[Column]:
    numbers = [F.expr(number_of(name, scores.schema[name].dataType)) for name in numeric_features(model.slots)]
    unknown = F.lit(float("nan"))
    return [
        F.array(*(F.coalesce(number, unknown) for number in numbers)).cast("array<double>").alias(NUMBERS),
        *(vector_to_array(F.col(vector)).alias(vector) for vector in model.vectors),
        *([F.array(*map(quoted, rated)).alias(TEXTS)] if (rated := rated_features(model.slots)) else []),
    ]


def _drawn(customers: int) -> Column:
    """Whether a customer is in a sample of about `SAMPLE`: by the id, so that it is the same whoever draws it."""
    if customers <= SAMPLE:
        return F.lit(True)
    return F.pmod(F.xxhash64(F.lit("typical"), "customer_id"), F.lit(DRAWS)) < DRAWS * SAMPLE // customers


def sampled(
    scores: DataFrame, customers: int, model: RiskModel
) -> tuple[Array, dict[str, Array], dict[str, list[str | None]]]:
    """The numbers and the vectors of a sample of scored rows, and the texts that the model sees rates of.

    scores: from `model.predict` with its vectors; customers: how many rows they are.
    """
    sample = scores.where(_drawn(customers))
    # In the order of ids, so that sums are the same in every run.
    ordered = [("customer_id", "ascending"), ("as_of_date", "ascending")]
    rows = sample.select("customer_id", "as_of_date", *_inputs(sample, model)).toArrow().sort_by(ordered)
    rows = rows.combine_chunks()
    numbers, *vectors = (matrix(rows[name].combine_chunks()) for name in (NUMBERS, *model.vectors))
    rated = rated_features(model.slots)
    texts = zip(*rows[TEXTS].to_pylist(), strict=True) if rated and len(rows) else [[] for _ in rated]
    by_name = {name: list(column) for name, column in zip(rated, texts, strict=True)}
    return numbers, dict(zip(model.vectors, vectors, strict=True)), by_name


def _schema(inputs: DataFrame, model: RiskModel) -> str:
    dropped = (NUMBERS, TEXTS, *model.vectors)
    return ", ".join(f"`{f.name}` {f.dataType.simpleString()}" for f in inputs.schema if f.name not in dropped)
