"""One contestant in a process of its own: gets ready, says so, waits for a line, computes, says so.

`python -m benchmarks.contestant NAME FOLDER [TO]`: with TO its rows are written there for comparison, else forgotten.
"""

import sys
import tempfile
from collections.abc import Callable
from functools import reduce
from os import environ
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from benchmarks import naive, ours, peers
from benchmarks.asked import FORTNIGHTS, YEAR
from churn_spark.runtime.session import session

MACHINE = {"spark.master": "local[2]", "spark.ui.enabled": "false"}


def _tiles(spark: SparkSession, folder: Path) -> DataFrame:
    return spark.read.parquet(str(folder / "tiles"))


QUERIES: dict[str, Callable[[SparkSession, Path], list[DataFrame]]] = {
    "one_date": lambda spark, folder: [ours.one_date(_tiles(spark, folder))],
    "naive": lambda spark, folder: [naive.window_by_window(naive.read(spark, folder))],
    "dates_12": lambda spark, folder: [ours.many_dates(_tiles(spark, folder), YEAR)],
    "dates_24": lambda spark, folder: [ours.many_dates(_tiles(spark, folder), FORTNIGHTS)],
    "naive_loop": naive.loop,
    "own_loop": ours.loop,
    "exploded": lambda spark, folder: [naive.exploded(naive.read(spark, folder), YEAR)],
}
JOBS: dict[str, Callable[[SparkSession, Path], DataFrame]] = {
    "full": ours.full,
    "increment": ours.increment,
    "weekly": ours.weekly_increment,
    "writes_only": ours.writes_only,
}
PREPARATIONS = ("prepare", "prepare_daily")
PEERS: dict[str, Callable[[Path, Path | None], None]] = {"duckdb": peers.in_duckdb, "polars": peers.in_polars}


def main(name: str, folder: Path, to: Path | None = None) -> None:
    """Run one contestant on one set of made events."""
    if name in PEERS:
        _when_told(lambda: PEERS[name](folder, to))
        return
    with tempfile.TemporaryDirectory(prefix="bench-", dir=folder) as scratch:
        memory = {"spark.driver.memory": environ.get("BENCH_MEMORY", "4g"), "spark.local.dir": scratch}
        parts = {"spark.sql.shuffle.partitions": environ.get("BENCH_PARTITIONS", "4")}
        spark = session("bench-features", warehouse=Path(scratch), extra=MACHINE | memory | parts)
        spark.range(1).count()
        if name in PREPARATIONS:
            _when_told(lambda: ours.prepare(spark, folder, daily=name == "prepare_daily"))
        elif name in JOBS:
            _when_told(lambda: _job(JOBS[name], spark, folder, to))
        else:
            _when_told(lambda: _query(QUERIES[name](spark, folder), to))
        spark.stop()


def _query(results: list[DataFrame], to: Path | None) -> None:
    if to is not None:
        reduce(DataFrame.unionByName, results).write.mode("overwrite").parquet(str(to))
        return
    for rows in results:
        rows.write.format("noop").mode("overwrite").save()


def _job(job: Callable[[SparkSession, Path], DataFrame], spark: SparkSession, folder: Path, to: Path | None) -> None:
    written = job(spark, folder)
    if to is not None:
        written.write.mode("overwrite").parquet(str(to))


def _when_told(work: Callable[[], None]) -> None:
    print("ready", flush=True)
    if not sys.stdin.readline():  # nobody is there any more
        return
    work()
    print("done", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
