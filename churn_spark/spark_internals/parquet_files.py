"""Parquet files by their footers, and their rows with settings that the session itself does not have.

A footer is Parquet's own object in the JVM (see `HadoopFiles.parquet_footer`). Public: `pyarrow.parquet`, which needs
its own way to the file system and names types differently; `spark.read.parquet(...).schema`, which fails as a whole on
a type that Spark does not know.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a file. written: its type as Parquet names it. type, ddl: Spark's type; None where it has none."""

    written: str
    type: str | None
    ddl: str | None


def cloned_session(spark: SparkSession, settings: Mapping[str, str]) -> Any:
    """A copy of a session, in the JVM, with some settings changed.

    Public: `spark.newSession()`, whose frames do not join with those of the first, and which has none of its settings.
    """
    cloned = spark._jsparkSession.cloneSession()
    for name, value in settings.items():
        cloned.conf().set(name, value)
    return cloned


def schema_text(footer: Any) -> str:
    """The whole schema, the same for files of one schema."""
    return str(footer.getFileMetaData().getSchema().toString())


def names(footer: Any) -> list[str]:
    """The columns of a file, in its order."""
    schema = footer.getFileMetaData().getSchema()
    return [schema.getFieldName(position) for position in range(schema.getFieldCount())]


def fields(spark: SparkSession, cloned: Any, footer: Any, columns: Iterable[str]) -> dict[str, Field]:
    """Some columns of a file. cloned: see `cloned_session`."""
    jvm: Any = spark._jvm
    conf = cloned.sessionState().conf()
    converter = jvm.org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter(conf)
    schema = footer.getFileMetaData().getSchema()
    return {name: _field(jvm, converter, schema.getType(schema.getFieldIndex(name))) for name in columns}


def only_nulls(footer: Any, name: str) -> bool:
    """Whether the statistics of a footer's row groups say that a column has no value but null."""
    return all(_is_null(block, name) for block in footer.getBlocks())


def read(spark: SparkSession, cloned: Any, paths: Sequence[str], ddl: str) -> DataFrame:
    """The rows of files as a cloned session reads them, as a frame of the session itself."""
    jvm: Any = spark._jvm
    gateway: Any = spark.sparkContext._gateway
    given = gateway.new_array(jvm.java.lang.String, len(paths))
    for position, path in enumerate(paths):
        given[position] = path
    plan = cloned.read().schema(ddl).parquet(given).queryExecution().analyzed()
    return DataFrame(jvm.org.apache.spark.sql.classic.Dataset.ofRows(spark._jsparkSession, plan), spark)


def _field(jvm: Any, converter: Any, field: Any) -> Field:
    annotation = str(field.getLogicalTypeAnnotation() or "")
    written = annotation or (str(field.asPrimitiveType().getPrimitiveTypeName()) if field.isPrimitive() else "a group")
    alone = jvm.org.apache.parquet.schema.MessageType("alone", jvm.java.util.Collections.singletonList(field))
    try:
        kind = converter.convert(alone).apply(0).dataType()
    except PySparkException:
        return Field(written, None, None)
    return Field(written, str(kind.catalogString()), str(kind.sql()))


def _is_null(block: Any, name: str) -> bool:
    for chunk in block.getColumns():
        if list(chunk.getPath().toArray()) == [name]:
            statistics = chunk.getStatistics()
            return bool(statistics.isNumNullsSet() and statistics.getNumNulls() == chunk.getValueCount())
    return False
