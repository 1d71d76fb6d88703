"""A Delta table that others write and maintain: its state at a version, and the rows behind the files of its log."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from churn_spark.definitions.delta_log import DataFile
from churn_spark.definitions.errors import DeliveryError
from churn_spark.spark_internals.delta_log import PinnedLog

DATA_FILE = (
    "path string, partitionValues map<string, string>, size bigint, modificationTime bigint, deletionVector"
    " struct<storageType: string, pathOrInlineDv: string, offset: int, sizeInBytes: int, cardinality: bigint>"
)
"""The fields of an action that `data_file` needs, as DDL."""
_FIELDS = ("path", "partitionValues", "size", "modificationTime", "deletionVector")


def data_file(action: Mapping[str, Any]) -> DataFile:
    """The data file of an action of the log (fields of `DATA_FILE`)."""
    vector, partition = action["deletionVector"], action["partitionValues"]
    given = {name: value for name, value in vector.items() if value is not None} if vector else {}
    return DataFile(
        path=action["path"],
        size=action["size"] or 0,
        modified=action["modificationTime"] or 0,
        partition=None if partition is None else tuple(sorted(partition.items())),
        vector=json.dumps(given, sort_keys=True) if given else None,
    )


class DeltaSource:
    """One such table as it stands when it is first looked at. DeliveryError when there is none at the path."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._spark, self.path = spark, path
        try:
            table = DeltaTable.forPath(spark, path)
        except AnalysisException as error:
            raise DeliveryError(f"{path}: no Delta table can be read there ({str(error).splitlines()[0]})") from None
        self._log = PinnedLog(spark, table)

    @property
    def properties(self) -> dict[str, str]:
        return self._log.properties

    @property
    def has_feed(self) -> bool:
        """Whether its change data feed can be read."""
        return self.properties.get("delta.enableChangeDataFeed") == "true"

    @property
    def schema(self) -> T.StructType:
        """The columns of the newest version."""
        return T.StructType.fromJson(json.loads(self._log.schema))

    def state(self, version: int) -> tuple[DataFile, ...]:
        """The data files of a version that the log can still reconstruct."""
        rows = self._log.files(version).select(*_FIELDS).collect()
        return tuple(data_file(row.asDict(recursive=True)) for row in rows)

    def rows(self, files: Sequence[DataFile]) -> DataFrame:
        """The rows of data files, with the columns of the newest version and Spark's `_metadata`.

        Read through Delta: rows deleted by a deletion vector are left out, partition columns come from the log. No two
        of the files may have the same path.
        """
        return self._log.rows(file.action for file in files)

    def feed(self, version: int) -> DataFrame:
        """The change data feed of a version: its columns and `_change_type`."""
        reader = self._spark.read.format("delta").option("readChangeFeed", "true")
        return reader.option("startingVersion", version).option("endingVersion", version).load(self.path)

    def vector_address(self, file: DataFile) -> str | None:
        """Where the deletion vector of a file lies; None where it has none, or the log itself holds it."""
        return None if file.vector is None else self._log.vector_address(file.action)
