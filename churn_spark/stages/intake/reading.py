"""Deliveries to raw frames: by declared schema, by column name, one pass a source however many deliveries."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import ABSENT, Source
from churn_spark.events.arrivals import File, Taking
from churn_spark.events.zones import reading_times_in
from churn_spark.stages.intake.columns import Columns, compared, fitting
from churn_spark.stages.intake.files import Files

_LINE = "_line"
Frames = tuple[list[DataFrame], dict[str, frozenset[str]]]
"""Frames to put together, and by file address the columns the configuration does not know."""

_GLOB = str.maketrans({character: f"\\{character}" for character in "\\*?[]{}"})
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
    """The rows of several deliveries (see `events.raw`) and, by delivery, columns the configuration does not know."""

    rows: DataFrame
    ignored: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read(spark: SparkSession, source: Source, files: Files, takings: Sequence[Taking]) -> Raw:
    """All rows of the deliveries, in one pass.

    DeliveryError when a file lacks a declared column, has one twice or of another type, or cannot be read at all.
    """
    delivery_of = {file.uri: taking.name for taking in takings for file in taking.found.files}
    every = [file for taking in takings for file in taking.found.files]
    readers = {"csv": _csv, "json": _json, "parquet": _parquet, "delta": _delta}
    frames, ignored = readers[source.format](spark, source, files, every) if every else ([], {})
    by_delivery: dict[str, frozenset[str]] = defaultdict(frozenset)
    for uri, names in ignored.items():
        by_delivery[delivery_of[uri]] |= names
    empty = spark.createDataFrame(
        [], T.StructType([T.StructField(n, T.StringType()) for n in (*_names(source), _LINE, "_uri")])
    )
    together = reduce(lambda left, right: left.unionByName(right), frames) if frames else empty
    arrived = F.broadcast(spark.createDataFrame(_arrivals(takings), _DELIVERIES))
    joined = together.join(arrived, on="_uri", how="left")
    return Raw(joined.drop("_uri"), by_delivery)


def _arrivals(takings: Iterable[Taking]) -> list[tuple[object, ...]]:
    return [(f.uri, t.name, t.found.nominal, t.taken_on, t.history) for t in takings for f in t.found.files]


def _csv(spark: SparkSession, source: Source, files: Files, every: Sequence[File]) -> Frames:
    """CSV by the header of each file: files of one header together, so that an order of its own is read right."""
    options = dict(source.options)
    headers = files.headers(every, options.get("encoding", "UTF-8"))
    groups: dict[tuple[str, ...], list[File]] = defaultdict(list)
    for file, line in zip(every, headers, strict=True):
        groups[_header(line, options)].append(file)
    frames: list[DataFrame] = []
    ignored: dict[str, frozenset[str]] = {}
    for header, members in groups.items():
        columns = compared(header, source, members[0].path)
        # Without pruning the parser sees every column, and so notices a row of another length.
        reader = spark.read.options(**options).options(
            header=True, mode="PERMISSIVE", columnNameOfCorruptRecord=_LINE, enforceSchema=True, columnPruning=False
        )
        rows = reader.schema(_text_schema(columns)).csv(_paths(members))
        frames.append(rows.select(*_names(source), _LINE, _address()))
        ignored |= {file.uri: columns.unknown for file in members}
    return frames, ignored


def _header(line: str | None, options: Mapping[str, str]) -> tuple[str, ...]:
    if line is None:
        return ()
    cells = next(
        csv.reader(
            [line.removeprefix("\ufeff")], delimiter=options.get("sep", ","), quotechar=options.get("quote", '"')
        )
    )
    return tuple(cell.strip() for cell in cells)


def _text_schema(columns: Columns) -> T.StructType:
    return T.StructType([T.StructField(name, T.StringType()) for name in (*columns.read_as, _LINE)])


def _json(spark: SparkSession, source: Source, files: Files, every: Sequence[File]) -> Frames:
    """JSON, an object a line; DeliveryError where no object of a file has a column (unless `limits` allow `absent`)."""
    options = dict(source.options)
    lines = spark.read.text(_paths(every)).where(F.trim("value") != "")
    lines = lines.select("value", F.json_object_keys("value").alias("_keys"), _address())
    unknown = _json_columns(lines, source)
    schema = T.StructType([T.StructField(name, T.StringType()) for name in (*_names(source), _LINE)])
    parsed = F.from_json("value", schema, {**options, "columnNameOfCorruptRecord": _LINE})
    rows = lines.withColumn("_object", parsed)
    broken = F.col("_keys").isNull() | F.col("_object")[_LINE].isNotNull()
    cells = [F.when(~broken, F.col("_object")[name]).alias(name) for name in _names(source)]
    return [rows.select(*cells, F.when(broken, F.col("value")).alias(_LINE), "_uri")], unknown


def _json_columns(lines: DataFrame, source: Source) -> dict[str, frozenset[str]]:
    keys = F.array_distinct(F.flatten(F.collect_set("_keys"))).alias("keys")
    unknown = {}
    for row in lines.where(F.col("_keys").isNotNull()).groupBy("_uri").agg(keys).collect():
        lost = [name for name in _names(source) if name not in row["keys"]]
        if lost and dict(source.limits).get(ABSENT, 0.0) < 1.0:
            raise DeliveryError(
                f"{row['_uri']}: no object has {', '.join(lost)}; a column that may be left out of a whole file needs"
                f" sources.{source.name}.limits.{ABSENT}: 1"
            )
        unknown[row["_uri"]] = frozenset(row["keys"]) - frozenset(_names(source))
    return unknown


def _parquet(spark: SparkSession, source: Source, files: Files, every: Sequence[File]) -> Frames:
    """Parquet by the schema in each file's footer: files of one schema together."""
    groups: dict[str, list[File]] = defaultdict(list)
    for file, schema in zip(every, files.parquet_schemas(every), strict=True):
        groups[schema].append(file)
    frames: list[DataFrame] = []
    ignored: dict[str, frozenset[str]] = {}
    for members in groups.values():
        try:
            rows = spark.read.parquet(*_paths(members))
        except AnalysisException as error:
            raise DeliveryError(
                f"{source.name}: {members[0].path} cannot be read: {str(error).splitlines()[0]} Have it written with"
                " types that Spark knows (times in microseconds: pandas writes them with coerce_timestamps='us')"
            ) from None
        columns = compared(rows.columns, source, members[0].path)
        line = F.lit(None).cast("string").alias(_LINE)
        with reading_times_in(spark, source.time_zone):
            frames.append(rows.select(*fitting(rows.schema, source, members[0].path), line, _address()))
        ignored |= {file.uri: columns.unknown for file in members}
    return frames, ignored


def _delta(spark: SparkSession, source: Source, files: Files, every: Sequence[File]) -> Frames:
    """The data files that versions of a Delta table added, by the table's schema and partition folders."""
    schema = spark.read.format("delta").load(source.path).schema
    columns = compared(schema.names, source, source.path)
    rows = spark.read.schema(schema).option("basePath", source.path).parquet(*_paths(every))
    line = F.lit(None).cast("string").alias(_LINE)
    with reading_times_in(spark, source.time_zone):
        frame = rows.select(*fitting(schema, source, source.path), line, _address())
    return [frame], {file.uri: columns.unknown for file in every}


def _address() -> Column:
    """The file of a row, by `File.uri`: Spark and Hadoop differ in the slashes of a local one."""
    return F.regexp_replace("_metadata.file_path", "^file:/+", "file:/").alias("_uri")


def _names(source: Source) -> tuple[str, ...]:
    return tuple(name for name, _ in source.schema)


def _paths(files: Iterable[File]) -> list[str]:
    """Paths as Spark takes them: it would expand what looks like a pattern."""
    return [file.path.translate(_GLOB) for file in files]
