"""What a user would write in Spark: a groupBy a window joined together, and events exploded by snapshot."""

from collections.abc import Collection
from datetime import date, timedelta
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.asked import AS_OF, KEY, LONGEST, WINDOWS, YEAR, aggregates, columns


def window_by_window(events: DataFrame, day: date = AS_OF) -> DataFrame:
    """The features of one as-of date: each window filtered (and pruned) and aggregated, then all joined."""
    windows = sorted(WINDOWS, reverse=True)
    joined = reduce(
        lambda wide, narrow: wide.join(narrow, on="customer_id", how="left"),
        [_window(events, day, window) for window in windows],
    )
    counted = [name for name in columns() if name.startswith(("count", "sum"))]
    rows = joined.withColumn("as_of_date", F.lit(day)).fillna(0, subset=counted)
    return rows.select(*KEY, *columns())


def loop(spark: SparkSession, folder: Path) -> list[DataFrame]:
    """The features of twelve dates, one by one."""
    return [window_by_window(read(spark, folder), day) for day in YEAR]


def exploded(events: DataFrame, dates: Collection[date]) -> DataFrame:
    """The features of many as-of dates: each event once for every date that sees it, then one aggregation."""
    listed = ", ".join(f"DATE'{day}'" for day in dates)
    reach = events.where(F.col("known_from").between(min(dates) - timedelta(days=LONGEST - 1), F.lit(max(dates))))
    rows = reach.selectExpr("*", f"explode(array({listed})) as as_of_date")
    seen = rows.selectExpr("*", "date_diff(as_of_date, event_date) as age")
    seen = seen.where(f"known_from <= as_of_date and age <= {LONGEST}")
    return seen.groupBy(*KEY).agg(*(F.expr(one) for one in aggregates(WINDOWS))).select(*KEY, *columns())


def read(spark: SparkSession, folder: Path) -> DataFrame:
    """Made events with amounts as doubles, which cost less to aggregate than decimals."""
    return spark.read.parquet(str(folder / "events")).withColumn("amount", F.col("amount").cast("double"))


def _window(events: DataFrame, day: date, window: int) -> DataFrame:
    start = day - timedelta(days=window)
    seen = events.where(
        (F.col("known_from") > F.lit(start)) & (F.col("known_from") <= F.lit(day)) & (F.col("event_date") >= start)
    )
    return seen.groupBy("customer_id").agg(*(F.expr(one) for one in aggregates([window], by_age=False)))
