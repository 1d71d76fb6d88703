"""Queries whose frames several sections show; each is run once."""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.holdout import in_control
from churn_spark.definitions.sources import Source
from churn_spark.report.facts import Facts
from churn_spark.report.query import Available, Dates, Query

BUCKET = 0.02
"""Width of a bucket of `RISKS`, in risk."""
BUCKETS = round(1 / BUCKET)


def scores_of_the_date(available: Available) -> Mapping[str, Dates]:
    return {"risk_scores": (available.as_of,)}


def contactable(facts: Facts, scores: DataFrame) -> DataFrame:
    """The customers who may be listed by name: somebody will act by a list, and the control group is to be left alone.

    scores: customer_id.
    """
    playbook = facts.project.interventions
    return scores.where(~in_control(playbook.holdout)) if playbook else scores


def of_training(facts: Facts, rows: DataFrame) -> DataFrame:
    """The rows that the training run of the model in force left in `model_metrics` or `model_curves`."""
    champion = facts.champion
    if champion is None:
        return rows.where(F.lit(False))
    run_id = F.coalesce("run_id", F.lit(""))
    return rows.where((F.col("as_of_date") == F.lit(champion.trained_on)) & (run_id == champion.run_id))


def sums(*names: str) -> list[Column]:
    return [F.sum(name).alias(name) for name in names]


def _risks(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    bucket = F.least(F.floor(F.col("risk") * BUCKETS), F.lit(BUCKETS - 1)).cast("int")
    return (
        tables["risk_scores"].groupBy("tier", bucket.alias("bucket"))
        .agg(
            F.count("*").alias("customers"),
            *sums("risk", "value", "expected_loss"),
            F.max("model_version").alias("model_version"),
            F.max("replayed").alias("replayed"),
        )
    )  # fmt: skip


RISKS = Query(
    "risks",
    ("tier", "bucket", "customers", "risk", "value", "expected_loss", "model_version", "replayed"),
    scores_of_the_date,
    _risks,
)
"""Customers, summed risk, value and expected loss by tier and bucket of risk; the last bucket holds risk 1.

Also the newest model version among the scores, and whether any was made by a model not in force.
"""

MODEL_METRICS = Query(
    "metrics",
    ("model_version", "model", "role", "scope", "segment", "metric", "value", "low", "high"),
    lambda available: {"model_metrics": available.until("model_metrics")},
    lambda facts, tables: of_training(facts, tables["model_metrics"]),
)
"""The metrics of the training run that the model in force comes from."""


def _deliveries(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    sources = facts.project.sources
    refused, share = F.col("quarantined"), F.try_divide(F.col("quarantined"), F.col("read"))
    planned = [source.name for source in sources if source.delivered.expected]
    late = reduce(lambda either, source: either | _late(source), sources, F.lit(False))
    worst = F.max_by(F.struct("delivery", refused.alias("refused"), "read"), F.struct(share, "read", "delivery"))
    return (
        tables["deliveries"].groupBy("source")
        .agg(
            F.count("*").alias("deliveries"),
            *sums("read", "kept", "quarantined", "duplicate", "bytes"),
            *(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in ("unchanged", "left_out")),
            F.min("nominal_date").alias("first"),
            F.max("nominal_date").alias("last"),
            F.collect_set(F.when(F.col("source").isin(*planned), F.col("nominal_date"))).alias("nominal_dates"),
            F.count_if(late).alias("late"),
            F.count_if("accepted_incomplete").alias("incomplete"),
            worst.alias("most"),
            F.flatten(F.collect_list("reasons")).alias("reasons"),
            F.sort_array(F.array_distinct(F.flatten(F.collect_list("ignored_columns")))).alias("ignored_columns"),
        )
        .withColumns(
            {"worst": F.col("most.delivery"), "worst_refused": F.col("most.refused"), "worst_read": F.col("most.read")}
        )
    )  # fmt: skip


def _late(source: Source) -> Column:
    delivered = source.delivered
    known = F.date_add("nominal_date", delivered.lag_days)
    until = F.lit(delivered.history_until).cast("date")
    loaded = F.col("history") & F.coalesce(F.col("nominal_date") <= until, F.lit(False))
    return (F.col("source") == source.name) & ~loaded & (F.col("taken_on") > known)


DELIVERIES = Query(
    "deliveries",
    (
        "source", "deliveries", "read", "kept", "quarantined", "duplicate", "unchanged", "left_out", "bytes",
        "first", "last", "nominal_dates", "late", "incomplete", "worst", "worst_refused", "worst_read",
        "reasons", "ignored_columns",
    ),
    lambda available: {"deliveries": available.known},
    _deliveries,
)  # fmt: skip
"""The reconciliation of each source, its first and last nominal date, what was late, what was refused most.

nominal_dates: only of sources with a calendar. late: taken in after nominal date + lag, the loaded history apart.
reasons: the reason and rows of all its deliveries, not summed.
"""
