"""Which of several rows of one event counts: a rule that does not depend on the order of runs.

An event's identity is (`event_date`, `event_id`). Its rows that are known from the same date, have the same nominal
date and differ in any column are conflicts: it is undecided which of them is true, so none counts. Of the others the
row with the smallest (`known_from`, nominal date, `delivery`) counts, as the one known first, or that would have been
known first if ingest had run every day. Equal rows are its duplicates; rows that differ reuse its id. Rows of one
delivery that share an id on different days are conflicts, too.
"""

from collections.abc import Collection, Mapping
from functools import reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events.zones import reading_times_in

IDENTITY = ("event_date", "event_id")
VERSION = ("customer_id", "known_from", "delivery")
_JSON = {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"}


def repeated(rows: DataFrame, *key: str) -> DataFrame:
    """The keys with more than one row."""
    return rows.groupBy(*key).agg(F.count(F.lit(1)).alias("_rows")).where("_rows > 1").select(*key)


def payload(source: Source) -> tuple[str, ...]:
    """The columns of a row besides identity, knowledge date and delivery."""
    time = ("event_time",) if source.kind == "events" else ()
    return ("customer_id", *time, *source.own_columns)


def with_content(rows: DataFrame, source: Source) -> DataFrame:
    """Add `row` (the accepted row as JSON) and `row_hash` (its SHA-256), as quarantine keeps copies."""
    with reading_times_in(rows.sparkSession, "UTC"):
        content = rows.withColumn("row", F.to_json(F.struct(*payload(source)), _JSON))
        return content.withColumn("row_hash", F.sha2("row", 256))


def from_content(copies: DataFrame, schema: str) -> DataFrame:
    """Add the columns of `payload` again, from the JSON in `row`; schema: their DDL."""
    with reading_times_in(copies.sparkSession, "UTC"):
        return copies.withColumn("_content", F.from_json("row", schema, _JSON)).select(*copies.columns, "_content.*")


def with_conflicts(events: DataFrame) -> DataFrame:
    """Add `conflict`: whether a row of the same delivery and id lies on another day.

    events: delivery, event_id, event_date.
    """
    same_id = Window.partitionBy("delivery", "event_id")
    return events.withColumn("conflict", F.min("event_date").over(same_id) != F.max("event_date").over(same_id))


def with_winner(copies: DataFrame, source: Source, absent: Mapping[str, Collection[str]]) -> DataFrame:
    """Add `conflict`, `winner` (the delivery whose row counts; null for conflicts), `counts` (whether this row does)
    and `_alike` (whether the row equals the winner).

    copies: event_date, event_id, known_from, nominal_date (of the delivery; null: none), delivery, row_hash (of the
    payload), `payload`; all rows of each identity except those of `with_conflicts`. absent: by delivery the columns
    that it does not have, which are not compared.
    """
    known_with = Window.partitionBy(*IDENTITY, "known_from", "nominal_date")
    ranked = Window.partitionBy(*IDENTITY).orderBy("conflict", "known_from", "nominal_date", "delivery", "row_hash")
    names = payload(source) if absent else ("row_hash",)
    values = {name: _comparable(name, absent) for name in names}
    differs = reduce(or_, (F.size(F.collect_set(value).over(known_with)) > 1 for value in values.values()))
    marked = copies.withColumn("conflict", differs)

    def alike(name: str) -> Column:
        first = F.first(values[name]).over(ranked)
        return values[name].isNull() | first.isNull() | (values[name] == first)

    return marked.withColumns(
        {
            "winner": F.when(~F.col("conflict"), F.first("delivery").over(ranked)),
            "counts": _is_first(ranked) & ~F.col("conflict"),
            "_alike": reduce(and_, map(alike, names)),
        }
    )


def with_winning_version(versions: DataFrame) -> DataFrame:
    """Add `conflict`, `winner` (null where none counts), `counts` and `_alike` to versions of customers: of one
    delivery's versions known from the same date, the one with the latest nominal date counts, then with the latest
    event time.

    Where the latest versions differ, it is undecided which is true: they are conflicts, and no earlier one counts.
    versions: customer_id, known_from, delivery, nominal_date, event_time (of the version; null: not given), row_hash.
    """
    every = Window.partitionBy(*VERSION)
    by_time = every.orderBy(*(F.col(name).desc_nulls_last() for name in ("nominal_date", "event_time")))
    placed = versions.withColumn("_latest", F.rank().over(by_time) == 1)
    latest = F.collect_set(F.when(F.col("_latest"), F.col("row_hash"))).over(every)
    placed = placed.withColumns({"_values": latest, "_differ": F.size(latest) > 1})
    ranked = every.orderBy(F.col("_latest").desc(), "row_hash")
    return placed.withColumns(
        {
            "conflict": F.col("_latest") & F.col("_differ"),
            "winner": F.when(~F.col("_differ"), F.col("delivery")),
            "counts": _is_first(ranked) & ~F.col("_differ"),
            "_alike": ~F.col("_differ") & (F.col("row_hash") == F.col("_values")[0]),
        }
    ).drop("_latest", "_values", "_differ")


def _comparable(name: str, absent: Mapping[str, Collection[str]]) -> Column:
    """A column's value in a form that compares and is not null; null where the delivery does not have the column."""
    without = [delivery for delivery, columns in absent.items() if name in columns]
    return F.when(~F.col("delivery").isin(without), F.struct(F.coalesce(F.col(name).cast("string"), F.lit("\0"))))


def _is_first(ranked: WindowSpec) -> Column:
    return F.row_number().over(ranked) == 1
