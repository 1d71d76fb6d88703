"""The history of a Delta source: versions to take by their changes, and versions that can be read entirely."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyspark.sql import SparkSession

from churn_spark.definitions.delta_log import Commit, DataFile, Version
from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import Delivery, InVersion
from churn_spark.stages.intake import commits
from churn_spark.stages.intake.commits import Log
from churn_spark.stages.intake.files import Files
from churn_spark.tables.delta_source import DeltaSource


@dataclass(frozen=True, slots=True)
class DeltaHistory:
    """The commits of a source from a version on.

    missing: keys of files that were deleted. Only files removed by a later commit can be (by VACUUM), so only these are
    checked.
    """

    source: Source
    table: DeltaSource
    files: Files
    log: Log
    commits: dict[int, Commit]
    missing: frozenset[tuple[str, str | None]]

    def delivery(self, number: int) -> Delivery | None:
        """The changes of a version as a delivery; None: no rows to take."""
        commit = self.commits[number]
        if not (commit.adds or commit.changes):
            return None
        if not commit.changes:
            return self._delivery(number, Version(commit.added))
        if commit.feed and self.table.has_feed and not self._missing(commit.feed):
            return self._delivery(number, Version(feed=number), commit.feed)
        return self._delivery(number, Version(commit.added, commit.removed))

    def all_rows(self, number: int) -> Delivery:
        """All rows of the table at a version, as one delivery."""
        return self._delivery(number, Version(self.table.state(number)))

    def without_rows(self, number: int) -> Delivery:
        """A skipped version, as a delivery without rows."""
        return self._delivery(number, Version())

    def problem(self, number: int) -> str | None:
        """Why the changes of a version cannot be taken, and what to do; None: they can."""
        name, commit = self.source.name, self.commits.get(number)
        if commit is None:
            return (
                f"version {number} of {self.source.path} was not taken, and its log has no version before"
                f" {min(self.log.commits, default=self.log.newest)} any more; keep the log longer"
                " (delta.logRetentionDuration)"
            )
        if commit.changes and self.source.delivered.changes == "refuse":
            return (
                f"version {number} of {self.source.path} ({commit.operation}) changes or deletes rows; with"
                f" sources.{name}.delivered.changes: refuse only appends can be taken. Set it to"
                f" {_ALLOWED[self.source.kind]}"
            )
        delivery = self.delivery(number)
        does = delivery.version.does if delivery and delivery.version else None
        missing = self._missing((*does.added, *does.removed)) if does else []
        if not missing or not commit.adds:
            return None
        return (
            f"version {number} of {self.source.path} ({commit.operation}) cannot be taken, as its file"
            f" {missing[0].path} is missing or not described in the log; keep removed files longer"
            " (delta.deletedFileRetentionDuration), or run ingest more often"
        )

    def unreadable(self, number: int) -> str | None:
        """Why a version cannot be read entirely; None: it can."""
        missing = self._missing(self.table.state(number)) if number >= self.log.oldest else None
        if missing == []:
            return None
        why = "its log no longer describes it" if missing is None else f"the file {missing[0].path} is missing"
        return f"version {number} of {self.source.path} cannot be read entirely: {why}"

    def readable_versions(self) -> Iterator[int]:
        """The versions that can be read entirely, oldest first."""
        keys = {file.key for file in self.table.state(self.log.oldest)}
        missing_now = keys & self.missing
        for number in range(self.log.oldest, self.log.newest + 1):
            if number > self.log.oldest:
                removed = {file.key for file in self.commits[number].removed}
                added = {file.key for file in self.commits[number].added}
                missing_now = (missing_now - removed) | (added & self.missing)
            if not missing_now:
                yield number

    def _delivery(self, number: int, does: Version, files: Iterable[DataFile] = ()) -> Delivery:
        source_files = tuple(commits.source_file(self.files, file) for file in (*does.added, *files))
        return Delivery(commits.delivery_name(number), InVersion(self.log.entry(number), source_files, does), None)

    def _missing(self, files: Iterable[DataFile]) -> list[DataFile]:
        return [file for file in files if file.key in self.missing or file.partition is None]


_ALLOWED = {
    "customers": "versions to take the new values",
    "events": "first_known to take only the events that it adds (this needs event_id)",
}


def delta_history(spark: SparkSession, source: Source, table: DeltaSource, log: Log, first: int) -> DeltaHistory:
    """The commits of a source from a version on, and which of their files are missing."""
    files = Files(spark, source.path)
    history = commits.read(spark, log, range(first, log.newest + 1))
    suspects = [file for commit in history.values() for file in commit.removed]
    if source.delivered.changes != "refuse":
        suspects += [file for commit in history.values() for file in commit.feed]
    return DeltaHistory(source, table, files, log, history, frozenset(commits.missing_keys(table, files, suspects)))
