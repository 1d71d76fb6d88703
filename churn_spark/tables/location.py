"""Where tables are: below a path, or in a schema of a metastore."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from churn_spark.definitions.addresses import local_path
from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.expressions import literal, quoted
from churn_spark.spark_internals.delta_log import newest_version, version_at
from churn_spark.spark_internals.errors import JavaError
from churn_spark.tables.damage import damage_error
from churn_spark.tables.table import Table

PROPERTIES = {
    # Readers outside Spark (delta-rs, DuckDB, Polars, Trino) must be able to read every table.
    "delta.enableDeletionVectors": "false",
    "delta.columnMapping.mode": "none",
    "delta.checkpointPolicy": "classic",
}


@dataclass(frozen=True, slots=True)
class Location:
    """A warehouse: `root` for a path warehouse, else `schema` (`catalog.schema`)."""

    root: str | None
    schema: str | None = None

    @property
    def local_root(self) -> Path | None:
        """The root as a local folder; None on an object store, HDFS or a metastore."""
        return None if self.root is None else local_path(self.root)

    @property
    def locks(self) -> Path | None:
        return self.local_root / "_locks" if self.local_root else None

    def address(self, name: str) -> str:
        """The address of a table, for people and for SQL."""
        if self.root is None:
            return f"{self.schema}.{name}"
        # Delta takes a relative path for the name of a table.
        root = self.root if self.local_root is None else str(self.local_root.absolute())
        return f"{root.rstrip('/')}/{name}"

    def in_sql(self, name: str) -> str:
        """The table in a statement that Delta has no call for, or none that knows names with a catalog."""
        return self.address(name) if self.root is None else f"delta.{quoted(self.address(name))}"

    def delta(self, spark: SparkSession, name: str) -> DeltaTable:
        return (
            DeltaTable.forName(spark, self.address(name))
            if self.root is None
            else DeltaTable.forPath(spark, self.address(name))
        )

    def exists(self, spark: SparkSession, name: str) -> bool:
        if self.root is None:
            return spark.catalog.tableExists(self.address(name))
        return DeltaTable.isDeltaTable(spark, self.address(name)) or version_at(spark, self.address(name)) is not None

    def version(self, spark: SparkSession, name: str) -> int | None:
        """The newest version of a table, from its log's listing alone; None when there is no table."""
        try:
            if self.root is not None:
                return version_at(spark, self.address(name))
            return newest_version(spark, self.delta(spark, name)) if self.exists(spark, name) else None
        except JavaError as error:
            if damaged := damage_error(error, self.address(name)):
                raise damaged from None
            raise

    def entry(self, name: str, version: int) -> str:
        """The address of the log entry of a version."""
        return f"{self.address(name)}/_delta_log/{version:020d}.json"

    def empty_entry(self, name: str, version: int) -> bool:
        """Whether the log entry of a version is a file without content, as a crash of the machine can leave it."""
        entry = Path(self.entry(name, version))
        return self.local_root is not None and entry.is_file() and entry.stat().st_size == 0

    def read(self, spark: SparkSession, name: str, version: int | None = None) -> DataFrame:
        """A table as it is, or as it was at a version."""
        reader = spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.table(self.address(name)) if self.root is None else reader.load(self.address(name))

    def version_before(self, spark: SparkSession, name: str, runs: Collection[str]) -> int | None:
        """The newest version of a table before the first commit of some runs; None: they committed nothing to it."""
        if not self.exists(spark, name):
            return None
        commits = self.delta(spark, name).history().select("version", "userMetadata").where("userMetadata is not null")
        theirs = [row["version"] for row in commits.collect() if _run_of(row["userMetadata"]) in runs]
        return min(theirs) - 1 if theirs else None

    def save(self, writer: DataFrameWriter, name: str) -> None:
        if self.root is None:
            writer.saveAsTable(self.address(name))
        else:
            writer.save(self.address(name))

    def create(self, spark: SparkSession, table: Table) -> None:
        """Make the table empty, with its comments and properties, if it is not there.

        ConfigError: the schema is not there.
        """
        partition = f" PARTITIONED BY ({table.partition})" if table.partition else ""
        given = {**PROPERTIES, **_statistics(table), **_checkpoints(table)}
        listed = ", ".join(f"'{key}' = '{value}'" for key, value in given.items())
        try:
            spark.sql(
                f"CREATE TABLE IF NOT EXISTS {self.in_sql(table.name)} ({table.schema.toDDL()}) USING delta{partition}"
                f" COMMENT {literal(table.comment)} TBLPROPERTIES ({listed})"
            )
        except AnalysisException as error:
            if error.getCondition() == "TABLE_OR_VIEW_ALREADY_EXISTS":  # made by another run a moment ago
                return
            if error.getCondition() == "SCHEMA_NOT_FOUND":
                raise ConfigError(
                    f"warehouse.schema: the metastore has no schema {self.schema}; make it with CREATE SCHEMA "
                    f"{self.schema}, or give the name of another"
                ) from None
            raise


def _run_of(metadata: str) -> str | None:
    """The run that made a commit; None for a commit of another program."""
    try:
        return str(json.loads(metadata)["run_id"])
    except (ValueError, KeyError, TypeError):
        return None


def _statistics(table: Table) -> dict[str, str]:
    """Statistics of files for the columns readers search by: for all others they only make writing slower."""
    if table.partition is None:
        return {}
    searched = [name for name in table.key if name != table.partition]
    if not searched:
        return {"delta.dataSkippingNumIndexedCols": "0"}
    return {"delta.dataSkippingStatsColumns": ",".join(searched)}


def _checkpoints(table: Table) -> dict[str, str]:
    """Fewer checkpoints of tables that get a row at a time: one costs as much as the rows of many commits."""
    return {} if table.partition else {"delta.checkpointInterval": "50"}


def properties(spark: SparkSession, path: str) -> dict[str, str]:
    """The properties of the Delta table at a path, one of ours or not."""
    detail = DeltaTable.forPath(spark, path).detail().select("properties").first()
    return dict(detail["properties"]) if detail else {}
