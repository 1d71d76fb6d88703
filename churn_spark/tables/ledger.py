"""The ledger as values: which run wrote each partition, from what, and what was left half-written.

Revisions order everything: every row of `runs` has a higher one than all before it. A partition is stale when one of
its inputs has a data-changing revision newer than the ledger its run began with.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from churn_spark.definitions.periods import Days

OK, NOTHING, RUNNING = "ok", "nothing_to_do", "running"
UNCHANGED, BROKEN = "failed", "broken"
"""`failed`: nothing was committed, the old state stands; `broken`: some was, what the run named is unreadable."""


@dataclass(frozen=True, slots=True)
class Written:
    """A partition named (start row) or written (end row) by a run."""

    table: str
    partition: date | None
    rows: int | None = None
    fingerprint: str | None = None
    changed: bool | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A span of partitions a run read (None: unbounded) and the ledger's revision it saw."""

    table: str
    first: date | None
    end: date | None
    revision: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of `runs`."""

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


class Ledger:
    """All runs of a warehouse, folded in the order of their revisions."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = []
        self.revision = 0
        self._partitions: dict[str, dict[date | None, Partition]] = {}
        self._open: dict[tuple[str, date | None], list[Entry]] = {}
        self._seen: dict[str, int] = {}
        for entry in sorted(entries, key=lambda entry: entry.revision):
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Fold one more row in."""
        self.entries.append(entry)
        self.revision = max(self.revision, entry.revision)
        if entry.event == "start":
            self._start(entry)
        elif entry.status == OK:
            self._end(entry)
        elif entry.status == UNCHANGED:
            self._forget(entry)

    def partition(self, table: str, day: date | None) -> Partition | None:
        """The state of one partition; None when it was never written to the end."""
        return self._partitions.get(table, {}).get(day)

    def partitions(self, table: str) -> dict[date, Partition]:
        """Every dated partition that was written to the end, empty ones included."""
        return {day: state for day, state in self._partitions.get(table, {}).items() if day is not None}

    def open(self, table: str, days: Days | Collection[date] | None = None) -> dict[date | None, Entry]:
        """Partitions that the newest run naming them did not finish, with the start row of that run."""
        return {
            day: starts[-1]
            for (name, day), starts in self._open.items()
            if name == table and starts and (days is None or day is None or day in days)
        }

    def open_subjects(self, job: str) -> set[str]:
        """Subjects (deliveries) of unfinished runs of a job that left something unreadable."""
        return {
            subject for starts in self._open.values() for entry in starts if entry.job == job for subject in entry.subjects
        }

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
        self._seen[entry.run_id] = min((read.revision for read in entry.reads), default=entry.revision)
        for written in entry.writes:
            self._open.setdefault((written.table, written.partition), []).append(entry)

    def _end(self, entry: Entry) -> None:
        for written in entry.writes:
            before = self.partition(written.table, written.partition)
            changed = before is None or bool(written.changed)
            self._partitions.setdefault(written.table, {})[written.partition] = Partition(
                revision=entry.revision if changed or before is None else before.revision,
                read_revision=min((read.revision for read in entry.reads), default=self._seen.get(entry.run_id, 0)),
                rows=written.rows or 0,
                fingerprint=written.fingerprint or "",
                run_id=entry.run_id,
                job=entry.job,
                definitions=entry.definitions.get(written.table, {}),
                settings_hash=entry.settings_hash,
            )
            self._open.pop((written.table, written.partition), None)
        self._forget(entry)

    def _forget(self, entry: Entry) -> None:
        """Close what this run named; what an older run left open stays open."""
        for key, starts in list(self._open.items()):
            self._open[key] = [start for start in starts if start.run_id != entry.run_id]
