"""Parquet files: the stored type of each column, from footers, and rows with the declared columns only.

Columns that the configuration does not use may have types that Spark does not know, and names may differ by case only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.stored_types import NOTHING
from churn_spark.events.deliveries import File
from churn_spark.events.zones import reading_times_in
from churn_spark.spark_internals import parquet_files
from churn_spark.spark_internals.parquet_files import Field, cloned_session
from churn_spark.stages.intake.files import unexpanded

_SETTINGS = {"spark.sql.caseSensitive": "true", "spark.sql.legacy.parquet.nanosAsLong": "true"}


@dataclass(frozen=True, slots=True)
class Stored:
    """How a column of a Parquet file is stored.

    type: Spark's type of the values (`void`: only nulls; None: Spark has no such type); read_as: the type to read the
    column with, as DDL; written: the type's name in Parquet.
    """

    type: str | None
    read_as: str
    written: str


def session_for(spark: SparkSession) -> Any:
    """A copy of the session, in the JVM, that distinguishes names by case and reads times in nanoseconds."""
    return cloned_session(spark, _SETTINGS)


def stored_in(spark: SparkSession, cloned: Any, footer: Any, names: Iterable[str]) -> dict[str, Stored]:
    """How some columns are stored. footer: see `Files.footers`; cloned: see `session_for`."""
    fields = parquet_files.fields(spark, cloned, footer, names)
    return {name: _stored(field) for name, field in fields.items()}


def rows(spark: SparkSession, cloned: Any, files: Sequence[File], stored: Mapping[str, Stored]) -> DataFrame:
    """The columns of files of one schema as stored, with Spark's `_metadata`.

    Times in nanoseconds are truncated to microseconds; columns whose type Spark does not know are null.
    """
    ddl = ", ".join(f"{quoted(name)} {column.read_as}" for name, column in stored.items() if column.type)
    read = parquet_files.read(spark, cloned, unexpanded(files), ddl)
    with reading_times_in(spark, "UTC"):
        return read.select(*(_value(name, column) for name, column in stored.items()), "_metadata")


def _stored(field: Field) -> Stored:
    # TIME is a type that Spark has, and does not read from files.
    if field.type is None or field.ddl is None or field.written.startswith("TIME("):
        return Stored(None, "", field.written)
    kind = NOTHING if field.written == "UNKNOWN" else field.type
    if field.written.startswith("TIMESTAMP(NANOS"):
        kind = "timestamp" if "true" in field.written else "timestamp_ntz"
    return Stored(kind, field.ddl, field.written)


def _value(name: str, column: Stored) -> Column:
    if column.type is None:
        return F.lit(None).alias(name)
    if not column.written.startswith("TIMESTAMP(NANOS"):
        return F.col(quoted(name))
    nanoseconds = quoted(name)
    time = F.timestamp_micros(F.expr(f"({nanoseconds} - pmod({nanoseconds}, 1000)) div 1000"))
    return time.cast(column.type or "timestamp").alias(name)
