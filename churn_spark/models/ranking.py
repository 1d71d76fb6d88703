"""From raw scores to ranks, deciles and tiers."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Scoring

BANDS = 64
"""Bands of score that are sorted side by side, so that no single task has to sort a whole population."""


def ranked(scores: DataFrame) -> DataFrame:
    """Add `risk_rank` (1 = highest raw score of its as-of date, ties by customer_id), `decile` (1 = riskiest tenth) and
    `population` (customers of the date).

    scores: customer_id, as_of_date, raw_score; read three times, so cache it. The rank within a band plus the customers
    of the bands above is the exact rank, wherever the bands are cut.
    """
    share = [position / BANDS for position in range(1, BANDS)]
    edges = scores.groupBy("as_of_date").agg(F.percentile_approx("raw_score", share, 10 * BANDS).alias("edges"))
    above = F.size(F.filter("edges", lambda edge: F.col("raw_score") < edge))
    banded = scores.join(F.broadcast(edges), on="as_of_date", how="inner").withColumn("band", above).drop("edges")
    higher = Window.partitionBy("as_of_date").orderBy("band").rowsBetween(Window.unboundedPreceding, -1)
    sizes = (
        banded.groupBy("as_of_date", "band")
        .agg(F.count("*").alias("size"))
        .select(
            "as_of_date",
            "band",
            F.coalesce(F.sum("size").over(higher), F.lit(0)).alias("ahead"),
            F.sum("size").over(Window.partitionBy("as_of_date")).alias("population"),
        )
    )
    within = Window.partitionBy("as_of_date", "band").orderBy(F.desc("raw_score"), "customer_id")
    placed = banded.withColumn("place", F.row_number().over(within))
    rank = F.col("ahead") + F.col("place")
    return placed.join(F.broadcast(sizes), on=["as_of_date", "band"], how="inner").select(
        *scores.columns,
        rank.cast("bigint").alias("risk_rank"),
        # Whole numbers: a rank on the edge of a tenth must not fall to either side by rounding.
        F.expr("CAST((10 * (ahead + place) + population - 1) DIV population AS INT)").alias("decile"),
        F.col("population"),
    )


def tier(rank: Column, population: Column, scoring: Scoring) -> Column:
    """`high` for the first `high_share` of the ranked population, `medium` for the next `medium_share`, else `low`.

    A share that is no whole number of customers is rounded up, so that no tier of a small population is empty.
    """
    # Rounded before it is rounded up: 0.07 x 100 is a little more than 7 in binary.
    high, medium = (
        F.ceil(F.round(F.lit(share) * population, 6))
        for share in (scoring.high_share, scoring.high_share + scoring.medium_share)
    )
    return F.when(rank <= high, "high").when(rank <= medium, "medium").otherwise("low")
