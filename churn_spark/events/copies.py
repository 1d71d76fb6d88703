"""Which of several copies of an event counts: a rule that does not depend on the order of runs.

An event's identity is (`event_date`, `event_id`). Of several copies the one with the smallest (`known_from`,
`delivery`, `row_hash`) counts. Among the rows of one delivery an id may stand on one date only: rows on another date
than that of the smallest are conflicts.
"""

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events.zones import reading_times_in

IDENTITY = ("event_date", "event_id")
VERSION = ("customer_id", "known_from", "delivery")
_JSON = {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"}


def repeated(rows: DataFrame, *key: str) -> DataFrame:
    """The keys that stand more than once among the rows."""
    return rows.groupBy(*key).agg(F.count(F.lit(1)).alias("_rows")).where("_rows > 1").select(*key)


def payload(source: Source) -> tuple[str, ...]:
    """The columns of a row that its identity, knowledge date and delivery do not tell."""
    time = ("event_time",) if source.kind == "events" else ()
    return ("customer_id", *time, *source.own_columns)


def with_content(rows: DataFrame, source: Source) -> DataFrame:
    """Add `row` (the accepted row as JSON) and `row_hash` (its SHA-256), as quarantine keeps lost copies."""
    with reading_times_in(rows.sparkSession, "UTC"):
        content = rows.withColumn("row", F.to_json(F.struct(*payload(source)), _JSON))
        return content.withColumn("row_hash", F.sha2("row", 256))


def from_content(copies: DataFrame, schema: str) -> DataFrame:
    """Add the columns of `payload` again, from the JSON in `row`; schema: their DDL."""
    with reading_times_in(copies.sparkSession, "UTC"):
        return copies.withColumn("_content", F.from_json("row", schema, _JSON)).select(*copies.columns, "_content.*")


def with_conflicts(events: DataFrame) -> DataFrame:
    """Add `conflict`: whether the smallest row of the same delivery and id lies on another date.

    events: delivery, event_id, event_date, known_from, row_hash.
    """
    same_id = Window.partitionBy("delivery", "event_id").orderBy("known_from", "row_hash", "event_date")
    return events.withColumn("conflict", F.col("event_date") != F.first("event_date").over(same_id))


def decided(copies: DataFrame) -> DataFrame:
    """Add `winner`, the delivery whose copy counts, and `counts`, whether this row is that copy.

    copies: event_date, event_id, known_from, delivery, row_hash; all copies of each identity.
    """
    ranked = Window.partitionBy(*IDENTITY).orderBy("known_from", "delivery", "row_hash")
    return copies.withColumns({"winner": F.first("delivery").over(ranked), "counts": _is_first(ranked)})


def decided_versions(versions: DataFrame) -> DataFrame:
    """The same for versions of customers: of one delivery's known from one date, that of the latest nominal date.

    versions: customer_id, known_from, delivery, nominal_date, row_hash.
    """
    ranked = Window.partitionBy(*VERSION).orderBy(F.col("nominal_date").desc_nulls_last(), "row_hash")
    return versions.withColumns({"winner": F.col("delivery"), "counts": _is_first(ranked)})


def _is_first(ranked: WindowSpec) -> Column:
    return F.row_number().over(ranked) == 1
