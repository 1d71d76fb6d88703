"""The suite's own ways: tiles, features of one as-of date or many, and the daily job with its writes."""

import shutil
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.dataset as ds
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.asked import (
    AMOUNT,
    AS_OF,
    CHANNEL,
    KEY,
    LONGEST,
    SOURCE,
    START,
    VALUES,
    WINDOWS,
    YEAR,
    by_value,
    columns,
    features,
)
from churn_spark.definitions.columns import Measure, value_column
from churn_spark.definitions.features import Feature
from churn_spark.features.tiles import compact
from churn_spark.features.windows import over_windows

WEEK = 7
TILE = ("customer_id", "event_date", "known_from")
BY_VALUE = {f"{value}_events": (value_column(CHANNEL.name, value), 0) for value in VALUES} | {
    f"{value}_amount": (value_column(CHANNEL.name, value, AMOUNT.name), AMOUNT.scale) for value in VALUES
}
"""What tiles count apart by value of the category, with the scale, as if it were measures."""
WITH_VALUES = replace(SOURCE, measures=(AMOUNT, *(Measure(name, "", scale) for name, (_, scale) in BY_VALUE.items())))


def one_date(tiles: DataFrame, day: date = AS_OF) -> DataFrame:
    """The features of one as-of date."""
    return many_dates(tiles, [day])


def many_dates(tiles: DataFrame, dates: Collection[date]) -> DataFrame:
    """The features of many as-of dates."""
    named = tiles.withColumnsRenamed({column: f"{value}_sum" for value, (column, _) in BY_VALUE.items()})
    over = over_windows(named, (*features(), *_by_value()), WITH_VALUES, dates)
    counts = (f"cast({name} as bigint) as {name}" if name.startswith("count") else name for name in columns())
    return over.selectExpr(*KEY, *counts)


def tiles_of(events: DataFrame) -> DataFrame:
    """The tiles of made events, which need no cleaning."""
    counted = {f"{AMOUNT.name}_{kind}": F.lit(0) for kind in ("missing", "outlier")}
    return compact(events.withColumns(counted), SOURCE)


def full(spark: SparkSession, folder: Path) -> DataFrame:
    """The features of the date from the events of the longest window, and their write."""
    events = spark.read.parquet(str(folder / "events"))
    seen = events.where(F.col("known_from").between(AS_OF - timedelta(days=LONGEST - 1), F.lit(AS_OF)))
    return _written(spark, one_date(tiles_of(seen)), folder / "features_full")


def increment(spark: SparkSession, folder: Path) -> DataFrame:
    """The daily job: the tiles of the new day and their write, the features of the date from tiles and their write."""
    _new_tiles(spark, folder, "tiles_delta")
    return _written(spark, one_date(_delta(spark, folder / "tiles_delta")), folder / "features_increment")


def weekly_increment(spark: SparkSession, folder: Path) -> DataFrame:
    """The daily job where closed weeks have weekly tiles, which are given: what keeping them costs is left out."""
    _new_tiles(spark, folder, "tiles_weekly")
    return _written(spark, one_date(_delta(spark, folder / "tiles_weekly")), folder / "features_weekly")


def writes_only(spark: SparkSession, folder: Path) -> DataFrame:
    """The daily job with its features given: what is left of it however cheap reading the past becomes."""
    _new_tiles(spark, folder, "tiles_delta")
    return _written(spark, spark.read.parquet(str(folder / "features")), folder / "features_writes_only")


def prepare(spark: SparkSession, folder: Path, daily: bool) -> None:
    """Write what contestants start from: tiles, and for the daily job those it reads, in Delta, and of closed weeks."""
    _write_partitioned(tiles_of(spark.read.parquet(str(folder / "events"))), folder / "tiles")
    if not daily:
        return
    tiles = spark.read.parquet(str(folder / "tiles"))
    one_date(tiles).write.mode("overwrite").parquet(str(folder / "features"))
    seen = tiles.where(F.col("known_from").between(AS_OF - timedelta(days=LONGEST - 1), F.lit(AS_OF)))
    _write_partitioned(seen, folder / "tiles_delta", delta=True)
    _write_partitioned(with_closed_weeks(seen), folder / "tiles_weekly", delta=True)


