"""The state of a warehouse as values: tables, what is due, earlier runs, the model in force."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from churn_spark.definitions.project import Project
from churn_spark.lineage import unavailable
from churn_spark.lineage.data_end import data_end
from churn_spark.lineage.due import Due
from churn_spark.lineage.entry import Entry
from churn_spark.lineage.ledger import Ledger
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages import all_stages, late_sources
from churn_spark.stages.training.challengers import Challenger, challengers
from churn_spark.stages.training.champions import Decision, decisions, in_force
from churn_spark.tables.catalog import Catalog


@dataclass(frozen=True, slots=True, eq=False)
class Status:
    """The state of a project's warehouse at an as-of date.

    ingested: the newest as-of date that ingest has completed, None before the first. buildable_until: the last as-of
    date for which anything is built, None where the data have no known end. tables: a row per table with dates (table,
    partitions, first, last, rows, due, half_written). due: see `OpenProject.due`. runs: every run in the ledger, newest
    first (job, as_of, started, status, seconds, error). champion: the model in force (version, family, effective_from,
    reason), None without one. challengers: registered versions that the gate kept out of force, the newest first, with
    its reasons. notes: what deserves attention, with the command that helps.
    """

    project: str
    as_of: date
    ingested: date | None
    buildable_until: date | None
    tables: pd.DataFrame
    due: pd.DataFrame
    runs: pd.DataFrame
    champion: Decision | None
    challengers: tuple[Challenger, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        champion = f"version {self.champion.version} ({self.champion.family})" if self.champion else "none"
        return (
            f"{self.project} at {self.as_of}: {len(self.due)} partitions are due, ingested up to {self.ingested},"
            f" model in force: {champion}"
        )


def status(project: Project, catalog: Catalog, as_of: date) -> Status:
    """The state at an as-of date."""
    ledger = catalog.ledger
    plan = everything_due(project, catalog, as_of)
    end = data_end(project, ledger)
    return Status(
        project=project.name,
        as_of=as_of,
        ingested=ledger.completed("ingest"),
        buildable_until=end.until if end else None,
        tables=_tables(project, ledger, plan),
        due=due_frame(plan),
        runs=runs_frame(ledger.entries),
        champion=in_force(decisions(project, catalog), as_of),
        challengers=tuple(challengers(catalog, as_of)),
        notes=(
            *unavailable.warnings(project, ledger),
            *late_sources.remedies(project, ledger, catalog.arguments),
        ),
    )


def due_frame(plan: Collection[Due]) -> pd.DataFrame:
    """A row per partition that is due: stage, table, date, kind and reason."""
    rows = [(item.stage, item.table, item.day, item.kind, item.reason) for item in plan]
    return _dated(pd.DataFrame(rows, columns=["stage", "table", "date", "kind", "reason"]), "date")


def runs_frame(entries: Collection[Entry]) -> pd.DataFrame:
    """A row per run, newest first; one that has not ended is `running`, or was killed."""
    ended = {entry.run_id for entry in entries if entry.event == "end"}
    shown = [entry for entry in entries if entry.event == "end" or entry.run_id not in ended]
    rows = [
        (
            entry.job,
            entry.as_of,
            entry.at - timedelta(seconds=entry.seconds or 0.0),
            entry.status,
            entry.seconds,
            entry.error,
        )
        for entry in reversed(shown)
    ]
    return _dated(pd.DataFrame(rows, columns=["job", "as_of", "started", "status", "seconds", "error"]), "as_of")


def _tables(project: Project, ledger: Ledger, plan: Collection[Due]) -> pd.DataFrame:
    rows = []
    for table in all_stages.tables(project):
        if table.partition:
            states = ledger.partitions(table.name)
            due = sum(item.table == table.name for item in plan)
            size = sum(state.rows for state in states.values())
            first, last = (min(states), max(states)) if states else (None, None)
            rows.append((table.name, len(states), first, last, size, due, len(ledger.open(table.name))))
    names = ["table", "partitions", "first", "last", "rows", "due", "half_written"]
    return _dated(pd.DataFrame(rows, columns=names), "first", "last")


def _dated(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The frame with columns of dates as pandas has them."""
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in columns})
