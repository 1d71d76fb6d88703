"""Commit versions of a Delta source as deliveries: first all rows of one version, then the changes of each version.

Maintenance of the table (OPTIMIZE, VACUUM, properties) adds no rows and is no delivery.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import Delivery, InVersion
from churn_spark.stages.intake import commits
from churn_spark.stages.intake.commits import Log
from churn_spark.stages.intake.delta_history import DeltaHistory, delta_history
from churn_spark.tables.delta_source import DeltaSource


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of a Delta source.

    known: taken before, by name only (see `retakable_versions`). new: to take, with their files. problems: by number,
    why a version cannot be taken. newest: the last version of the table, with or without rows to take.
    """

    known: tuple[Delivery, ...] = ()
    new: tuple[Delivery, ...] = ()
    problems: Mapping[int, str] = field(default_factory=dict)
    newest: int = -1


def find_versions(
    spark: SparkSession,
    source: Source,
    taken: Collection[str],
    half_written: Collection[str] = (),
    looked_at: int = -1,
) -> Versions:
    """The versions to take: on a first load one version entirely and those after it, later those after the last taken.

    taken: versions taken completely; half_written: versions that a broken run began to take; looked_at: the newest
    version that an earlier run has seen. A version in `problems` that is still in the log is also in `new`, without
    rows. DeliveryError: no version can be read entirely, or the table was recreated. ConfigError: the table uses column
    mapping, so its files have other column names.
    """
    table, log = _opened(spark, source)
    complete, half_taken = {int(name) for name in taken}, {int(name) for name in half_written}
    last_seen = max(looked_at, *complete) if complete else -1
    if log.newest < last_seen:
        raise DeliveryError(
            f"{source.name}: version {last_seen} of {source.path} was taken, but its newest is {log.newest} now: the"
            " table was recreated. Configure it as a new source, or restore the old table"
        )
    known = tuple(
        Delivery(commits.delivery_name(n), InVersion(log.commits[n]), None) for n in complete if n in log.commits
    )
    if complete:
        wanted = sorted(half_taken.union(range(last_seen + 1, log.newest + 1)))
        if not wanted:
            return Versions(known, newest=log.newest)
        return _versions_to_take(
            delta_history(spark, source, table, log, min(wanted)), wanted, min(complete | half_taken), known
        )
    history = delta_history(spark, source, table, log, log.oldest)
    first = _first_version(history, begun=min(half_taken, default=None))
    return _versions_to_take(history, range(first, log.newest + 1), first, known)


def retakable_versions(
    spark: SparkSession, source: Source, deliveries: Collection[Delivery], taken: Collection[str]
) -> list[Delivery]:
    """The versions with their files, without those whose files are missing.

    taken: all versions ever taken; the first of them was read entirely.
    """
    if not deliveries:
        return []
    table, log = _opened(spark, source)
    numbers, first = sorted(int(delivery.name) for delivery in deliveries), min(map(int, taken))
    history = delta_history(spark, source, table, log, min(numbers))
    each = [_delivery_or_problem(history, number, first) for number in numbers]
    return [delivery for delivery, problem in each if delivery and not problem]


def first_version(spark: SparkSession, source: Source) -> int:
    """The version that a first load of a source begins with."""
    table, log = _opened(spark, source)
    return _first_version(delta_history(spark, source, table, log, log.oldest), begun=None)


def _opened(spark: SparkSession, source: Source) -> tuple[DeltaSource, Log]:
    if source.delivered.by == "file_name":
        raise ConfigError(f"sources.{source.name}.delivered.by: a version has no name with a date; use column or event")
    table = DeltaSource(spark, source.path)
    mode = table.properties.get("delta.columnMapping.mode", "none")
    if mode != "none":
        raise ConfigError(
            f"sources.{source.name}: {source.path} maps its columns (delta.columnMapping.mode {mode}); give a copy"
            " without, or deliver files"
        )
    return table, commits.list_log(spark, source.path)


def _first_version(history: DeltaHistory, begun: int | None) -> int:
    """The oldest version that can be read entirely and after which rows were only added, by commits that can be taken.

    Rows deleted before a first load are not taken. begun: the version that a broken run began with, which is used again
    if it can still be read entirely.
    """
    readable = list(history.readable_versions())
    if begun in readable:
        return begun
    refused = [number for number, commit in history.commits.items() if commit.changes or history.problem(number)]
    since = max(refused, default=history.log.oldest)
    first = next((number for number in readable if number >= since), None)
    if first is None:
        raise DeliveryError(
            f"{history.source.name}: {history.unreadable(history.log.newest)}; restore the table, or deliver files"
        )
    return first


def _versions_to_take(
    history: DeltaHistory, wanted: Sequence[int], first: int, known: tuple[Delivery, ...]
) -> Versions:
    by_number = {number: _delivery_or_problem(history, number, first) for number in wanted}
    return Versions(
        known,
        new=tuple(delivery for delivery, _ in by_number.values() if delivery),
        problems={number: problem for number, (_, problem) in by_number.items() if problem},
        newest=history.log.newest,
    )


def _delivery_or_problem(history: DeltaHistory, number: int, first: int) -> tuple[Delivery | None, str | None]:
    """A version as a delivery (None: no rows, or not in the log), and why it cannot be taken (None: it can)."""
    problem = history.unreadable(number) if number == first else history.problem(number)
    if problem:
        return (history.without_rows(number) if number in history.log.commits else None), problem
    if number != first:
        return history.delivery(number), None
    delivery = history.all_rows(number)
    return (delivery if delivery.files else None), None
