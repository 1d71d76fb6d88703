"""Sources whose past counts as known only since it was taken in, so that earlier snapshots lack it; and what to do."""

from collections.abc import Iterator
from datetime import timedelta

from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.lineage.data_end import newest_buildable
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.intake.backdating import ADD_HISTORY, LONG_AGO, NO_HISTORY
from churn_spark.stages.intake.retaking import RESTATE


def remedies(project: Project, ledger: Ledger, arguments: str, all: bool = False) -> Iterator[str]:
    """A line for each source whose first load was no history; arguments: of the command line.

    Sources of which it was said that this is right (`no-history`) are left out, unless all are wanted.
    """
    for source in project.sources:
        if all or f"{NO_HISTORY}={source.name}" not in ledger.options("ingest"):
            yield from _remedy(project, source, ledger, arguments)


def _remedy(project: Project, source: Source, ledger: Ledger, arguments: str) -> Iterator[str]:
    if source.kind == "customers" and source.delivered.by == "event":
        yield from _undated(project, source, ledger, arguments)
        return
    known = {day: nominal.known for day, nominal in ledger.nominal_dates(source.name).items() if nominal.known}
    if not known:
        return
    first = min(known.values())
    overdue = timedelta(days=LONG_AGO + source.delivered.lag_days)
    late = [day for day, since in known.items() if since == first and day + overdue < since]
    if not late:
        return
    until, last = source.delivered.history_until, max(day for day, since in known.items() if since == first)
    key = f"sources.{source.name}.delivered.history_until"
    yield (
        f"{source.name}: what is dated {min(late)} to {last} counts as known from {first} only, as it was taken then"
        f" and no history; earlier snapshots hold none of it. If it was known on its own dates:"
        f" {'' if until and until >= last else f'set {key}: {last}, '}churn-spark ingest {arguments} --as-of"
        f" {ledger.completed('ingest')} --option {ADD_HISTORY}={source.name}, {_then(project, ledger, arguments)}"
    )


def _undated(project: Project, source: Source, ledger: Ledger, arguments: str) -> Iterator[str]:
    """Versions of customers without a date hold from the day they are taken: attributes of earlier days are null."""
    taken = ledger.arrivals(source.name)
    first = ledger.first_filled("customers")
    if not taken or first is None or first <= project.snapshots.first:
        return
    if not project.temporal:
        yield (
            f"{source.name}: its rows have no date (delivered.by: event) and count as known from {first} only; earlier"
            f" snapshots have no label: set snapshots.first: {first}"
        )
        return
    yield (
        f"{source.name}: its rows have no date (delivered.by: event) and count as known from {first} only; attributes"
        f" are null in earlier snapshots. If a column or the file's name says since when they hold, set"
        f" sources.{source.name}.delivered.by and history_until, then churn-spark ingest {arguments} --as-of"
        f" {ledger.completed('ingest')} --option {RESTATE} --option {ADD_HISTORY}={source.name},"
        f" {_then(project, ledger, arguments)}"
    )


def _then(project: Project, ledger: Ledger, arguments: str) -> str:
    return f"then churn-spark backfill {arguments} --as-of {newest_buildable(project, ledger)}"
