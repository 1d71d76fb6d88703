"""Upkeep of stored tables: compaction, removal of old files. Changes no row that is kept.

allowed: asked before every commit, raises when this run may write no more.
"""

from collections.abc import Callable
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from churn_spark.tables.conflicts import always, repeated
from churn_spark.tables.location import Location
from churn_spark.tables.locks import locked
from churn_spark.tables.table import Table

WAIT = 900.0


def compact(
    spark: SparkSession, location: Location, table: Table, since: date, allowed: Callable[[], None] = always
) -> int:
    """Merge the small files of the partitions from `since` on (all, without partitions); return how many files went."""

    def compacted() -> DataFrame:
        builder = location.delta(spark, table.name).optimize()
        if table.partition:
            builder = builder.where(f"{table.partition} >= DATE'{since.isoformat()}'")
        return builder.executeCompaction()

    with locked(location.locks, table.name, WAIT):
        metrics = repeated(table.name, compacted, allowed).select("metrics.numFilesRemoved").first()
    return int(metrics[0]) if metrics else 0


def keep(
    spark: SparkSession, location: Location, table: Table, days: int, hours: int, allowed: Callable[[], None] = always
) -> None:
    """Keep the table's versions for `days` days, and files that no version needs any more for `hours`."""
    properties = {
        "logRetentionDuration": f"interval {days} days",
        "deletedFileRetentionDuration": f"interval {hours} hours",
    }
    detail = location.delta(spark, table.name).detail().select("properties").first()
    stored = detail[0] if detail else {}
    if any(stored.get(f"delta.{name}") != value for name, value in properties.items()):
        listed = ", ".join(f"'delta.{name}' = '{value}'" for name, value in properties.items())
        altered = f"ALTER TABLE {location.in_sql(table.name)} SET TBLPROPERTIES ({listed})"
        with locked(location.locks, table.name, WAIT):
            repeated(table.name, lambda: spark.sql(altered), allowed)


def vacuum(spark: SparkSession, location: Location, table: Table, allowed: Callable[[], None] = always) -> None:
    """Remove files that no version has needed for as long as they are kept: readers of older ones lose them."""
    with locked(location.locks, table.name, WAIT):
        repeated(table.name, lambda: location.delta(spark, table.name).vacuum(), allowed)
