"""Draws by a hash of the customer: equal to Python's, of the right size, independent of one another."""

import hashlib
import math

from churn_spark.actions.holdout import CONTROL, draw, explores, in_control
from churn_spark.definitions.actions import Holdout

CUSTOMERS = 20_000


def test_a_draw_is_that_of_hashlib(spark):
    holdout = Holdout(salt="spring")
    names = ["1", "k-77", "Zoë", ""]
    rows = spark.createDataFrame([(name,) for name in names], "customer_id string")
    drawn = [row[0] for row in rows.select(draw(holdout, CONTROL)).collect()]
    digests = [hashlib.sha256(f"spring|control|{name}".encode()).hexdigest() for name in names]
    assert drawn == [int(digest[:13], 16) / 16**13 for digest in digests]


def test_shares_are_those_configured_and_the_two_draws_are_independent(spark):
    holdout = Holdout(control=0.1, explore=0.05)
    customers = spark.range(CUSTOMERS).selectExpr("cast(id as string) as customer_id")
    rows = customers.select(in_control(holdout).alias("control"), explores(holdout).alias("explore")).collect()
    for share, count in (
        (0.1, sum(row.control for row in rows)),
        (0.05, sum(row.explore for row in rows)),
        (0.005, sum(row.control and row.explore for row in rows)),
    ):
        assert abs(count - CUSTOMERS * share) < 4 * math.sqrt(CUSTOMERS * share * (1 - share))


def test_nobody_is_drawn_for_a_share_of_nothing_and_everybody_for_all(spark):
    customers = spark.range(500).selectExpr("cast(id as string) as customer_id")
    assert customers.where(in_control(Holdout(control=0.0))).count() == 0
    assert customers.where(in_control(Holdout(control=1.0))).count() == 500
