"""Queries of the brief: sums and the first few, of customers whom somebody may contact."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.report.facts import Facts
from churn_spark.report.query import Available, Dates, Query
from churn_spark.report.shared_queries import sums

LISTED = 10


def scored_before(available: Available) -> Mapping[str, Dates]:
    """The last scores before the as-of date."""
    earlier = [day for day in available.until("risk_scores") if day < available.as_of]
    return {"risk_scores": tuple(earlier[-1:])}


def _before(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    scores = tables["risk_scores"]
    return scores.groupBy("as_of_date", "tier").agg(F.count("*").alias("customers"), *sums("risk", "expected_loss"))


BEFORE = Query("before", ("as_of_date", "tier", "customers", "risk", "expected_loss"), scored_before, _before)
"""The last scores before, by tier."""


def _of_the_date(table: str, available: Available) -> Mapping[str, Dates]:
    return {table: (available.as_of,)} if available.as_of in available.dates(table) else {table: ()}


def alerts_of_the_date(available: Available) -> Mapping[str, Dates]:
    return _of_the_date("alerts", available)


def plans_of_the_date(available: Available) -> Mapping[str, Dates]:
    return _of_the_date("interventions", available)


def _alerted(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    counts = [F.count("*").alias("alerts"), F.countDistinct("customer_id").alias("customers"), *sums("expected_loss")]
    return tables["alerts"].groupBy("kind", "audience", "suppressed").agg(*counts)


ALERTED = Query(
    "alerted",
    ("kind", "audience", "suppressed", "alerts", "customers", "expected_loss"),
    alerts_of_the_date,
    _alerted,
)
"""The alerts of the date by kind, audience and what suppressed them."""


def _first(rows: DataFrame, *order: Column) -> DataFrame:
    return rows.orderBy(*order, "customer_id").limit(LISTED)


def _at_risk(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    """One row per customer; those withheld are in no list that somebody could act by."""
    sent = tables["alerts"].where("suppressed IS NULL")
    firsts = [F.first(name).alias(name) for name in ("tier", "risk", "risk_rank", "value", "expected_loss", "reasons")]
    customers = sent.groupBy("customer_id").agg(F.sort_array(F.collect_set("kind")).alias("kinds"), *firsts)
    return _first(customers, F.desc_nulls_last("expected_loss"), F.col("risk_rank"))


AT_RISK = Query(
    "at_risk",
    ("customer_id", "kinds", "tier", "risk", "risk_rank", "value", "expected_loss", "reasons"),
    alerts_of_the_date,
    _at_risk,
)
"""The customers with alerts whom most money depends on, or the riskiest where customers have no value."""


def _movers(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    jumped = tables["alerts"].where("suppressed IS NULL AND kind = 'risk_jump'")
    return _first(jumped, F.desc(F.col("risk") - F.col("previous_risk")))


MOVERS = Query("movers", ("customer_id", "previous_risk", "risk", "tier", "reasons"), alerts_of_the_date, _movers)
"""The customers whose risk rose most."""


def _planned(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    chosen = F.coalesce("action", "planned_action")
    counts = [
        F.count("*").alias("customers"),
        *sums("cost", "expected_profit"),
        F.first("channel", True).alias("channel"),
    ]
    return tables["interventions"].groupBy(chosen.alias("action"), "arm").agg(*counts)


PLANNED = Query(
    "planned",
    ("action", "arm", "customers", "cost", "expected_profit", "channel"),
    plans_of_the_date,
    _planned,
)
"""The interventions of the date by action (of those withheld, the planned one) and arm."""
