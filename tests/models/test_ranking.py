from datetime import date
from fractions import Fraction
from math import ceil

from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Scoring
from churn_spark.models.ranking import ranked, tier

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def test_ranks_run_over_all_of_a_date_with_ties_by_customer(spark):
    scores = [(f"c{n:03d}", JANUARY, (n * 37 % 50) / 50) for n in range(137)] + [
        ("z", FEBRUARY, 0.1),
        ("a", FEBRUARY, 0.1),
    ]
    frame = spark.createDataFrame(scores, "customer_id string, as_of_date date, raw_score double")
    found = {(row["as_of_date"], row["risk_rank"]): row for row in ranked(frame).collect()}
    assert len(found) == len(scores)
    for day, population in ((JANUARY, 137), (FEBRUARY, 2)):
        expected = sorted((row for row in scores if row[1] == day), key=lambda row: (-row[2], row[0]))
        for place, (customer, _, _) in enumerate(expected):
            row = found[day, place + 1]
            assert row["customer_id"] == customer
            assert row["decile"] == ceil(Fraction(10 * (place + 1), population))
            assert row["population"] == population


def test_deciles_of_a_round_population_are_equal(spark):
    frame = spark.range(50).select(
        F.col("id").cast("string").alias("customer_id"),
        F.lit(JANUARY).alias("as_of_date"),
        F.rand(1).alias("raw_score"),
    )
    sizes = {row["decile"]: row["count"] for row in ranked(frame.persist()).groupBy("decile").count().collect()}
    assert sizes == dict.fromkeys(range(1, 11), 5)


def test_tiers_are_shares_of_the_population_rounded_up(spark):
    scoring = Scoring(high_share=0.07, medium_share=0.2)
    ranks = spark.range(1, 101).select(tier(F.col("id"), F.lit(100), scoring).alias("tier"))
    assert {row["tier"]: row["count"] for row in ranks.groupBy("tier").count().collect()} == {
        "high": 7,
        "medium": 20,
        "low": 73,
    }
    few = spark.range(1, 4).select(tier(F.col("id"), F.lit(3), scoring).alias("tier")).collect()
    assert [row["tier"] for row in few] == ["high", "low", "low"]
