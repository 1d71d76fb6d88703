"""Upkeep of stored tables: compaction, removal of old files. Changes no row that is kept."""

from datetime import date

from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from churn_spark.tables.locks import held
from churn_spark.tables.place import Place
from churn_spark.tables.table import Table

WAIT = 900.0


def compact(spark: SparkSession, place: Place, table: Table, since: date) -> int:
    """Merge the small files of the partitions from `since` on (all, without partitions); return how many files went."""
    stored = place.delta(spark, table.name)
    with held(place.locks, table.name, WAIT):
        builder = stored.optimize()
        if table.partition:
            builder = builder.where(f"{table.partition} >= DATE'{since.isoformat()}'")
        metrics = builder.executeCompaction().select("metrics.numFilesRemoved").first()
    return int(metrics[0]) if metrics else 0


def keep(spark: SparkSession, place: Place, table: Table, days: int, hours: int) -> None:
    """Keep the table's versions for `days` days, and files that no version needs any more for `hours`."""
    properties = {
        "logRetentionDuration": f"interval {days} days",
        "deletedFileRetentionDuration": f"interval {hours} hours",
    }
    detail = place.delta(spark, table.name).detail().select("properties").first()
    stored = detail[0] if detail else {}
    if any(stored.get(f"delta.{name}") != value for name, value in properties.items()):
        told = ", ".join(f"'delta.{name}' = '{value}'" for name, value in properties.items())
        with held(place.locks, table.name, WAIT):
            spark.sql(f"ALTER TABLE {place.in_sql(table.name)} SET TBLPROPERTIES ({told})")


def vacuum(spark: SparkSession, place: Place, table: Table) -> None:
    """Remove files that no version has needed for as long as they are kept: readers of older ones lose them."""
    stored: DeltaTable = place.delta(spark, table.name)
    with held(place.locks, table.name, WAIT):
        stored.vacuum()
