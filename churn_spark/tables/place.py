"""Where tables are: below a path, or in a schema of a metastore."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from churn_spark.definitions.errors import ConfigError
from churn_spark.tables.damage import named
from churn_spark.tables.table import Table

PROPERTIES = {
    # Readers outside Spark (delta-rs, DuckDB, Polars, Trino) must be able to read every table.
    "delta.enableDeletionVectors": "false",
    "delta.columnMapping.mode": "none",
    "delta.checkpointPolicy": "classic",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A warehouse: `root` for a path warehouse, else `schema` (`catalog.schema`)."""

    root: str | None
    schema: str | None = None

    @property
    def local_root(self) -> Path | None:
        """The root as a local folder; None on an object store, HDFS or a metastore."""
        if self.root is None or urlparse(self.root).scheme not in ("", "file"):
            return None
        return Path(urlparse(self.root).path)

    @property
    def locks(self) -> Path | None:
        return self.local_root / "_locks" if self.local_root else None

    def of(self, name: str) -> str:
        """The address of a table, for people and for SQL."""
        if self.root is None:
            return f"{self.schema}.{name}"
        # Delta takes a relative path for the name of a table.
        root = self.root if self.local_root is None else str(self.local_root.absolute())
        return f"{root.rstrip('/')}/{name}"

    def in_sql(self, name: str) -> str:
        """The table in a statement that Delta has no call for, or none that knows names with a catalog."""
        return self.of(name) if self.root is None else f"delta.`{self.of(name).replace('`', '``')}`"

    def delta(self, spark: SparkSession, name: str) -> DeltaTable:
        return (
            DeltaTable.forName(spark, self.of(name)) if self.root is None else DeltaTable.forPath(spark, self.of(name))
        )

    def exists(self, spark: SparkSession, name: str) -> bool:
        if self.root is None:
            return spark.catalog.tableExists(self.of(name))
        if DeltaTable.isDeltaTable(spark, self.of(name)):
            return True
        # Delta remembers a log it once saw without an entry: so another process that is making the table leaves it.
        logs = spark._jvm.org.apache.spark.sql.delta.DeltaLog  # type: ignore[union-attr]
        return _newest(spark, logs.forTable(spark._jsparkSession, self.of(name))) >= 0

    def version(self, spark: SparkSession, name: str) -> int | None:
        """The newest version of a table, from its log's listing alone; None when there is no table."""
        if not self.exists(spark, name):
            return None
        try:
            return _newest(spark, self.delta(spark, name)._jdt.deltaLog())
        except Py4JJavaError as error:
            if damaged := named(error, self.of(name)):
                raise damaged from None
            raise

    def entry(self, name: str, version: int) -> str:
        """The address of the log entry of a version."""
        return f"{self.of(name)}/_delta_log/{version:020d}.json"

    def empty_entry(self, name: str, version: int) -> bool:
        """Whether the log entry of a version is a file without content, as a crash of the machine can leave it."""
        entry = Path(self.entry(name, version))
        return self.local_root is not None and entry.is_file() and entry.stat().st_size == 0

    def read(self, spark: SparkSession, name: str) -> DataFrame:
        return spark.table(self.of(name)) if self.root is None else spark.read.format("delta").load(self.of(name))

    def save(self, writer: DataFrameWriter, name: str) -> None:
        if self.root is None:
            writer.saveAsTable(self.of(name))
        else:
            writer.save(self.of(name))

    def create(self, spark: SparkSession, table: Table) -> None:
        """Make the table empty, with its comments and properties, if it is not there.

        ConfigError: the schema is not there.
        """
        partition = f" PARTITIONED BY ({table.partition})" if table.partition else ""
        given = {**PROPERTIES, **_statistics(table)}
        listed = ", ".join(f"'{key}' = '{value}'" for key, value in given.items())
        try:
            spark.sql(
                f"CREATE TABLE IF NOT EXISTS {self.in_sql(table.name)} ({table.schema.toDDL()}) USING delta{partition}"
                f" COMMENT {literal(table.comment)} TBLPROPERTIES ({listed})"
            )
        except AnalysisException as error:
            if error.getCondition() == "SCHEMA_NOT_FOUND":
                raise ConfigError(
                    f"warehouse.schema: the metastore has no schema {self.schema}; make it with CREATE SCHEMA "
                    f"{self.schema}, or give the name of another"
                ) from None
            raise


def literal(text: str) -> str:
    """A string in SQL; names of deliveries come from outside and may hold anything."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _newest(spark: SparkSession, log: Any) -> int:
    """The newest version in a Delta log as it stands on disk; -1 when it has no entry."""
    nothing = spark._jvm.scala.Option.empty()  # type: ignore[union-attr]
    return int(log.update(False, nothing, nothing).version())


def _statistics(table: Table) -> dict[str, str]:
    """Statistics of files for the columns readers search by: for all others they only make writing slower."""
    if table.partition is None:
        return {}
    searched = [name for name in table.key if name != table.partition]
    if not searched:
        return {"delta.dataSkippingNumIndexedCols": "0"}
    return {"delta.dataSkippingStatsColumns": ",".join(searched)}


def properties(spark: SparkSession, path: str) -> dict[str, str]:
    """The properties of the Delta table at a path, one of ours or not."""
    detail = DeltaTable.forPath(spark, path).detail().select("properties").first()
    return dict(detail["properties"]) if detail else {}
