"""The tables of a warehouse: read by anybody, written by a run in a transaction, and both noted in the ledger."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace as altered
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, SparkSession

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Run
from churn_spark.lineage.arrivals import Arrival
from churn_spark.lineage.entry import Entry
from churn_spark.lineage.ledger import Ledger
from churn_spark.tables import contract_check, preparing, readiness, writing
from churn_spark.tables.job_locks import JobLocks
from churn_spark.tables.ledger_table import LedgerTable
from churn_spark.tables.location import Location
from churn_spark.tables.run_record import Announcement, RunRecord
from churn_spark.tables.small_queries import planned_at_once
from churn_spark.tables.table import Table
from churn_spark.tables.transaction import Transaction


class Catalog:
    """The tables of one warehouse: to read in a notebook, or as one run at a time sees them.

    Between `enter` and `end` of a run whatever is read is noted for the run's rows in the ledger.
    arguments: those that name the project on the command line, for messages that say which command mends.
    """

    def __init__(self, spark: SparkSession, location: Location, arguments: str = "--conf CONF") -> None:
        self.spark = spark
        self.location = location
        self.arguments = arguments
        self.jobs = JobLocks(spark, location)
        self._runs = LedgerTable(spark, location)
        self._ledger: Ledger | None = None
        self._record: RunRecord | None = None

    @property
    def ledger(self) -> Ledger:
        """The ledger as of the first look since `refresh`, and what this catalog has added to it since."""
        if self._ledger is None:
            with planned_at_once(self.spark):
                self._ledger = self._runs.load()
        return self._ledger

    def refresh(self) -> None:
        """Read the ledger again at the next look."""
        self._ledger = None

    def exists(self, table: Table) -> bool:
        """Whether the table was ever written."""
        return self.location.exists(self.spark, table.name)

    def read(self, table: Table, dates: Days | Collection[date] | None = None) -> DataFrame:
        """The contract's columns of a table, pruned to partitions; a missing table reads as empty, a column as null.

        Raises NotReadyError when a requested partition was left half-written by another job, ContractError when commits
        that the ledger knows are gone from the table's log.
        """
        job = self._record.run.job if self._record else None
        readiness.refuse_half_written(table, self.ledger.open(table.name, dates), job, self.arguments)
        if self._record:
            self._record.note_read(table, dates, self.ledger.revision)
        if readiness.checked_version(self.spark, self.location, table, self.ledger) is None:
            return self.spark.createDataFrame([], table.schema)
        stored = self.location.read(self.spark, table.name)
        if dates is not None and table.partition:
            stored = stored.where(writing.in_partitions(table.partition, dates))
        return contract_check.as_contract(table, stored)

    def enter(self, run: Run) -> None:
        """Start a record for a run: the ledger is read again, and its job may read what it left half-written itself."""
        self.refresh()
        self._record = RunRecord(run)

    @contextmanager
    def transaction(
        self,
        run: Run,
        writes: Mapping[Table, Collection[date]],
        subjects: Collection[str] = (),
        definitions: Mapping[str, Mapping[str, str]] | None = None,
        unavailable: Mapping[str, Mapping[date, Collection[str]]] | None = None,
        states: Mapping[str, Mapping[date, str]] | None = None,
        arrivals: Collection[Arrival] = (),
    ) -> Iterator[Transaction]:
        """Append the run's start row, which names the partitions it will replace, and allow it to write them.

        definitions, unavailable (columns), states, arrivals: of the tables written, see `Entry`.
        """
        record = self._record_of(run)
        record.announced = Announcement(
            writes, subjects, definitions or {}, unavailable or {}, states or {}, tuple(arrivals)
        )
        self._log(record.start())
        writing_run = Transaction(self.spark, self.location, self.ledger, record, self.jobs.confirm)
        try:
            yield writing_run
        finally:
            writing_run.close()

    def note(self, arrivals: Iterable[Arrival]) -> None:
        """Keep deliveries for the end row of the run that was entered, also of one that writes nothing."""
        if self._record:
            self._record.arrivals = tuple(arrivals)

    def wrote_file(self) -> None:
        """Have the run that was entered end as ok though it writes no table: what it is for was written elsewhere."""
        if self._record:
            self._record.wrote_file = True

    def end(self, run: Run, error: str | None = None, stands: bool = False) -> Entry:
        """Append the run's end row and close its record. stands: what it wrote counts despite the error."""
        entry = self._record_of(run).end(error, stands)
        self._log(entry, guarded=error is None)
        self._record = None
        return entry

    def prepare(self, table: Table) -> None:
        """Make the table, or give it the contract's new columns; ContractError when a stored type differs."""
        preparing.prepare(self.spark, self.location, table, self.ledger, self.jobs.confirm)

    def take_back_lost(self, tables: Iterable[Table]) -> list[Entry]:
        """Note that finished runs whose commits are gone from a table's log are unfinished, and return their rows.

        For tables set back by a repair of their log or moved away: what they lost is half-written until it is rebuilt.
        """
        lost = [
            entry
            for table in tables
            for entry in self.ledger.lost(table.name, self.location.version(self.spark, table.name))
        ]
        for entry in lost:
            self._log(altered(entry, at=datetime.now(UTC)))
        return lost

    def _record_of(self, run: Run) -> RunRecord:
        if self._record is None or self._record.run.run_id != run.run_id:
            self.enter(run)
        assert self._record
        return self._record

    def _log(self, entry: Entry, guarded: bool = True) -> None:
        """Append a row; if guarded, BusyError where another process has taken the job over."""
        with planned_at_once(self.spark):
            self._ledger = self._runs.append(entry, self.jobs.check if guarded else None)
