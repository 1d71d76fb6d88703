"""The same features of one as-of date by other engines of one machine, from the same files, on two threads."""

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from benchmarks.asked import AS_OF, KEY, LONGEST, VALUES, WINDOWS, aggregates, columns

SINCE = AS_OF - timedelta(days=LONGEST)


def in_duckdb(folder: Path, to: Path | None) -> None:
    """One SQL of DuckDB; its rows are written to `to`, or read and forgotten."""
    query = f"""
        with seen as (
            select customer_id, channel, cast(amount as double) as amount, DATE '{AS_OF}' - event_date as age
            from read_parquet('{folder / "events"}/*/*.parquet', hive_partitioning = true)
            where known_from > DATE '{SINCE}' and known_from <= DATE '{AS_OF}' and event_date >= DATE '{SINCE}'
        ), features as (
            select customer_id, DATE '{AS_OF}' as as_of_date, {", ".join(aggregates(WINDOWS))}
            from seen group by customer_id
        ) select {", ".join((*KEY, *columns()))} from features"""
    connection = duckdb.connect(config={"threads": 2})
    if to is not None:
        connection.execute(f"copy ({query}) to '{to}' (format parquet)")
        return
    rows: pa.RecordBatchReader = connection.execute(query).to_arrow_reader(100_000)
    deque(rows, maxlen=0)


def in_polars(folder: Path, to: Path | None) -> None:
    """One lazy query of Polars on its streaming engine; POLARS_MAX_THREADS in the environment bounds its threads."""
    events = pl.scan_parquet(f"{folder / 'events'}/*/*.parquet", hive_partitioning=True, try_parse_hive_dates=True)
    seen = events.filter(
        (pl.col("known_from") > SINCE) & (pl.col("known_from") <= AS_OF) & (pl.col("event_date") >= SINCE)
    )
    aged = seen.select(
        "customer_id",
        "channel",
        pl.col("amount").cast(pl.Float64),
        (pl.lit(AS_OF) - pl.col("event_date")).dt.total_days().alias("age"),
    )
    found = aged.group_by("customer_id").agg(*_aggregates()).with_columns(pl.lit(AS_OF).alias("as_of_date"))
    rows = found.select(*KEY, *columns()).collect(engine="streaming")
    if to is not None:
        rows.write_parquet(to)


def _aggregates() -> Iterator[pl.Expr]:
    amount = pl.col("amount")
    for window in WINDOWS:
        inside = pl.col("age") <= window
        inner = pl.when(inside).then(amount)
        yield inside.sum().cast(pl.Int64).alias(f"count_{window}d")
        yield inner.sum().alias(f"sum_{window}d")
        for name, found in {"mean": inner.mean(), "min": inner.min(), "max": inner.max(), "std": inner.std()}.items():
            yield found.alias(f"{name}_{window}d")
        for value in VALUES:
            chosen = inside & (pl.col("channel") == value)
            yield chosen.sum().cast(pl.Int64).alias(f"count_{value}_{window}d")
            yield pl.when(chosen).then(amount).sum().alias(f"sum_{value}_{window}d")
