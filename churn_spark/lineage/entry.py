"""One row of the ledger, as a value."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Run
from churn_spark.lineage.arrivals import Arrival

OK, NOTHING, RUNNING = "ok", "nothing_to_do", "running"
UNCHANGED, BROKEN = "failed", "broken"
"""`failed`: nothing was committed, the old state stands; `broken`: some was, what the run named is unreadable."""
REMOVED = "removed"
"""Fingerprint of a partition that retention dropped: it counts as never built."""
RESTORED = "restored"
"""Fingerprint of a partition that has the rows again which it had before an unfinished run."""
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

    definitions: hash of each column, by table. unavailable: columns that are null in a partition, though it has their
    definition, by table. states: what a partition rests on besides, by table. arrivals: the deliveries that an ended
    run of ingest took. expires_at: of a lease.
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
    unavailable: Mapping[str, Mapping[date, Collection[str]]] = field(default_factory=dict)
    states: Mapping[str, Mapping[date, str]] = field(default_factory=dict)
    seconds: float | None = None
    code_version: str = ""
    settings_hash: str = ""
    options: tuple[str, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    expires_at: datetime | None = None


def entry_of(run: Run, event: str, status: str) -> Entry:
    """A row of a run as of now, without what it did; the ledger's table gives it its revision."""
    return Entry(
        run_id=run.run_id,
        event=event,
        revision=0,
        job=run.job,
        as_of=run.as_of,
        at=datetime.now(UTC),
        status=status,
        code_version=run.code_version,
        settings_hash=run.settings_hash,
    )


def end_status(wrote: bool, committed: bool, error: str | None) -> str:
    """How a run ended; committed: whether anything of it may stand in a table."""
    if error:
        return BROKEN if committed else UNCHANGED
    return OK if wrote else NOTHING


def read_of(table: str, dates: Days | Collection[date] | None, revision: int) -> Read:
    """The span of partitions that holds the dates read."""
    if dates and not isinstance(dates, Days):
        dates = Days(min(dates), max(dates) + timedelta(days=1))
    return (
        Read(table, dates.first, dates.end, revision) if isinstance(dates, Days) else Read(table, None, None, revision)
    )
