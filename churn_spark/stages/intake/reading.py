"""Reads deliveries as raw frames: by declared schema and column name, in one pass per source."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.nearest import did_you_mean
from churn_spark.definitions.sources import ABSENT, Source
from churn_spark.definitions.stored_types import NOTHING, conversion
from churn_spark.events.deliveries import File, SelectedDelivery
from churn_spark.events.zones import reading_times_in
from churn_spark.spark_internals import parquet_files
from churn_spark.stages.intake import csv_files, parquet, version_rows
from churn_spark.stages.intake.columns import Fitting, compared, fitting
from churn_spark.stages.intake.files import Files, unexpanded
from churn_spark.stages.intake.parquet import Stored

_LINE = "_line"
Frames = tuple[list[DataFrame], dict[str, frozenset[str]]]
"""Frames to union, and by file URI the columns unknown to the configuration."""

_DELIVERIES = T.StructType(
    [
        T.StructField("_uri", T.StringType()),
        T.StructField("_delivery", T.StringType()),
        T.StructField("_nominal", T.DateType()),
        T.StructField("_taken_on", T.DateType()),
        T.StructField("_history", T.BooleanType()),
    ]
)


@dataclass(frozen=True, slots=True)
class Raw:
    """The rows of several deliveries (see `events.raw`) and, by delivery, the columns unknown to the configuration."""

    rows: DataFrame
    ignored: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read(
    spark: SparkSession,
    source: Source,
    files: Files,
    selected: Sequence[SelectedDelivery],
    most: int | None = None,
    public: bool = False,
) -> Raw:
    """All rows of the deliveries, in one pass.

    most: how many rows are read to find the columns of JSON; None: all. public: an error may show lines of files.
    DeliveryError: a file does not have a declared column, has it twice or with another type, or cannot be read.
    """
    delivery_of = _delivery_by_address(source, selected)
    all_files = [file for chosen in selected for file in chosen.delivery.files]
    readers: dict[str, Callable[..., Frames]] = {
        "csv": partial(_csv, public=public),
        "json": partial(_json, most=most),
        "parquet": _parquet,
    }
    if source.format == "delta":
        frames, ignored = version_rows.read(spark, source, selected)
    else:
        frames, ignored = readers[source.format](spark, source, files, all_files) if all_files else ([], {})
    by_delivery: dict[str, frozenset[str]] = defaultdict(frozenset)
    for uri, names in ignored.items():
        by_delivery[delivery_of[uri]] |= names
    return Raw(_with_deliveries(spark, source, frames, selected), by_delivery)


def read_before(spark: SparkSession, source: Source, selected: Sequence[SelectedDelivery]) -> DataFrame | None:
    """The rows that versions of a Delta source deleted or updated, as they were before; None: there are none."""
    frames = version_rows.read_before(spark, source, selected) if source.format == "delta" else []
    return _with_deliveries(spark, source, frames, selected) if frames else None


def _with_deliveries(
    spark: SparkSession, source: Source, frames: Sequence[DataFrame], selected: Sequence[SelectedDelivery]
) -> DataFrame:
    """The frames in one, with name and dates of each row's delivery."""
    empty = spark.createDataFrame(
        [], T.StructType([T.StructField(n, T.StringType()) for n in (*_column_names(source), _LINE, "_uri")])
    )
    rows = reduce(lambda left, right: left.unionByName(right), frames) if frames else empty
    deliveries = _delivery_rows(_delivery_by_address(source, selected), selected)
    deliveries_frame = F.broadcast(spark.createDataFrame(deliveries, _DELIVERIES))
    return rows.join(deliveries_frame, on="_uri", how="left").drop("_uri")


def _delivery_by_address(source: Source, selected: Iterable[SelectedDelivery]) -> dict[str, str]:
    """The delivery of each URI: of a file, or of a version (see `version_rows`)."""
    if source.format == "delta":
        return {chosen.name: chosen.name for chosen in selected}
    return {file.uri: chosen.name for chosen in selected for file in chosen.delivery.files}


def _delivery_rows(delivery_of: Mapping[str, str], selected: Iterable[SelectedDelivery]) -> list[tuple[object, ...]]:
    by_name = {chosen.name: (chosen.delivery.nominal, chosen.taken_on, chosen.history) for chosen in selected}
    return [(address, name, *by_name[name]) for address, name in delivery_of.items()]


def _csv(spark: SparkSession, source: Source, files: Files, all_files: Sequence[File], public: bool) -> Frames:
    return csv_files.read(spark, source, files, all_files, _LINE, _file_uri(), public)


def _json(
    spark: SparkSession, source: Source, files: Files, all_files: Sequence[File], most: int | None = None
) -> Frames:
    """JSON lines, one object per line; DeliveryError: no object of a file has a column (unless `limits` allow
    `absent`).

    Spark's file reader keeps numbers in text columns as they are written; `from_json` would format them again.
    """
    unknown, followed = _json_columns(spark, source, all_files, most)
    schema = T.StructType([T.StructField(name, T.StringType()) for name in (*_column_names(source), _LINE)])
    reader = spark.read.options(**dict(source.options)).options(mode="PERMISSIVE", columnNameOfCorruptRecord=_LINE)
    rows = reader.schema(schema).json(unexpanded(all_files))
    cells = [F.when(F.col(_LINE).isNull(), F.col(quoted(name))).alias(name) for name in _column_names(source)]
    frames = [rows.select(*cells, _LINE, _file_uri())]
    if followed:  # by something else on the same line, which Spark ignores silently
        nulls = [F.lit(None).cast("string").alias(name) for name in _column_names(source)]
        lines = _json_lines(spark, source, followed).where(F.col("_followed"))
        frames.append(lines.select(*nulls, F.col("value").alias(_LINE), "_uri"))
    return frames, unknown


