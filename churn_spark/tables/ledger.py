"""The ledger as values: which run wrote each partition, from what, and what was left half-written.

Revisions order everything: every row of `runs` has a higher one than all before it. A partition is stale when one of
its inputs has a data-changing revision newer than the ledger its run began with.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from churn_spark.definitions.periods import Days

OK, NOTHING, RUNNING = "ok", "nothing_to_do", "running"
UNCHANGED, BROKEN = "failed", "broken"
"""`failed`: nothing was committed, the old state stands; `broken`: some was, what the run named is unreadable."""
REMOVED = "removed"
"""Fingerprint of a partition that retention dropped: it counts as never built."""
LOST = "lost"
"""Event of a row that takes a run's end back: commits of it are gone from the table's log."""


@dataclass(frozen=True, slots=True)
class Written:
    """A partition named (start row), written (end row) or lost (lost row) by a run.

    version: of the table, at the commit.
    """

    table: str
    partition: date | None
    rows: int | None = None
    fingerprint: str | None = None
    changed: bool | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A span of partitions a run read (None: unbounded) and the ledger's revision it saw."""

    table: str
    first: date | None
    end: date | None
    revision: int

    @property
    def days(self) -> Days | None:
        return Days(self.first, self.end) if self.first and self.end else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of `runs`.

    definitions: hash of each column, by table. lacking: columns a partition does not have in spite of it, by table.
    """

    run_id: str
    event: str
    revision: int
    job: str
    as_of: date
    at: datetime
    status: str
    error: str | None = None
    writes: tuple[Written, ...] = ()
    reads: tuple[Read, ...] = ()
    subjects: tuple[str, ...] = ()
    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lacking: Mapping[str, Mapping[date, Collection[str]]] = field(default_factory=dict)
    seconds: float | None = None
    code_version: str = ""
    settings_hash: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Partition:
    """What stands in one partition: who wrote it, from which state of the ledger, with which definitions.

    revision: of its last change; read_revision: the newest revision its run could have seen.
    """

    revision: int
    read_revision: int
    rows: int
    fingerprint: str
    run_id: str
    job: str
    definitions: Mapping[str, str]
    settings_hash: str
    reads: tuple[Read, ...] = ()
    version: int = -1


class Ledger:
    """All runs of a warehouse, folded in the order of their revisions."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = []
        self.revision = 0
        self._partitions: dict[str, dict[date | None, Partition]] = {}
        self._open: dict[tuple[str, date | None], list[Entry]] = {}
        self._starts: dict[str, Entry] = {}
        self._lost: dict[tuple[str, date | None], Partition] = {}
        for entry in sorted(entries, key=lambda entry: entry.revision):
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Fold one more row in."""
        self.entries.append(entry)
        self.revision = max(self.revision, entry.revision)
        if entry.event == "start":
            self._start(entry)
        elif entry.event == LOST:
            self._reopen(entry)
        elif entry.status == OK:
            self._end(entry)
        elif entry.status in (UNCHANGED, NOTHING):
            self._forget(entry)

    def partition(self, table: str, day: date | None) -> Partition | None:
        """The state of one partition; None when it was never written to the end."""
        return self._partitions.get(table, {}).get(day)

    def partitions(self, table: str) -> dict[date, Partition]:
        """Every dated partition that was written to the end, empty ones included."""
        return {day: state for day, state in self._partitions.get(table, {}).items() if day is not None}

    def definitions(self, table: str, day: date) -> Mapping[str, str] | None:
        """The definitions of a partition as it was last written, also where that was lost; None: it never was."""
        state = self.partition(table, day) or self._lost.get((table, day))
        return state.definitions if state else None

    def version(self, table: str) -> int | None:
        """The newest version of a table that a finished run made; None when there is none."""
        return max((state.version for state in self._partitions.get(table, {}).values()), default=None)

    def lost(self, table: str, version: int | None) -> list[Entry]:
        """Rows that take back what finished runs wrote to a table after its version (None: the table is gone)."""
        runs: dict[str, list[Written]] = {}
        for day, state in self._partitions.get(table, {}).items():
            if version is None or state.version > version:
                runs.setdefault(state.run_id, []).append(Written(table, day))
        return [replace(self._starts[run], event=LOST, reads=(), writes=tuple(named)) for run, named in runs.items()]

    def open(self, table: str, days: Days | Collection[date] | None = None) -> dict[date | None, Entry]:
        """Partitions that the newest run naming them did not finish, with the start row of that run."""
        return {
            day: starts[-1]
            for (name, day), starts in self._open.items()
            if name == table and starts and (days is None or day is None or day in days)
        }

    def may_hold(self, table: str, day: date, run_id: str) -> bool:
        """Whether a partition can hold rows of another run than this one, finished or not."""
        starts = self._open.get((table, day), [])
        return self.partition(table, day) is not None or any(start.run_id != run_id for start in starts)

    def open_subjects(self, job: str) -> set[str]:
        """Subjects (deliveries) of unfinished runs of a job that left something unreadable."""
        unfinished = (entry for starts in self._open.values() for entry in starts if entry.job == job)
        return {subject for entry in unfinished for subject in entry.subjects}

    def newest(self, table: str, days: Days | Collection[date] | None = None) -> int:
        """The newest data-changing revision among partitions of a table; 0 when there is none."""
        partitions = self._partitions.get(table, {})
        return max(
            (state.revision for day, state in partitions.items() if days is None or day is None or day in days),
            default=0,
        )

    def completed(self, job: str) -> date | None:
        """The newest as-of date a job has completed."""
        done = [entry.as_of for entry in self.entries if entry.job == job and entry.status in (OK, NOTHING)]
        return max(done, default=None)

    def _start(self, entry: Entry) -> None:
        self._starts[entry.run_id] = entry
        for written in entry.writes:
            self._open.setdefault((written.table, written.partition), []).append(entry)

    def _end(self, entry: Entry) -> None:
        for written in entry.writes:
            self._open.pop((written.table, written.partition), None)
            before = self.partition(written.table, written.partition)
            if written.fingerprint == REMOVED:
                self._partitions.get(written.table, {}).pop(written.partition, None)
                continue
            defined = _defined(entry, written)
            changed = before is None or (written.changed and not self._only_columns(before, defined, entry))
            self._partitions.setdefault(written.table, {})[written.partition] = Partition(
                revision=entry.revision if changed or before is None else before.revision,
                read_revision=self._read_revision(entry),
                rows=written.rows or 0,
                fingerprint=written.fingerprint or "",
                run_id=entry.run_id,
                job=entry.job,
                definitions=defined,
                settings_hash=entry.settings_hash,
                reads=self._reads(entry),
                version=-1 if written.version is None else written.version,
            )
        self._forget(entry)

    def _only_columns(self, before: Partition, defined: Mapping[str, str], entry: Entry) -> bool:
        """Whether a run found all it reads as the run before did, and only columns were configured anew.

        What is made from the partition then has nothing to do: it has the definitions of the columns it uses in its
        own. Only for tables that say what their rows mean.
        """
        rows = definitions_of_rows(before.definitions)
        if not rows or rows != definitions_of_rows(defined) or defined == before.definitions:
            return False
        own = {written.table for written in entry.writes}
        return all(
            self.newest(read.table, read.days) <= before.read_revision
            for read in (*before.reads, *self._reads(entry))
            if read.table not in own
        )

    def _forget(self, entry: Entry) -> None:
        """Close what this run named; what an older run left open stays open."""
        kept = {key: [start for start in starts if start.run_id != entry.run_id] for key, starts in self._open.items()}
        self._open = {key: starts for key, starts in kept.items() if starts}

    def _reopen(self, entry: Entry) -> None:
        for written in entry.writes:
            state = self._partitions.get(written.table, {}).pop(written.partition, None)
            if state:
                self._lost[written.table, written.partition] = state
            self._open.setdefault((written.table, written.partition), []).append(self._starts[entry.run_id])

    def _read_revision(self, entry: Entry) -> int:
        """The ledger an ended run began with: of its first read, of its start when it read nothing."""
        start = self._starts.get(entry.run_id)
        return min((read.revision for read in self._reads(entry)), default=start.revision if start else 0)

    def _reads(self, entry: Entry) -> tuple[Read, ...]:
        start = self._starts.get(entry.run_id)
        return entry.reads or (start.reads if start else ())


def definitions_of_rows(definitions: Mapping[str, str]) -> dict[str, str]:
    """Those that say which rows there are, not what a column means: their names are in brackets."""
    return {name: known for name, known in definitions.items() if name.startswith("(")}


def _defined(entry: Entry, written: Written) -> Mapping[str, str]:
    definitions = entry.definitions.get(written.table, {})
    lacking = entry.lacking.get(written.table, {})
    gone = lacking.get(written.partition, ()) if written.partition else ()
    return {column: known for column, known in definitions.items() if column not in gone} if gone else definitions
