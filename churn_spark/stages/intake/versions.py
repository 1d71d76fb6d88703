"""Commit versions of a Delta source as deliveries: what each added, read from its log."""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import File, Found
from churn_spark.stages.intake.files import Files
from churn_spark.tables.place import properties

_COMMIT = re.compile(r"\d{20}\.json")
_ACTIONS = """
    add struct<path: string, size: bigint, modificationTime: bigint, dataChange: boolean,
               deletionVector: struct<storageType: string>>,
    remove struct<path: string, dataChange: boolean>
"""


def versions(spark: SparkSession, source: Source, taken: Collection[str]) -> list[Found]:
    """The versions that added rows; those of `taken` by name only (see `with_files`). Their names are those of the log.

    Maintenance (OPTIMIZE, VACUUM, properties) adds no rows and is no delivery. DeliveryError: a version took rows away
    (only appends can be taken), or its commit is gone from the log before it was taken. ConfigError: a table by column
    mapping, whose files have other names inside.
    """
    if source.delivered.by == "file_name":
        raise ConfigError(f"sources.{source.name}.delivered.by: a version has no name with a date; use column or event")
    _refuse_mapped(spark, source)
    log = Files(spark, f"{source.path.rstrip('/')}/_delta_log")
    commits = {name.removesuffix(".json"): file for name, _, file in log.listed() if _COMMIT.fullmatch(name)}
    _refuse_gap(source, commits, newest=max(taken, default=""))
    found = [Found(name, (), None, commit=file) for name, file in commits.items()]
    known = [version for version in found if version.name in taken]
    return known + with_files(spark, source, [version for version in found if version.name not in taken])


def with_files(spark: SparkSession, source: Source, found: Collection[Found]) -> list[Found]:
    """Those of the versions that added rows, with the files they added."""
    commits = {version.name: version.commit for version in found if version.commit and not version.files}
    actions = _actions(spark, commits)
    files = Files(spark, source.path)
    return [
        version if version.files else replace(version, files=tuple(_added(files, row) for row in actions[version.name]))
        for version in found
        if version.files or _appends(source, version.name, actions[version.name])
    ]


def _refuse_mapped(spark: SparkSession, source: Source) -> None:
    mode = properties(spark, source.path).get("delta.columnMapping.mode", "none")
    if mode != "none":
        raise ConfigError(
            f"sources.{source.name}: {source.path} maps its columns (delta.columnMapping.mode {mode}); give a copy"
            " without, or deliver files"
        )


def _refuse_gap(source: Source, commits: Collection[str], newest: str) -> None:
    """Commits are deleted with time (delta.logRetentionDuration); one that was not taken yet must be there."""
    first, expected = min(commits, default=""), f"{int(newest) + 1:020d}" if newest else f"{0:020d}"
    if first > expected:
        raise DeliveryError(
            f"{source.name}: the log of {source.path} begins with version {int(first)}, but version {int(expected)} was"
            " not taken yet; deliver what it added as files, or keep the log longer (delta.logRetentionDuration)"
        )


def _actions(spark: SparkSession, commits: dict[str, File]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    if commits:
        lines = spark.read.schema(_ACTIONS).json([file.path for file in commits.values()])
        changing = lines.where("add.dataChange OR remove.dataChange")
        for row in changing.select("add", "remove", F.col("_metadata.file_name").alias("name")).collect():
            found[row["name"].removesuffix(".json")].append(row)
    return found


def _appends(source: Source, name: str, actions: list[Row]) -> bool:
    removed = [row["remove"]["path"] for row in actions if row["remove"]]
    if removed or any(row["add"] and row["add"]["deletionVector"] for row in actions):
        raise DeliveryError(
            f"{source.name}: version {int(name)} of {source.path} changes or deletes rows; only appends can be taken."
            " Deliver corrections as rows of their own, or as files"
        )
    return bool(actions)


def _added(files: Files, row: Row) -> File:
    added = row["add"]
    return files.below(added["path"], added["size"], datetime.fromtimestamp(added["modificationTime"] / 1000, UTC))
