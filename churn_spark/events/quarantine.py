"""Rows of `quarantine`: refused rows with every reason, and copies that do not count."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import LEFT_OUT

DUPLICATE, CONFLICT, REUSED, SUPERSEDED = "duplicate", "id_conflict", "id_reused", "superseded"

SHAPE = {
    "source": "string",
    "delivery": "string",
    "taken_on": "date",
    "reasons": "array<string>",
    "row": "string",
    "length": "int",
    "row_hash": "string",
    "event_date": "date",
    "event_id": "string",
    "known_from": "date",
    "winner": "string",
}
"""Columns of a quarantined row except `copies`, with their types."""


def refused(classified: DataFrame, source: str) -> DataFrame:
    """Classified rows with a reason against them, without an identity."""
    is_refused = (F.size("reasons") > 0) & ~F.array_contains("reasons", LEFT_OUT)
    return _shaped(classified.where(is_refused), source, {})


def conflicting(rows: DataFrame, source: str) -> DataFrame:
    """Conflicting rows, which are not compared again; rows: delivery, taken_on, row, row_hash."""
    return _shaped(rows, source, {"reasons": F.array(F.lit(CONFLICT))})


def with_reason(decided: DataFrame) -> DataFrame:
    """Add `_reason`, why a row of an event does not count; decided: see `copies.with_winner`."""
    lost = F.when(F.col("_alike"), DUPLICATE).otherwise(REUSED)
    return decided.withColumn("_reason", F.when(F.col("conflict"), CONFLICT).otherwise(lost))


def lost_copies(rows: DataFrame, source: str) -> DataFrame:
    """Copies that do not count because another row of the same identity does.

    rows: delivery, taken_on, row, row_hash, event_date, event_id, known_from, winner, _reason.
    """
    identity = {name: F.col(name) for name in ("event_date", "event_id", "known_from", "winner")}
    return _shaped(rows, source, {"reasons": F.array("_reason"), **identity})


def merged_copies(quarantined: DataFrame) -> DataFrame:
    """Equal rows of a delivery merged into one, with their number `copies`."""
    return quarantined.groupBy(*SHAPE).agg(F.count(F.lit(1)).alias("copies"))


def expanded_copies(quarantined: DataFrame) -> DataFrame:
    """The inverse of `merged_copies`: one row per copy."""
    return quarantined.withColumn("_copy", F.explode(F.sequence(F.lit(1), F.col("copies")))).drop("_copy", "copies")


def _shaped(rows: DataFrame, source: str, given: dict[str, Column]) -> DataFrame:
    known = {name: F.col(name) for name in ("delivery", "taken_on", "row", "row_hash")}
    for name in ("reasons", "length"):
        if name in rows.columns:
            known[name] = F.col(name)
    columns = {**known, "source": F.lit(source), **given}
    return rows.select(*(columns.get(name, F.lit(None)).cast(kind).alias(name) for name, kind in SHAPE.items()))