def _json_lines(spark: SparkSession, source: Source, all_files: Sequence[File]) -> DataFrame:
    """Lines that are not blank: `value`, `_uri`, and `_followed`: whether something follows the first object."""
    lines = spark.read.text(unexpanded(all_files), lineSep=dict(source.options).get("lineSep"))
    around = F.concat(F.lit("["), F.regexp_replace("value", r"[\s,\]]+$", ""), F.lit("]"))
    options = {name: given for name, given in source.options if name == "allowSingleQuotes"}
    values = F.from_json(around, "array<string>", options)
    parses = F.json_object_keys("value").isNotNull()
    may_be = F.col("value").rlike(r"\}\s*[^\s,\]}]|\}\s*,\s*[^\s\"]")
    followed = F.when(may_be, parses & (F.coalesce(F.size(values), F.lit(0)) != 1)).otherwise(False)
    return lines.where(F.trim("value") != "").select("value", followed.alias("_followed"), _file_uri())


def _json_columns(
    spark: SparkSession, source: Source, all_files: Sequence[File], most: int | None
) -> tuple[dict[str, frozenset[str]], list[File]]:
    """By file the columns unknown to the configuration, and the files that have lines with more than one value."""
    lines = _json_lines(spark, source, all_files).select(
        F.json_object_keys("value").alias("_keys"), "_followed", "_uri"
    )
    looked_at = lines if most is None else lines.limit(most)
    keys = F.array_distinct(F.flatten(F.collect_set("_keys"))).alias("keys")
    unknown, followed = {}, set()
    by_file = (
        looked_at.where(F.col("_keys").isNotNull()).groupBy("_uri").agg(keys, F.bool_or("_followed").alias("more"))
    )
    for row in by_file.collect():
        followed |= {row["_uri"]} if row["more"] else set()
        missing = [name for name in _column_names(source) if name not in row["keys"]]
        if missing and dict(source.limits).get(ABSENT, 0.0) < 1.0:
            unused = sorted(set(row["keys"]) - set(_column_names(source)))
            suggestions = "".join(did_you_mean(name, unused) for name in missing)
            of_first = "" if most is None else f" of the first {most}"
            remedy = (
                f"have it delivered again or change sources.{source.name}.schema"
                if source.kind == "lookup"
                else f"a column that may be left out of a whole file needs sources.{source.name}.limits.{ABSENT}: 1"
            )
            raise DeliveryError(f"{row['_uri']}: no object{of_first} has {', '.join(missing)}{suggestions}; {remedy}")
        unknown[row["_uri"]] = frozenset(row["keys"]) - frozenset(_column_names(source))
    return unknown, [file for file in all_files if file.uri in followed]


def _parquet(spark: SparkSession, source: Source, files: Files, all_files: Sequence[File]) -> Frames:
    """Parquet by the schema in each file's footer: files of one schema together."""
    groups: dict[str, list[tuple[File, Any]]] = defaultdict(list)
    for file, footer in zip(all_files, files.footers(all_files), strict=True):
        groups[parquet_files.schema_text(footer)].append((file, footer))
    cloned = parquet.session_for(spark)
    parts: list[tuple[DataFrame, Fitting]] = []
    ignored: dict[str, frozenset[str]] = {}
    for members in groups.values():
        same_schema, footer = [file for file, _ in members], members[0][1]
        columns = compared(parquet_files.names(footer), source, same_schema[0].path)
        stored = parquet.stored_in(spark, cloned, footer, _column_names(source))
        types = _types(source, files, same_schema, stored)
        with reading_times_in(spark, source.time_zone):
            fit = fitting(types, source, same_schema[0].path)
        parts.append((parquet.rows(spark, cloned, same_schema, stored), fit))
        ignored |= {file.uri: columns.unknown for file in same_schema}
    unfit = {name for _, fit in parts for name in fit.unfit}
    with reading_times_in(spark, source.time_zone):
        line = F.lit(None).cast("string").alias(_LINE)
        return [rows.select(*fit.columns(unfit), line, _file_uri()) for rows, fit in parts], ignored


def _types(source: Source, files: Files, same_schema: Sequence[File], stored: Mapping[str, Stored]) -> dict[str, str]:
    """The stored types of the declared columns of files of one schema.

    `void` where a type cannot be read as declared, but the column has only nulls.
    """
    types = {name: stored_type.type or f"Parquet's {stored_type.written}" for name, stored_type in stored.items()}
    undecided = [
        name for name, declared in source.schema if stored[name].type is None or not conversion(types[name], declared)
    ]
    if undecided:
        footers = files.footers(same_schema, row_groups=True)
        empty = [name for name in undecided if all(parquet_files.only_nulls(footer, name) for footer in footers)]
        types |= dict.fromkeys(empty, NOTHING)
    return types


def _file_uri() -> Column:
    """The file of a row, as `File.uri`: Spark and Hadoop differ in the slashes of local files."""
    return F.regexp_replace("_metadata.file_path", "^file:/+", "file:/").alias("_uri")


def _column_names(source: Source) -> tuple[str, ...]:
    return tuple(name for name, _ in source.schema)
