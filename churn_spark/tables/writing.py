"""One Delta commit: what it replaces, how its rows are arranged, which run made it."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from pyspark import StorageLevel
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ContractError
from churn_spark.definitions.expressions import literal
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Run
from churn_spark.tables.location import Location
from churn_spark.tables.table import Table

Within = Mapping[str, Collection[str]]
"""Values of columns that narrow what is replaced inside a partition."""


SMALL = 500_000
"""Values (rows x columns) up to which rows are arranged by one task: less than Spark would give to two of them."""


@contextmanager
def computed_once(rows: DataFrame) -> Iterator[DataFrame]:
    """The rows kept for as long as they are checked and written, unless their owner keeps them already.

    On disk: nobody knows how many they are, and what is unrolled in memory would be missing where sorts and
    aggregations of the same rows have to spill.
    """
    if rows.is_cached:
        yield rows
        return
    kept = rows.persist(StorageLevel.DISK_ONLY)
    try:
        yield kept
    finally:
        kept.unpersist()


def is_small(table: Table, rows: int) -> bool:
    """Whether so many rows of a table are few."""
    return rows * len(table.columns) <= SMALL


def commit(
    location: Location, table: Table, rows: DataFrame, run: Run, predicate: str | None, small: bool = False
) -> None:
    """Write rows in one commit: in place of those the predicate finds, beside all others without one."""
    arranged = rows.coalesce(1) if small else rows
    if table.partition:
        # One file per partition, split where large; sorted so that equal rows make equal files.
        order = table.key or tuple(name for name in table.names if name != table.partition)
        together = arranged if small else arranged.hint("rebalance", F.col(table.partition))
        arranged = together.sortWithinPartitions(table.partition, *order)
    writer = arranged.write.format("delta").option("userMetadata", _metadata(run))
    writer = writer.mode("append") if predicate is None else writer.mode("overwrite").option("replaceWhere", predicate)
    try:
        location.save(writer, table.name)
    except AnalysisException as error:
        if error.getCondition() == "DELTA_REPLACE_WHERE_MISMATCH":
            raise ContractError(f"{table.name}: there are rows outside what is replaced ({predicate})") from None
        raise


def commit_once(
    spark: SparkSession,
    location: Location,
    table: Table,
    rows: DataFrame,
    run: Run,
    predicate: str | None,
    since: int | None,
    small: bool = False,
) -> None:
    """Commit the rows, but not rows without a predicate where an earlier attempt landed after the version `since`."""
    moved = predicate is None and location.version(spark, table.name) != since
    if not moved or not _landed(spark, location, table, run, since):
        commit(location, table, rows, run, predicate, small)


def _landed(spark: SparkSession, location: Location, table: Table, run: Run, since: int | None) -> bool:
    newer = location.delta(spark, table.name).history().where(F.col("version") > F.lit(-1 if since is None else since))
    return not newer.where(F.col("userMetadata") == F.lit(_metadata(run))).isEmpty()


def _metadata(run: Run) -> str:
    return json.dumps({"run_id": run.run_id, "job": run.job, "as_of": run.as_of.isoformat()})


def in_partitions(column: str, dates: Days | Collection[date]) -> Column:
    """The rows whose partition is one of the dates, as a condition that prunes."""
    if isinstance(dates, Days):
        return (F.col(column) >= F.lit(dates.first)) & (F.col(column) < F.lit(dates.end))
    return F.col(column).isin(sorted(dates)) if dates else F.lit(False)


def kept_rows(table: Table, stored: DataFrame, dates: Collection[date], within: Within) -> DataFrame:
    """The rows of the dates that a narrowed replacement leaves standing."""
    replaced = F.lit(True)
    for column, values in within.items():
        replaced &= F.coalesce(F.col(column).isin(sorted(values)), F.lit(False)) if values else F.lit(False)
    return stored.where(in_partitions(str(table.partition), dates) & ~replaced)


def predicate(table: Table, dates: Collection[date], within: Within) -> str:
    """The SQL condition of what a run replaces."""
    days = ", ".join(f"DATE'{day.isoformat()}'" for day in sorted(dates))
    parts = [f"{table.partition} IN ({days})"]
    parts += [f"{column} IN ({', '.join(map(literal, sorted(values)))})" for column, values in within.items()]
    return " AND ".join(parts)
