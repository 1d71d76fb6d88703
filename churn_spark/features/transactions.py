"""How often, how lately and for how much each customer made transactions, as models of purchasing want it."""

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import ExpectedValue
from churn_spark.features.as_of import KEY, seen_at

STATISTICS = ("repeats", "last", "age", "total")


def transactions(tiles: DataFrame, rule: ExpectedValue, scale: int, dates: Collection[date]) -> DataFrame:
    """The transactions of every customer with one in the `history_days` days before each as-of date.

    A transaction is a unit of `unit_days` days, counted back from the as-of date, with at least one value of the
    measure; so a customer has at most one in each unit, and there are few different statistics however many customers.

    tiles: of the rule's source. scale: of its measure. Returns customer_id, as_of_date, `repeats` (transactions after
    the first), `last` (units from the first to the last), `age` (units since the first), `total` (sum of the values, in
    money).
    """
    valued = tiles.where(F.col(f"{rule.measure}_n") > 0).select(
        "customer_id", "event_date", "known_from", F.col(f"{rule.measure}_sum").alias("amount")
    )
    unit = F.floor((F.col("age") - 1) / rule.unit_days)
    return (
        seen_at(valued, dates, rule.history_days)
        .groupBy(*KEY)
        .agg(
            (F.count_distinct(unit) - 1).cast("double").alias("repeats"),
            (F.max(unit) - F.min(unit)).cast("double").alias("last"),
            F.max(unit).cast("double").alias("age"),
            (F.sum("amount") / 10**scale).cast("double").alias("total"),
        )
    )
