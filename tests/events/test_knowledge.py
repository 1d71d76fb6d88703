"""When rows became known, and which of them tell of a day that their delivery could not know."""

from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.sources import Delivered
from churn_spark.events.knowledge import with_knowledge


def march(day: int) -> date:
    return date(2024, 3, day)


def test_deliveries_named_by_date_are_taken_again_under_a_longer_lag(spark):
    shape = "_nominal date, _taken_on date, _history boolean, event_date date"
    rows = [(march(1), march(2), False, march(day)) for day in (1, 3, 4)]
    frame, lag = spark.createDataFrame(rows, shape).coalesce(1), {"lag_days": 3}
    nominal, event_date = F.col("event_date"), F.col("event_date")
    by_name = with_knowledge(frame, Delivered(**lag), None, event_date)
    of_customers = with_knowledge(frame, Delivered(**lag), None, None)
    one_by_one = with_knowledge(frame, Delivered(by="column", column="d", **lag), nominal, event_date)
    every = by_name.unionByName(of_customers).unionByName(one_by_one)
    known = [(row["known_from"], row["_future"]) for row in every.collect()]
    assert known[:3] == [(march(4), False), (march(4), False), (march(5), True)]
    assert known[3:6] == [(march(4), False)] * 3
    assert known[6:] == [(march(4), True), (march(6), True), (march(7), True)]
