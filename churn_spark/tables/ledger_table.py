"""The ledger's table `runs`: held in memory, read again only when somebody else has written to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.errors import BusyError
from churn_spark.lineage.arrivals import Arrival
from churn_spark.lineage.entry import Entry, Read, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.tables.conflicts import CONFLICTS, pause
from churn_spark.tables.contract_check import as_contract
from churn_spark.tables.contracts.ledger import RUNS
from churn_spark.tables.location import Location
from churn_spark.tables.locks import locked

LOCK_WAIT = 900.0
"""Seconds a run waits for another one's row."""

ATTEMPTS = 20
"""Times a row is tried where no lock keeps other writers away."""


class LedgerTable:
    """The table `runs` of a warehouse, folded into a Ledger that follows it."""

    def __init__(self, spark: SparkSession, location: Location) -> None:
        self.spark = spark
        self.location = location
        self._ledger = Ledger()
        self._version: int | None = None

    def load(self) -> Ledger:
        """The whole ledger as of now: a few rows a run, so it grows with days, never with customers."""
        version = self.location.version(self.spark, RUNS.name)
        if version is None or version < (self._version or 0):
            self._ledger = Ledger()
        if version is not None and version != self._version:
            self._follow()
        self._version = version
        return self._ledger

    def append(self, entry: Entry, guard: Callable[[Ledger], None] | None = None) -> Ledger:
        """Append one row under the next revision, and return the ledger with it.

        Revisions rise also without a lock: there each is the version of a Delta application transaction, and of two
        writers with the same one the second conflicts or is skipped, then tries the next. guard: raises when the row
        must not be appended to the ledger as it is; it is asked in every attempt, so nothing comes between.
        """
        for number in range(ATTEMPTS):
            if number:
                pause(number)
            with locked(self.location.locks, RUNS.name, LOCK_WAIT):
                try:
                    if self._appended(entry, guard):
                        return self._ledger
                except CONFLICTS:
                    self._version = None  # somebody else's row, new columns or new table: look again
        raise BusyError(f"runs: other runs took the next revision {ATTEMPTS} times; try again")

    def _appended(self, entry: Entry, guard: Callable[[Ledger], None] | None) -> bool:
        ledger = self.load()
        if self._version is None:
            self.location.create(self.spark, RUNS)
        if guard:
            guard(ledger)
        numbered = replace(entry, revision=ledger.revision + 1)
        if not self._committed(numbered):
            return False
        self._ledger.add(numbered)
        return True

    def _committed(self, entry: Entry) -> bool:
        row = self.spark.createDataFrame([_row(entry)], RUNS.schema).coalesce(1)
        # Merged, so that a warehouse of an earlier version gets the columns that are new.
        writer = row.write.format("delta").mode("append").option("mergeSchema", "true")
        if self.location.locks is None:  # appends by themselves never conflict, not even with equal revisions
            writer = writer.option("txnAppId", "churn_spark.runs").option("txnVersion", entry.revision)
        expected = (self._version or 0) + 1
        self.location.save(writer, RUNS.name)
        # A commit of somebody else's between: the table is read again at the next look.
        self._version = expected if self.location.version(self.spark, RUNS.name) == expected else None
        return self.location.locks is not None or self._stands(entry)

    def _stands(self, entry: Entry) -> bool:
        """Whether the row landed: Delta skips a transaction version that was taken before, in silence."""
        rows = self.location.read(self.spark, RUNS.name).where(F.col("revision") == entry.revision)
        return [(row["run_id"], row["event"]) for row in rows.collect()] == [(entry.run_id, entry.event)]

    def _follow(self) -> None:
        rows = as_contract(RUNS, self.location.read(self.spark, RUNS.name))
        rows = rows.where(F.col("revision") > self._ledger.revision)
        for entry in sorted(map(_entry, rows.collect()), key=lambda entry: entry.revision):
            self._ledger.add(entry)


def _row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.run_id,
        entry.event,
        entry.revision,
        entry.job,
        entry.as_of,
        entry.at,
        entry.status,
        entry.error,
        [(w.table, w.partition, w.rows, w.fingerprint, w.changed, w.version) for w in entry.writes],
        [(r.table, r.first, r.end, r.revision) for r in entry.reads],
        list(entry.subjects),
        [(table, column, value) for table, columns in entry.definitions.items() for column, value in columns.items()],
        entry.seconds,
        entry.code_version,
        entry.settings_hash,
        list(entry.options),
        [
            (table, day, sorted(columns))
            for table, days in entry.unavailable.items()
            for day, columns in days.items()
            if columns
        ],
        [(table, day, state) for table, days in entry.states.items() for day, state in days.items()],
        [(a.source, a.delivery, a.incomplete, a.by_row, list(a.known), list(a.known.values())) for a in entry.arrivals],
        entry.expires_at,
    )


def _entry(row: Row) -> Entry:
    definitions: dict[str, dict[str, str]] = {}
    for table, column, value in row["definitions"] or ():
        definitions.setdefault(table, {})[column] = value
    unavailable: dict[str, dict[date, tuple[str, ...]]] = {}
    for table, day, columns in row["lacking"] or ():
        unavailable.setdefault(table, {})[day] = tuple(columns)
    states: dict[str, dict[date, str]] = {}
    for table, day, state in row["states"] or ():
        states.setdefault(table, {})[day] = state
    return Entry(
        run_id=row["run_id"],
        event=row["event"],
        revision=row["revision"],
        job=row["job"],
        as_of=row["as_of_date"],
        at=row["at"].astimezone(UTC),
        status=row["status"],
        error=row["error"],
        writes=tuple(Written(*written) for written in row["writes"] or ()),
        reads=tuple(Read(*read) for read in row["reads"] or ()),
        subjects=tuple(row["subjects"] or ()),
        definitions=definitions,
        unavailable=unavailable,
        states=states,
        seconds=row["seconds"],
        code_version=row["code_version"],
        settings_hash=row["settings_hash"],
        options=tuple(row["options"] or ()),
        arrivals=tuple(map(_arrival, row["arrivals"] or ())),
        expires_at=row["expires_at"].astimezone(UTC) if row["expires_at"] else None,
    )


def _arrival(row: Row) -> Arrival:
    known = dict(zip(row["nominal_dates"], row["known_from"], strict=True))
    return Arrival(row["source"], row["delivery"], known, row["incomplete"], row["by_row"])
