"""A stage: one step of the way, which says everything about itself; all else derives from the list of stages."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.periods import Days, month
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.due import Due, obtainable, reason_due
from churn_spark.lineage.ledger import Ledger
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.table import Table

Reads = Mapping[str, Days]
"""Partitions read, by table name."""
Definitions = Mapping[str, Mapping[str, str]]
"""The hash of each column's definition, by table name and column."""
PUBLISHED = "published"
"""Kind of what is due of a partition that others have acted upon: it is never built again by itself."""

DRY_RUN = "dry-run"
"""Option: show what would go out, and send and write nothing."""
REDECIDE = "redecide"
"""Option: decide again about a date that others may have acted upon, and hand it over again."""


@dataclass(frozen=True, slots=True)
class Option:
    """What `--option` may say to a stage: as it is written for people, and as a regular expression."""

    written: str
    pattern: str


def reads_no_table(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """Reads of a stage that reads no table."""
    return {}


def _no_tables(project: Project) -> tuple[Table, ...]:
    return ()


def _no_definitions(project: Project) -> Definitions:
    return {}


def _all_columns(project: Project, ledger: Ledger, output: str, day: date) -> frozenset[str]:
    return frozenset()


def _no_state(project: Project, ledger: Ledger, output: str, day: date) -> str | None:
    return None


def _no_dates(project: Project, ledger: Ledger) -> list[date]:
    return []


def _always(project: Project) -> bool:
    return True


def _nothing_refused(project: Project, options: Sequence[str], as_of: date) -> None:
    pass


def _nothing_checked(project: Project, catalog: Catalog, as_of: date) -> None:
    pass


def _never(run: Run, project: Project, catalog: Catalog) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way; `daily`, `backfill`, `status`, `maintain`, schedules and documentation follow it.

    work: does it. writes: the contracts of its tables, the last committed last.
    reads: what a partition `day` of a table `output` is made of, by table.
    definitions: the hash of each column's definition, by table; another hash makes a partition stale.
    unavailable: the columns that a partition cannot have (see `lineage.unavailable`).
    state: what a partition rests on besides, in words; one made in another state is due.
    dates: the partitions it should have at an as-of date (and the days wanted besides), by table: what `backfill`
    builds. None: it finds its own.
    premature: partitions that stand though they should not yet. published: partitions that others have acted upon,
    which stay as they are.
    per_date: whether it owns one partition per as-of date or, if `monthly`, one of the first day of the date's month.
    Otherwise it finds its own partitions. alone: whether `backfill` runs it at each date by itself; a date that cannot
    be had with today's definitions stays as it is.
    daily: whether `daily` runs it; done: whether `daily` may skip the run, for a stage that writes no table. schedule:
    when a stage that is not daily runs by default, as cron writes it. needed: whether a project needs it at all.
    retention: whether `maintain` drops its partitions older than `retention.features_days`.
    acts: whether customers are acted upon by what it makes; `daily` leaves it out once a stage of the date has failed.
    aside: whether no daily stage needs what it makes: `daily` goes on if it fails, and ends with its error.
    options: what `--option` may say to it. preflight: what it refuses before Spark starts. checked: what must hold once
    it is done, before `daily` goes on.
    """

    name: str
    summary: str
    work: Callable[[Run, Project, Catalog], None]
    writes: Callable[[Project], tuple[Table, ...]] = _no_tables
    reads: Callable[[Project, Ledger, str, date], Reads] = reads_no_table
    definitions: Callable[[Project], Definitions] = _no_definitions
    unavailable: Callable[[Project, Ledger, str, date], frozenset[str]] = _all_columns
    state: Callable[[Project, Ledger, str, date], str | None] = _no_state
    dates: Callable[[Project, Catalog, date, Days | None], Mapping[str, Sequence[date]]] | None = None
    premature: Callable[[Project, Ledger], list[date]] = _no_dates
    published: Callable[[Project, Ledger], list[date]] = _no_dates
    per_date: bool = False
    monthly: bool = False
    alone: bool = False
    daily: bool = False
    done: Callable[[Run, Project, Catalog], bool] = _never
    schedule: str | None = None
    needed: Callable[[Project], bool] = _always
    retention: bool = False
    acts: bool = False
    aside: bool = False
    options: tuple[Option, ...] = ()
    preflight: Callable[[Project, Sequence[str], date], None] = _nothing_refused
    checked: Callable[[Project, Catalog, date], None] = _nothing_checked

    def partition(self, as_of: date) -> date:
        """The partition that holds what it makes for an as-of date, if it is `per_date`."""
        return month(as_of) if self.monthly else as_of

    def concerned_by(self, options: Iterable[str]) -> bool:
        """Whether one of the options is for this stage in particular."""
        return any(re.fullmatch(option.pattern, text) for text in options for option in self.options)

    @property
    def command(self) -> str:
        """Its verb on the command line."""
        return self.name.replace("_", "-")

    def tables(self, project: Project) -> tuple[str, ...]:
        """The names of the tables it writes."""
        return tuple(table.name for table in self.writes(project))

    def due(self, project: Project, ledger: Ledger, output: str, days: Iterable[date]) -> list[Due]:
        """Those of `days` whose partition of `output` must be (re)built, in order, with the first reason there is.

        One that others have acted upon is of the kind `published`: it is listed, and it stays.
        """
        published = set(self.published(project, ledger))
        columns = self.definitions(project).get(output, {})
        due = []
        for day in sorted(set(days)):
            available = obtainable(columns, self.unavailable(project, ledger, output, day))
            reads, state = self.reads(project, ledger, output, day), self.state(project, ledger, output, day)
            if reason := reason_due(ledger, output, day, reads, available, state):
                kind, text = reason if day not in published else (PUBLISHED, f"{reason[1]}; acted upon, so it stays")
                due.append(Due(self.name, output, day, kind, text))
        return due

    def stands(self, project: Project, ledger: Ledger, day: date) -> bool:
        """Whether others have acted upon what it made for a date, and all of that is there: then it stays as it is."""
        if day not in self.published(project, ledger):
            return False
        tables = self.tables(project)
        return all(ledger.partition(name, day) and day not in ledger.open(name, [day]) for name in tables)

    def to_build(self, project: Project, ledger: Ledger, output: str, days: Iterable[date]) -> list[date]:
        """Those of `days` that are due, without those that others have acted upon."""
        return [item.day for item in self.due(project, ledger, output, days) if item.kind != PUBLISHED]
