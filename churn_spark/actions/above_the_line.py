"""Customers above the line, and which actions they may get."""

from datetime import date, timedelta

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
    customers: DataFrame, features: DataFrame, around: DataFrame, playbook: Interventions, day: date
) -> DataFrame:
    """What planning and drawing need of customers above the line.

    customers: see `above_the_line`. features: of the same date. around: interventions of other dates that count for the
    cap on contacts. Returns customer_id, as_of_date, audience, segment, tier, risk, value, main_reason, suits (numbers
    of the actions that may be taken), at_stake (value x risk, money) and draw (orders equal customers, anew at each
    date).
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
    return _capped(suitable, around, playbook, day)


def without(customers: DataFrame, unreachable: DataFrame) -> DataFrame:
    """Customers of `with_suitable` as they are, but that nothing suits those whose customer_id is in `unreachable`."""
    marked = customers.join(unreachable.select("customer_id", F.lit(True).alias("gone")), on="customer_id", how="left")
    return marked.withColumn("suits", F.when(F.col("gone").isNull(), F.col("suits")).otherwise(_nothing())).drop("gone")


def _capped(customers: DataFrame, around: DataFrame, playbook: Interventions, day: date) -> DataFrame:
    """Nothing suits those for whom as many actions were planned as may be, in any run of days that the date lies in.

    Who explored counts as planned for. Such runs of days need only begin at the date or at an earlier action.
    """
    planned = around.where("planned_action IS NOT NULL OR arm = 'explore'")
    contacts = planned.groupBy("customer_id").agg(F.collect_list("as_of_date").alias("contacts"))
    joined = customers.join(contacts, on="customer_id", how="left")
    dates = F.coalesce("contacts", F.array().cast("array<date>"))
    reaching = F.filter(dates, lambda one: (one < F.lit(day)) & (one > F.lit(day - timedelta(playbook.contact_days))))
    begins = F.array_append(reaching, F.lit(day))

    def full(first: Column) -> Column:
        within = F.filter(dates, lambda one: (one >= first) & (one < F.date_add(first, playbook.contact_days)))
        return F.size(within) >= playbook.most_contacts

    capped = F.exists(begins, full)
    return joined.withColumn("suits", F.when(capped, _nothing()).otherwise(F.col("suits"))).drop("contacts")


def _nothing() -> Column:
    return F.array().cast("array<int>")


def _main_reason() -> Column:
    """The text of the largest reason for the risk; null where nothing named raises it."""
    raises = F.filter("reason_codes", lambda reason: (reason["contribution"] > 0) & (reason["feature"] != "other"))
    return F.get(raises, 0)["text"]
