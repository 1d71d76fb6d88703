"""Rows of `quarantine`: refused rows with every reason, copies that do not count, conflicting ids."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

DUPLICATE, CONFLICT = "duplicate", "id_conflict"

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
"""Columns of a quarantined row but `copies`, with their types."""


def refused(classified: DataFrame, source: str) -> DataFrame:
    """Classified rows with a reason against them, without an identity."""
    return _shaped(classified.where(F.size("reasons") > 0), source, {})


def conflicting(rows: DataFrame, source: str) -> DataFrame:
    """Rows whose id stands on another date in their delivery; rows: delivery, taken_on, row, row_hash."""
    return _shaped(rows, source, {"reasons": F.array(F.lit(CONFLICT))})


def losing(rows: DataFrame, source: str) -> DataFrame:
    """Copies that do not count; rows: delivery, taken_on, row, row_hash, event_date, event_id, known_from, winner."""
    identity = {name: F.col(name) for name in ("event_date", "event_id", "known_from", "winner")}
    return _shaped(rows, source, {"reasons": F.array(F.lit(DUPLICATE)), **identity})


def counted(quarantined: DataFrame) -> DataFrame:
    """Equal rows of a delivery as one, with `copies`, how many they were."""
    return quarantined.groupBy(*SHAPE).agg(F.count(F.lit(1)).alias("copies"))


def one_by_one(quarantined: DataFrame) -> DataFrame:
    """The rows behind `copies` again, each on its own."""
    return quarantined.withColumn("_copy", F.explode(F.sequence(F.lit(1), F.col("copies")))).drop("_copy", "copies")


def _shaped(rows: DataFrame, source: str, given: dict[str, Column]) -> DataFrame:
    known = {name: F.col(name) for name in ("delivery", "taken_on", "row", "row_hash")}
    for name in ("reasons", "length"):
        if name in rows.columns:
            known[name] = F.col(name)
    found = {**known, "source": F.lit(source), **given}
    return rows.select(*(found.get(name, F.lit(None)).cast(kind).alias(name) for name, kind in SHAPE.items()))
