"""Upkeep of stored tables: compaction, retention of partitions, removal of old files. Changes no row that is kept."""

from datetime import date, timedelta

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

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


def drop_before(spark: SparkSession, place: Place, table: Table, oldest: date) -> int:
    """Delete the partitions before a date; return the number of rows they held."""
    if not table.partition:
        raise ValueError(f"{table.name} has no partitions to drop")
    before = F.col(table.partition) < F.lit(oldest)
    rows = place.read(spark, table.name).where(before).count()
    if rows:
        with held(place.locks, table.name, WAIT):
            place.delta(spark, table.name).delete(before)
    return rows


def vacuum(spark: SparkSession, place: Place, table: Table, hours: int) -> None:
    """Remove files no version of the last `hours` needs; a reader of an older version would lose them."""
    stored: DeltaTable = place.delta(spark, table.name)
    with held(place.locks, table.name, WAIT):
        stored.vacuum(float(hours))


def keep_log(spark: SparkSession, place: Place, table: Table, days: int) -> None:
    """Keep the table's versions for `days` days (at least as long as vacuum keeps their files)."""
    address = place.in_sql(table.name)
    wanted = f"interval {days} days"
    detail = place.delta(spark, table.name).detail().select("properties").first()
    if detail and detail[0].get("delta.logRetentionDuration") != wanted:
        with held(place.locks, table.name, WAIT):
            spark.sql(f"ALTER TABLE {address} SET TBLPROPERTIES ('delta.logRetentionDuration' = '{wanted}')")


def oldest_kept(as_of: date, days: int) -> date:
    """The first partition that retention keeps."""
    return as_of - timedelta(days=days)