def with_closed_weeks(tiles: DataFrame) -> DataFrame:
    """One tile a customer and week, dated on its last day, in place of daily ones, where no window's edge cuts it.

    Late rows stay daily.
    """
    week = f"date_diff(event_date, DATE'{START}') div {WEEK}"
    edges = {(AS_OF - START).days - window for window in (0, *WINDOWS)}
    cut = ", ".join(str(edge // WEEK) for edge in sorted(edges) if edge % WEEK) or "-1"
    closed = f"{week} not in ({cut}) and date_diff(known_from, event_date) = 1"
    last = f"date_add(DATE'{START}', cast(({week}) * {WEEK} + {WEEK - 1} as int))"
    of_week = tiles.where(closed).withColumn("event_date", F.expr(last))
    of_week = of_week.withColumn("known_from", F.date_add("event_date", 1))
    numbers = [(name, kind) for name, kind in tiles.dtypes if name not in TILE]
    merged = [F.expr(f"cast({_merge(name)}(`{name}`) as {kind}) as `{name}`") for name, kind in numbers]
    return tiles.where(f"not ({closed})").unionByName(of_week.groupBy(*TILE).agg(*merged))


def loop(spark: SparkSession, folder: Path) -> list[DataFrame]:
    """The features of twelve dates, one by one."""
    return [one_date(spark.read.parquet(str(folder / "tiles")), day) for day in YEAR]


def _write_partitioned(tiles: DataFrame, to: Path, delta: bool = False) -> None:
    """Write a folder a knowledge date; not by Spark, which starts a process or more for every file it makes."""
    flat = to.with_name(f"{to.name}_flat")
    tiles.repartition("known_from").sortWithinPartitions("known_from").write.mode("overwrite").parquet(str(flat))
    rows = ds.dataset(flat)
    # Spark keeps its own idea of the columns there, the one that becomes a folder included.
    rows = rows.replace_schema(rows.schema.remove_metadata())
    if delta:
        deltalake.write_deltalake(to, rows.scanner().to_reader(), partition_by=["known_from"], mode="overwrite")
    else:
        known = ds.partitioning(pa.schema([("known_from", pa.date32())]), flavor="hive")
        ds.write_dataset(rows, to, format="parquet", partitioning=known, min_rows_per_group=2**16)
    shutil.rmtree(flat)


def _by_value() -> Iterator[Feature]:
    """The features of values of the category: sums of what tiles count apart."""
    for name, value, window, summed in by_value():
        yield Feature(name, SOURCE.name, "sum", f"{value}_{'amount' if summed else 'events'}", window)


def _merge(column: str) -> str:
    return column[-3:] if column.endswith(("_min", "_max")) else "sum"


def _new_tiles(spark: SparkSession, folder: Path, table: str) -> None:
    day = spark.read.parquet(str(folder / "events")).where(F.col("known_from") == F.lit(AS_OF))
    rows = tiles_of(day).write.format("delta").mode("overwrite")
    rows.option("replaceWhere", f"known_from = DATE'{AS_OF}'").save(str(folder / table))


def _written(spark: SparkSession, rows: DataFrame, path: Path) -> DataFrame:
    """Replace the date's features in a Delta table and give them back."""
    write = rows.write.format("delta").partitionBy("as_of_date").mode("overwrite")
    if (path / "_delta_log").exists():
        write = write.option("replaceWhere", f"as_of_date = DATE'{AS_OF}'")
    write.save(str(path))
    return _delta(spark, path)


def _delta(spark: SparkSession, path: Path) -> DataFrame:
    return spark.read.format("delta").load(str(path))
