"""The log of a Delta table through Delta's own classes: versions and data files without a query over its history."""

from collections.abc import Iterable
from typing import Any

from delta.tables import DeltaTable
from py4j.java_collections import ListConverter
from pyspark.sql import DataFrame, SparkSession

from churn_spark.spark_internals.jvm import java_class


def newest_version(spark: SparkSession, table: DeltaTable) -> int:
    """The newest version of a table as its log stands now, from a listing alone; JavaError where the log is damaged.

    Public: `DESCRIBE HISTORY <table> LIMIT 1`, a Spark job instead of a listing, before and after each write.
    """
    return int(_updated(spark, table._jdt.deltaLog()).version())


def version_at(spark: SparkSession, path: str) -> int | None:
    """The same of the table at a path, whatever Delta remembers of the path; None where its log has no entry.

    Delta remembers a log that it once saw without an entry, as another process that is making the table leaves it.
    Public: `DeltaTable.isDeltaTable`, which goes by that memory, and then the history.
    """
    logs = java_class(spark, "org.apache.spark.sql.delta.DeltaLog")
    version = int(_updated(spark, logs.forTable(spark._jsparkSession, path)).version())
    return version if version >= 0 else None


class PinnedLog:
    """The log of a table as it stands when it is first looked at.

    Databricks has these classes under other names, which cannot be reached from Python; Connect has none of them.
    """

    def __init__(self, spark: SparkSession, table: DeltaTable) -> None:
        jvm: Any = spark._jvm
        self._spark, self._jvm = spark, jvm
        self._nothing = jvm.scala.Option.empty()
        self._log = table._jdt.deltaLog()
        self._newest = _updated(spark, self._log)

    @property
    def properties(self) -> dict[str, str]:
        """The properties of the newest version. Public: `DESCRIBE DETAIL`, a Spark job."""
        configuration = self._newest.metadata().configuration()
        return dict(self._jvm.scala.jdk.javaapi.CollectionConverters.asJava(configuration))

    @property
    def schema(self) -> str:
        """The schema of the newest version, as JSON. Public: `DeltaTable.toDF().schema`, as it is by then."""
        return str(self._newest.schema().json())

    def files(self, version: int) -> DataFrame:
        """The data files of a version, a row with the fields of an `add` action each.

        Public: `_metadata.file_path` of all rows of `versionAsOf`, without deletion vectors and files without rows.
        """
        snapshot = self._log.getSnapshotAt(version, self._nothing, self._nothing, False)
        return DataFrame(snapshot.allFiles().toDF(), self._spark)

    def rows(self, actions: Iterable[str]) -> DataFrame:
        """The rows of the data files that some `add` actions name (JSON), with the columns of the newest version.

        Read through Delta: rows deleted by a deletion vector are left out, partition columns come from the log, and
        Spark's `_metadata` is there. No two of the files may have the same path. Public: `versionAsOf` with a condition
        on `_metadata.file_path`, which reads only files that are part of one version.
        """
        gateway: Any = self._spark.sparkContext._gateway
        listed = ListConverter().convert([self._action(action) for action in actions], gateway._gateway_client)
        together = self._jvm.org.apache.spark.api.python.PythonUtils.toSeq(listed)
        return DataFrame(self._log.createDataFrame(self._newest, together, False, self._nothing), self._spark)

    def vector_address(self, action: str) -> str | None:
        """Where the deletion vector of an `add` action (JSON) lies; None where the log itself has it. Public: none."""
        vector = self._action(action).deletionVector()
        return str(vector.absolutePath(self._log.dataPath()).toUri().toString()) if vector.isOnDisk() else None

    def _action(self, action: str) -> Any:
        return self._jvm.org.apache.spark.sql.delta.actions.Action.fromJson(action)


def _updated(spark: SparkSession, log: Any) -> Any:
    """The newest snapshot of a log, as it stands on disk."""
    nothing = java_class(spark, "scala.Option").empty()
    return log.update(False, nothing, nothing)
