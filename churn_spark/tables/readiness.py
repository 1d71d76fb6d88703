"""Refuses what must not be read: partitions left half-written, tables that lost commits the ledger knows."""

from collections.abc import Mapping
from datetime import date

from pyspark.sql import SparkSession

from churn_spark.definitions.errors import ContractError, NotReadyError
from churn_spark.lineage.ledger import Entry, Ledger
from churn_spark.tables.damage import REPAIR
from churn_spark.tables.location import Location
from churn_spark.tables.table import Table

_OWN = ("ingest", "profile", "train", "alert", "intervene", "uplift", "monitor", "dispatch", "maintain")
AGAIN = {"recovery": "ingest", **{job: job for job in _OWN}}
"""The command that mends what a job left half-written; what is not listed, backfill finds."""


def refuse_half_written(
    table: Table, half_written: Mapping[date | None, Entry], job: str | None, arguments: str
) -> None:
    """Raise NotReadyError with the command that mends when another job left a partition half-written."""
    for day, entry in half_written.items():
        if AGAIN.get(entry.job, entry.job) == job:
            continue
        # A run of many dates is mended by the job that finds them all again.
        again = AGAIN.get(entry.job, "backfill")
        command = f"churn-spark {again} {arguments} --as-of {entry.as_of}"
        raise NotReadyError(
            f"{table.name}: {day or 'it'} was left half-written by the run {entry.run_id} of"
            f" {entry.at:%Y-%m-%d %H:%M} UTC (or that run is still at work); rerun it: {command}"
        )


def checked_version(spark: SparkSession, location: Location, table: Table, ledger: Ledger) -> int | None:
    """The table's newest version, None when there is none; ContractError when the ledger knows a newer one.

    Delta itself does not notice that its newest commit is missing or empty: the next write would take its number, and
    what it held would be gone unseen.
    """
    version, known = location.version(spark, table.name), ledger.version(table.name)
    if known is None or known < 0:
        return version
    if version is None:
        gone = location.address(table.name)
        raise ContractError(f"{table.name}: the ledger knows its version {known}, but {gone} is gone; {REPAIR}")
    if version < known:
        raise ContractError(
            f"{table.name}: it stands at version {version}, the ledger knows {known}:"
            f" {location.entry(table.name, version + 1)} is missing; {REPAIR}"
        )
    if location.empty_entry(table.name, version):
        raise ContractError(f"{table.name}: {location.entry(table.name, version)} is empty; {REPAIR}")
    return version
