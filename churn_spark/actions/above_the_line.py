"""Customers above the line, and which actions they may get."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.audiences import with_features
from churn_spark.actions.holdout import draw
from churn_spark.definitions.actions import Interventions

AS_IN_SCORES = ("as_of_date", "segment", "tier", "risk", "value")


def above_the_line(alerts: DataFrame, scores: DataFrame) -> DataFrame:
    """Rows of `risk_scores` of the customers with an alert that is not in its cooldown, with their `audience`.

    alerts: customer_id, audience, suppressed; of one as-of date, as scores.
    """
    alerted = alerts.where("suppressed IS NULL OR suppressed = 'control'")
    return scores.join(alerted.groupBy("customer_id").agg(F.min("audience").alias("audience")), on="customer_id")


def with_suitable(
    customers: DataFrame, features: DataFrame, earlier: DataFrame, playbook: Interventions, day: date
) -> DataFrame:
    """What planning and drawing need of customers above the line.

    customers: see `above_the_line`. features: of the same date. earlier: interventions of the days before that count
    for the cap on contacts. Returns customer_id, as_of_date, audience, segment, tier, risk, value, main_reason, suits
    (numbers of the actions that may be taken), at_stake (value x risk, money) and draw (orders equal customers, anew
    at each date).
    """
    conditions = [action.condition for action in playbook.actions if action.condition]
    rows = with_features(customers, features.drop("audience"), conditions)
    suits = (
        F.when(F.col("value").isNotNull() & F.expr(action.condition or "true"), F.lit(k))
        for k, action in enumerate(playbook.actions)
    )
    suitable = rows.select(
        "customer_id",
        *AS_IN_SCORES,
        "audience",
        _main_reason().alias("main_reason"),
        F.array_compact(F.array(*suits)).alias("suits"),
        (F.col("value") * F.col("risk")).alias("at_stake"),
        draw(playbook.holdout, f"tie {day}").alias("draw"),
    )
    return _capped(suitable, earlier, playbook.most_contacts)


def without(customers: DataFrame, unreachable: DataFrame) -> DataFrame:
    """Customers of `with_suitable` as they are, but that nothing suits those whose customer_id is in `unreachable`."""
    marked = customers.join(unreachable.select("customer_id", F.lit(True).alias("gone")), on="customer_id", how="left")
    return marked.withColumn("suits", F.when(F.col("gone").isNull(), F.col("suits")).otherwise(_nothing())).drop("gone")


def _capped(customers: DataFrame, earlier: DataFrame, most: int) -> DataFrame:
    """Nothing suits those for whom as many actions were planned as may be. Who explored counts as planned for."""
    planned = earlier.where("planned_action IS NOT NULL OR arm = 'explore'")
    counts = planned.groupBy("customer_id").agg(F.count(F.lit(1)).alias("contacts"))
    joined = customers.join(counts, on="customer_id", how="left")
    free = F.coalesce("contacts", F.lit(0)) < most
    return joined.withColumn("suits", F.when(free, F.col("suits")).otherwise(_nothing())).drop("contacts")


def _nothing() -> Column:
    return F.array().cast("array<int>")


def _main_reason() -> Column:
    """The text of the largest reason for the risk; null where nothing named raises it."""
    raises = F.filter("reason_codes", lambda reason: (reason["contribution"] > 0) & (reason["feature"] != "other"))
    return F.get(raises, 0)["text"]
