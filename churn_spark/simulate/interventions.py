"""Planned retention actions: read from a table, checked, and split by batch of customers."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError
from churn_spark.simulate.causes import ACTIONS, CHANNELS
from churn_spark.simulate.life import Contacts
from churn_spark.simulate.people import People

NOTHING = Contacts(*(np.zeros(0, dtype=np.int64) for _ in range(4)))


def read(spark: SparkSession, place: str, customers: int, first: date) -> DataFrame:
    """The table of interventions (Delta, else Parquet): customer_id, date, action, channel; one row per action.

    ConfigError where a column is missing, or a row names no customer, action or channel of the simulation, or a day
    before its first one.
    """
    kind = "delta" if (Path(place) / "_delta_log").exists() else "parquet"
    try:
        given = spark.read.format(kind).load(place)
        actions = given.select(
            F.col("customer_id").try_cast("bigint").alias("customer"),
            F.col("date").try_cast("date").alias("date"),
            F.lower("action").alias("action"),
            F.lower("channel").alias("channel"),
        )
    except AnalysisException as error:
        why = str(error).splitlines()[0]
        raise ConfigError(f"--interventions {place}: needs customer_id, date, action, channel ({why})") from None
    reasons = actions.select(_problem(customers, first).alias("problem")).groupBy("problem").count()
    problems = [f"{row['count']} rows {row['problem']}" for row in reasons.where("problem IS NOT NULL").collect()]
    if problems:
        raise ConfigError(f"--interventions {place}: {'; '.join(sorted(problems))}")
    return actions.distinct()


def _problem(customers: int, first: date) -> Column:
    """The problem with a row; null: none."""

    def is_one_of(name: str, allowed: tuple[str, ...]) -> Column:
        return F.coalesce(F.col(name).isin(*allowed), F.lit(False))

    no_customer = F.coalesce(~F.col("customer").between(1, customers), F.lit(True))
    return (
        F.when(no_customer, F.lit(f"with a customer_id that is none of 1 to {customers}"))
        .when(F.coalesce(F.col("date") < F.lit(first), F.lit(True)), F.lit(f"with no date from {first} on"))
        .when(~is_one_of("action", ACTIONS), F.lit(f"with an action that is none of {', '.join(ACTIONS)}"))
        .when(~is_one_of("channel", CHANNELS), F.lit(f"with a channel that is none of {', '.join(CHANNELS)}"))
    )


def fingerprint(interventions: DataFrame, until: date) -> str:
    """A fingerprint of the interventions up to a day, independent of their order."""
    hashed = F.xxhash64("customer", F.date_format("date", "yyyy-MM-dd"), "action", "channel").cast("decimal(38,0)")
    aggregated = interventions.where(F.col("date") <= F.lit(until)).agg(
        F.count("*").alias("n"), F.sum(hashed).alias("sum")
    )
    totals = aggregated.first()
    return f"{totals['n']}:{totals['sum']}" if totals and totals["n"] else ""


def write(interventions: DataFrame, ends: list[int], folder: Path) -> None:
    """One folder `batch=<n>` for each batch concerned. ends: of each batch, the number of its last customer."""
    batch = F.size(F.filter(F.array(*map(F.lit, ends)), lambda end: end < F.col("customer")))
    interventions.withColumn("batch", batch).repartition("batch").write.mode("overwrite").partitionBy("batch").parquet(
        str(folder)
    )


def planned(folder: Path, batch: int, people: People, first: date) -> Mapping[int, Contacts]:
    """The interventions of a batch by day, each day's in a fixed order."""
    place = folder / f"batch={batch}"
    if not place.exists():
        return {}
    table = pq.read_table(place, partitioning=None)
    day = np.asarray(table["date"]).astype("datetime64[D]")
    t = (day - np.datetime64(first, "D")).astype(np.int64)
    who = np.asarray(table["customer"]) - people.number[0]
    action = np.array([ACTIONS.index(name) for name in table["action"].to_pylist()], dtype=np.int64)
    channel = np.array([CHANNELS.index(name) for name in table["channel"].to_pylist()], dtype=np.int64)
    order = np.lexsort((channel, action, who, t))
    by_day = {}
    for n in np.unique(t):
        rows = order[t[order] == n]
        by_day[int(n)] = Contacts(who[rows], action[rows], channel[rows], np.ones(len(rows), dtype=np.int64))
    return by_day
