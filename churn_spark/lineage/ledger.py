"""The ledger as values: which run wrote each partition, from what, and what was left half-written.

Revisions order everything: every row of `runs` has a higher one than all before it. A partition is stale when one of
its inputs has a data-changing revision newer than the ledger its run began with.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from churn_spark.definitions.periods import Days
from churn_spark.lineage.arrivals import Arrival, Arrivals, Nominal
from churn_spark.lineage.entry import LOST, NOTHING, OK, REMOVED, RESTORED, UNCHANGED, Entry, Read, Written
from churn_spark.lineage.leases import LEASE, Leases
from churn_spark.lineage.partition import Partition

Computed = TypeVar("Computed")


class Ledger:
    """All runs of a warehouse, folded in the order of their revisions."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = []
        self.leases = Leases()
        self.revision = 0
        self._partitions: dict[str, dict[date | None, Partition]] = {}
        self._open: dict[tuple[str, date | None], list[Entry]] = {}
        self._starts: dict[str, Entry] = {}
        self._lost: dict[tuple[str, date | None], Partition] = {}
        self._arrivals = Arrivals()
        self._options: dict[str, set[str]] = {}
        self._ended: set[str] = set()
        self._sources: dict[str, int] = {}
        self._computed: dict[Hashable, Any] = {}
        for entry in sorted(entries, key=lambda entry: entry.revision):
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Add one more row. A lease is not a run: it only decides who may run."""
        self.revision = max(self.revision, entry.revision)
        self._computed.clear()
        if entry.event == LEASE:
            self.leases.add(entry)
            return
        self.entries.append(entry)
        if entry.event == "end" and entry.status in (OK, NOTHING):
            self._ended.add(entry.run_id)
            self._options.setdefault(entry.job, set()).update(entry.options)
        if entry.event == "start":
            self._start(entry)
        elif entry.event == LOST:
            self._reopen(entry)
        elif entry.status == OK:
            self._end(entry)
        elif entry.status == NOTHING:
            self._arrivals.add(entry.arrivals)
            self._forget(entry)
        elif entry.status == UNCHANGED:
            self._forget(entry)

    def partition(self, table: str, day: date | None) -> Partition | None:
        """The state of one partition; None when it was never written to the end."""
        return self._partitions.get(table, {}).get(day)

    def partitions(self, table: str) -> dict[date, Partition]:
        """Every dated partition that was written to the end, empty ones included."""
        return {day: state for day, state in self._partitions.get(table, {}).items() if day is not None}

    def first_filled(self, table: str) -> date | None:
        """The first dated partition that has rows."""
        return min((day for day, state in self.partitions(table).items() if state.rows), default=None)

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

    def unfinished_runs(self, table: str, days: Collection[date]) -> set[str]:
        """The runs that began to write some partitions and did not end."""
        starts = (start for day in days for start in self._open.get((table, day), ()))
        return {start.run_id for start in starts if self.unfinished(start.run_id)}

    def may_hold(self, table: str, day: date, run_id: str) -> bool:
        """Whether a partition can hold rows of another run than this one, finished or not."""
        starts = self._open.get((table, day), [])
        return self.partition(table, day) is not None or any(start.run_id != run_id for start in starts)

    def open_subjects(self, job: str) -> tuple[set[str], set[str]]:
        """Subjects (deliveries) of a job's runs that left something unreadable: unfinished ones, and lost ones."""
        left = [entry for starts in self._open.values() for entry in starts if entry.job == job]
        unfinished = {subject for entry in left if self.unfinished(entry.run_id) for subject in entry.subjects}
        return unfinished, {subject for entry in left for subject in entry.subjects} - unfinished

    def newest(self, table: str, days: Days | Collection[date] | None = None) -> int:
        """The newest data-changing revision among partitions of a table; 0 when there is none."""
        partitions = self._partitions.get(table, {})
        return max(
            (state.revision for day, state in partitions.items() if days is None or day is None or day in days),
            default=0,
        )

    def arrivals(self, source: str) -> Mapping[str, Arrival]:
        """The deliveries of a source that were taken in, by name."""
        return self._arrivals.deliveries(source)

    def nominal_dates(self, source: str) -> Mapping[date, Nominal]:
        """The nominal dates of a source that were delivered."""
        return self._arrivals.nominal_dates(source)

    def unfinished(self, run_id: str) -> bool:
        """Whether a run began to write and has not ended well."""
        return run_id in self._starts and run_id not in self._ended

    def options(self, job: str) -> Collection[str]:
        """All options that completed runs of a job were given."""
        return self._options.get(job, set())

    def added_later(self, source: str) -> bool:
        """Whether a source was configured only after others had been taken in."""
        return self._sources.get(source, 0) > min(self._sources.values(), default=0)

    def completed(self, job: str) -> date | None:
        """The newest as-of date a job has completed."""
        done = [entry.as_of for entry in self.entries if entry.job == job and entry.status in (OK, NOTHING)]
        return max(done, default=None)

    def computed_once(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        """What `compute` finds in the ledger; computed again only once a row has come."""
        if key not in self._computed:
            self._computed[key] = compute()
        computed: Computed = self._computed[key]
        return computed

    def _start(self, entry: Entry) -> None:
        self._starts[entry.run_id] = entry
        for written in entry.writes:
            self._open.setdefault((written.table, written.partition), []).append(entry)

    def _end(self, entry: Entry) -> None:
        for written in entry.writes:
            self._open.pop((written.table, written.partition), None)
            before = self.partition(written.table, written.partition)
            if written.fingerprint == RESTORED:
                if before and written.partition in self._partitions.get(written.table, {}):
                    version = before.version if written.version is None else written.version
                    self._partitions[written.table][written.partition] = replace(before, version=version)
                continue
            if written.fingerprint == REMOVED:
                self._partitions.get(written.table, {}).pop(written.partition, None)
                continue
            defined, state = _defined(entry, written), _state(entry, written)
            only_columns = before and before.state == state and self._only_columns(before, defined, entry)
            changed = before is None or (written.changed and not only_columns)
            self._partitions.setdefault(written.table, {})[written.partition] = Partition(
                revision=entry.revision if changed or before is None else before.revision,
                read_revision=self._read_revision(entry),
                rows=written.rows or 0,
                fingerprint=written.fingerprint or "",
                run_id=entry.run_id,
                job=entry.job,
                definitions=defined,
                state=state,
                settings_hash=entry.settings_hash,
                reads=self._reads(entry),
                version=-1 if written.version is None else written.version,
            )
        for source in entry.definitions.get("deliveries", ()):
            self._sources.setdefault(source, entry.revision)
        self._arrivals.add(entry.arrivals)
        self._forget(entry)

    def _only_columns(self, before: Partition, defined: Mapping[str, str], entry: Entry) -> bool:
        """Whether nothing that a run reads had changed since the run before, and only columns were configured anew.

        Then what is made from the partition need not be built again for it: a partition's definitions contain
        those of the columns that it uses. Only for tables that say what their rows mean.
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
        self._arrivals.remove(entry.subjects)

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
    unavailable = entry.unavailable.get(written.table, {})
    gone = unavailable.get(written.partition, ()) if written.partition else ()
    return {column: known for column, known in definitions.items() if column not in gone} if gone else definitions


def _state(entry: Entry, written: Written) -> str | None:
    return entry.states.get(written.table, {}).get(written.partition) if written.partition else None
