"""Which as-of dates should have a snapshot, and which months a partition of what is made monthly."""

from collections.abc import Collection
from datetime import date, timedelta

from churn_spark.definitions.periods import Days, grid, month
from churn_spark.definitions.project import Project
from churn_spark.lineage.data_end import data_end
from churn_spark.lineage.ledger import Ledger


def first_known(project: Project, ledger: Ledger) -> date | None:
    """The first as-of date at which an event (without sources of events a customer) was known; None: none is."""
    tables = [source.events_table for source in project.event_sources] or ["customers"]
    return min(filter(None, map(ledger.first_filled, tables)), default=None)


def oldest_kept(project: Project, as_of: date) -> date:
    """The oldest snapshot that retention keeps at an as-of date."""
    return as_of - timedelta(days=project.retention.features_days)


def snapshot_dates(project: Project, ledger: Ledger, as_of: date, wanted: Days | None = None) -> list[date]:
    """The as-of dates that should have features: training snapshots, dates wanted, dates already built.

    A date already built stays as it is if it lies before anything that is known now, as a source was removed. Dates
    too far beyond the end of the data are left out.
    """
    start, end, oldest = first_known(project, ledger), data_end(project, ledger), oldest_kept(project, as_of)
    days = {day for day in _written_or_begun(ledger, "features") if start and day >= start}
    days |= set(grid(project.snapshots.first, project.snapshots.every, as_of)) | set(wanted or ())
    return sorted(day for day in days if oldest <= day <= (min(as_of, end.until) if end else as_of))


def month_dates(
    project: Project, ledger: Ledger, outputs: Collection[str], as_of: date, wanted: Days | None = None
) -> list[date]:
    """The first days of the months of all snapshots, and of months that a run left half-written in some tables."""
    days = {month(day) for day in snapshot_dates(project, ledger, as_of, wanted)}
    half_written = {day for output in outputs for day in ledger.open(output) if day}
    oldest = month(oldest_kept(project, as_of))
    return sorted(day for day in days | half_written if oldest <= day <= as_of)


def _written_or_begun(ledger: Ledger, table: str) -> set[date]:
    """The partitions of a table that a run has written or begun to write."""
    return set(ledger.partitions(table)) | {day for day in ledger.open(table) if day}
