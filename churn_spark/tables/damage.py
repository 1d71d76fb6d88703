"""Recognises what crashes and broken disks leave behind, and says what to do: half-written partitions, damaged logs."""

import re
from collections.abc import Mapping
from datetime import date

from pyspark.sql import SparkSession

from churn_spark.definitions.errors import ContractError, NotReadyError
from churn_spark.tables.ledger import Entry, Ledger
from churn_spark.tables.place import Place
from churn_spark.tables.table import Table

REPAIR = 'docs/operations.md, "A damaged Delta log", says how to repair it'

_LOG_FILE = re.compile(r"[^\s'\",\[\]()]*/_delta_log/[^\s'\",\[\]():]+")


def refuse_half_written(table: Table, found: Mapping[date | None, Entry], job: str | None, arguments: str) -> None:
    """Raise NotReadyError with the command that mends when another job left a partition half-written."""
    for day, entry in found.items():
        if entry.job == job:
            continue
        # A run of many dates is mended by the job that finds them all again.
        again = entry.job if entry.job in ("ingest", "profile", "train") else "backfill"
        command = f"churn-spark {again} {arguments} --as-of {entry.as_of}"
        raise NotReadyError(
            f"{table.name}: {day or 'it'} was left half-written by the run {entry.run_id} of"
            f" {entry.at:%Y-%m-%d %H:%M} UTC (or that run is still at work); rerun it: {command}"
        )


def checked_version(spark: SparkSession, place: Place, table: Table, ledger: Ledger) -> int | None:
    """The table's newest version, None when there is none; ContractError when the ledger knows a newer one.

    Delta itself does not notice that its newest commit is missing: the next write would take its number, and what it
    held would be gone unseen.
    """
    version, known = place.version(spark, table.name), ledger.version(table.name)
    if known is None or known < 0 or (version is not None and version >= known):
        return version
    if version is None:
        raise ContractError(
            f"{table.name}: the ledger knows its version {known}, but {place.of(table.name)} is gone; {REPAIR}"
        )
    missing = f"{place.of(table.name)}/_delta_log/{known:020d}.json"
    raise ContractError(
        f"{table.name}: it stands at version {version}, the ledger knows {known}: {missing} is missing; {REPAIR}"
    )


def named(error: BaseException) -> ContractError | None:
    """The error to show when Spark or Delta stumbled over a file of a Delta log; None for any other error."""
    found = _LOG_FILE.search(str(error))
    if found is None:
        return None
    return ContractError(f"a Delta log is damaged: {found[0]} cannot be read; {REPAIR}")
