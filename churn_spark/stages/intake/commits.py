"""The log of a Delta table: its readable versions, what each commit did, and which data files are missing."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.delta_log import Commit, DataFile
from churn_spark.definitions.errors import DeliveryError
from churn_spark.events.deliveries import File
from churn_spark.stages.intake.files import Files, unexpanded
from churn_spark.tables.delta_source import DATA_FILE, DeltaSource, data_file

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..+")
_ACTIONS = f"""
    commitInfo struct<operation: string>,
    add struct<{DATA_FILE}, dataChange: boolean>,
    remove struct<{DATA_FILE}, dataChange: boolean>,
    cdc struct<{DATA_FILE}>
"""
_KINDS = ("add", "remove", "cdc")
_UNKNOWN = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Log:
    """The entries of a log by version. oldest: the first version whose state can be read; newest: the last version."""

    path: str
    commits: Mapping[int, File]
    checkpoints: Mapping[int, File]
    oldest: int
    newest: int

    def entry(self, version: int) -> File:
        """The log file of a version."""
        return self.commits.get(version) or self.checkpoints[version]


def list_log(spark: SparkSession, path: str) -> Log:
    """The log of the table at a path, from its file names; DeliveryError: no version can be read."""
    commits: dict[int, File] = {}
    checkpoints: dict[int, File] = {}
    for name, is_folder, file in Files(spark, f"{path.rstrip('/')}/_delta_log").listed():
        if match := None if is_folder else _COMMIT.fullmatch(name):
            commits[int(match[1])] = file
        elif match := None if is_folder else _CHECKPOINT.fullmatch(name):
            checkpoints.setdefault(int(match[1]), file)
    newest = max((*commits, *checkpoints), default=-1)
    before_first = newest
    while before_first in commits:
        before_first -= 1
    # Old commits are deleted (delta.logRetentionDuration): then a checkpoint has the state before the first one left.
    readable = [version for version in checkpoints if version >= before_first]
    oldest = 0 if before_first < 0 and commits else min(readable, default=None)
    if oldest is None:
        raise DeliveryError(
            f"{path}: no version can be read from its log; repair the table, or have it delivered as files"
        )
    return Log(path, commits, checkpoints, oldest, newest)


def read(spark: SparkSession, log: Log, versions: Iterable[int]) -> dict[int, Commit]:
    """The commits of some versions, without versions that are not in the log."""
    wanted = {version: log.commits[version] for version in versions if version in log.commits}
    lines: dict[int, list[Row]] = defaultdict(list)
    if wanted:
        rows = spark.read.schema(_ACTIONS).json(unexpanded(wanted.values()))
        for row in rows.select("*", F.col("_metadata.file_name").alias("_name")).collect():
            lines[int(row["_name"].removesuffix(".json"))].append(row)
    return {version: _commit(lines[version]) for version in wanted}


def missing_keys(table: DeltaSource, files: Files, suspects: Iterable[DataFile]) -> set[tuple[str, str | None]]:
    """The keys of data files that are missing, or whose deletion vector is."""
    addresses: dict[tuple[str, str | None], list[File]] = {}
    for suspect in suspects:
        vector = table.vector_address(suspect)
        addresses[suspect.key] = [source_file(files, suspect), *([files.below(vector, 0, _UNKNOWN)] if vector else [])]
    missing = files.missing({file for files_of_key in addresses.values() for file in files_of_key})
    return {key for key, files_of_key in addresses.items() if missing.intersection(files_of_key)}


def delivery_name(version: int) -> str:
    """The name of a version as a delivery: the stem of its log file."""
    return f"{version:020d}"


def source_file(files: Files, file: DataFile) -> File:
    """A data file as a file at the source."""
    return files.below(file.path, file.size, datetime.fromtimestamp(file.modified / 1000, UTC))


def _commit(lines: Collection[Row]) -> Commit:
    added, removed, feed = ([row[kind].asDict(recursive=True) for row in lines if row[kind]] for kind in _KINDS)
    return Commit(
        operation=next((row["commitInfo"]["operation"] for row in lines if row["commitInfo"]), None) or "unknown",
        added=tuple(map(data_file, added)),
        removed=tuple(map(data_file, removed)),
        feed=tuple(map(data_file, feed)),
        adds=any(action["dataChange"] for action in added),
        changes=any(action["dataChange"] for action in removed),
    )
