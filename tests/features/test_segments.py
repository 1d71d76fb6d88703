"""Quintiles and centres, on few customers."""

from datetime import date

from churn_spark.definitions.modelling import Segmentation
from churn_spark.features.segments import Centre, clustered, fit, segments
from tests.frames import rows

RULE = Segmentation("recency", "frequency", "monetary", clusters=2)
DAY = date(2026, 3, 1)
CUSTOMER = {"customer_id": "c", "as_of_date": "2026-03-01", "recency": 1, "frequency": 1, "monetary": 1.0}


def customers(spark, count=10, **columns):
    """`count` customers c0 ... whose columns are what the functions give for their number."""
    return rows(
        spark,
        CUSTOMER,
        *({"customer_id": f"c{n}", **{k: give(n) for k, give in columns.items()}} for n in range(count)),
    )


def test_quintiles_are_fifths_with_ties_in_the_order_of_ids(spark):
    rows = segments(customers(spark, recency=lambda n: n, frequency=lambda n: 3), RULE, {}).orderBy("customer_id")
    by_column = {name: [row[name] for row in rows.collect()] for name in ("recency_quintile", "frequency_quintile")}
    assert by_column["recency_quintile"] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert by_column["frequency_quintile"] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_rfm_puts_the_quintiles_side_by_side_and_there_is_no_segment_without_centres(spark):
    first = segments(customers(spark, recency=lambda n: n, monetary=float), RULE, {}).orderBy("customer_id").first()
    assert (first["rfm"], first["segment"]) == ("511", None)


def test_the_richest_cluster_is_segment_0_and_the_same_customers_give_the_same_centres(spark):
    features = customers(spark, monetary=lambda n: 1000.0 if n < 4 else 1.0, frequency=lambda n: 20 if n < 4 else 1)
    centres = fit(features, RULE)
    assert centres == fit(features.repartition(3), RULE)
    rows = segments(features, RULE, {DAY: centres}).orderBy("customer_id").collect()
    assert [row["segment"] for row in rows] == [0] * 4 + [1] * 6


def test_the_nearest_centre_counts_and_of_two_equally_near_the_first(spark):
    centres = [Centre(n, name, 1.0, 0.0, 1.0) for n in (0, 1) for name in clustered(RULE)]
    assert {row["segment"] for row in segments(customers(spark, 5), RULE, {DAY: centres}).collect()} == {0}
