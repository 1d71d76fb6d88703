"""What one run has read, announced and written so far: its start row and its end row in the ledger come from here."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as altered
from datetime import date

from churn_spark.definitions.errors import ContractError
from churn_spark.definitions.periods import Days, listed
from churn_spark.definitions.project import Run
from churn_spark.lineage.arrivals import Arrival
from churn_spark.lineage.entry import RUNNING, Entry, Read, Written, end_status, entry_of, read_of
from churn_spark.tables.table import Table


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a run will replace, and what it says of that: dates by table, and see `Entry`."""

    writes: Mapping[Table, Collection[date]] = field(default_factory=dict)
    subjects: Collection[str] = ()
    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unavailable: Mapping[str, Mapping[date, Collection[str]]] = field(default_factory=dict)
    states: Mapping[str, Mapping[date, str]] = field(default_factory=dict)
    arrivals: Collection[Arrival] = ()


@dataclass(slots=True)
class RunRecord:
    """The record of one run. changed: whether anything of it may stand in a table."""

    run: Run
    announced: Announcement = field(default_factory=Announcement)
    changed: bool = False
    wrote_file: bool = False
    arrivals: tuple[Arrival, ...] = ()
    _reads: list[Read] = field(default_factory=list)
    _written: dict[tuple[str, date | None], Written] = field(default_factory=dict)

    def note_read(self, table: Table, dates: Days | Collection[date] | None, revision: int) -> None:
        """Keep which partitions were read, and the ledger's revision then."""
        self._reads.append(read_of(table.name, dates, revision))

    def note_written(self, written: Iterable[Written]) -> None:
        """Keep what stands in partitions now, in place of what was noted of them before."""
        self._written |= {(partition.table, partition.partition): partition for partition in written}

    def has_written(self, table: Table, day: date) -> bool:
        return (table.name, day) in self._written

    def refuse_unannounced(self, table: Table, dates: Collection[date]) -> None:
        """ContractError unless the run announced all of the dates."""
        if not table.partition or not set(dates) <= set(self.announced.writes.get(table, ())):
            raise ContractError(f"{table.name}: the run {self.run.run_id} writes {listed(dates)} without announcing it")

    def start(self) -> Entry:
        """The start row: the partitions that the run will replace, before it replaces any."""
        named = (Written(table.name, day) for table, days in self.announced.writes.items() for day in sorted(days))
        return self._entry("start", RUNNING, tuple(named))

    def end(self, error: str | None = None, stands: bool = False) -> Entry:
        """The end row: ok, nothing_to_do, failed (old state stands) or broken (unless what was written stands)."""
        written = tuple(self._written[key] for key in sorted(self._written, key=str))
        refused = None if stands and written else error
        entry = self._entry("end", end_status(bool(written) or self.wrote_file, self.changed, refused), written)
        return altered(
            entry,
            error=error,
            seconds=(entry.at - self.run.started_at).total_seconds(),
            arrivals=(*self.arrivals, *self.announced.arrivals),
        )

    def _entry(self, event: str, status: str, writes: tuple[Written, ...]) -> Entry:
        announced = self.announced
        return altered(
            entry_of(self.run, event, status),
            writes=writes,
            reads=tuple(dict.fromkeys(self._reads)),
            subjects=tuple(sorted(announced.subjects)),
            definitions=announced.definitions,
            unavailable=announced.unavailable,
            states=announced.states,
            options=tuple(sorted(self.run.options)),
        )
