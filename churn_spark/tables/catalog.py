"""Reads tables and writes them, in one of two ways, and notes both for the ledger."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace as altered
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import DataFrame, SparkSession

from churn_spark.definitions.errors import ContractError
from churn_spark.definitions.periods import Days, listed
from churn_spark.definitions.project import Run
from churn_spark.tables import contract_check, readiness, writing
from churn_spark.tables.ledger import BROKEN, NOTHING, OK, REMOVED, RUNNING, UNCHANGED, Entry, Ledger, Read, Written
from churn_spark.tables.ledger_table import LedgerTable
from churn_spark.tables.locks import held
from churn_spark.tables.place import Place
from churn_spark.tables.table import Table

LOCK_WAIT = 900.0
"""Seconds a writer waits for another writer of the same table."""


class Catalog:
    """The tables of one warehouse, as one run at a time sees them.

    arguments: those that name the project on the command line, for messages that say which command mends.
    """

    def __init__(self, spark: SparkSession, place: Place, arguments: str = "--conf CONF") -> None:
        self.spark = spark
        self.place = place
        self.arguments = arguments
        self._runs = LedgerTable(spark, place)
        self._ledger: Ledger | None = None
        self._job: str | None = None
        self._begun: dict[str, frozenset[date]] = {}
        self._subjects: tuple[str, ...] = ()
        self._definitions: Mapping[str, Mapping[str, str]] = {}
        self._lacking: Mapping[str, Mapping[date, Collection[str]]] = {}
        self._reads: list[Read] = []
        self._written: dict[tuple[str, date | None], Written] = {}
        self._changed = False
        self._prepared: set[str] = set()

    @property
    def ledger(self) -> Ledger:
        """The ledger as of the first look of this run, and what it has noted since."""
        if self._ledger is None:
            self._ledger = self._runs.load()
        return self._ledger

    def exists(self, table: Table) -> bool:
        """Whether the table was ever written."""
        return self.place.exists(self.spark, table.name)

    def read(self, table: Table, dates: Days | Collection[date] | None = None) -> DataFrame:
        """The contract's columns of a table, pruned to partitions; a missing table reads as empty, a column as null.

        Raises NotReadyError when a requested partition was left half-written by another job, ContractError when commits
        that the ledger knows are gone from the table's log.
        """
        readiness.refuse_half_written(table, self.ledger.open(table.name, dates), self._job, self.arguments)
        self._note_read(table, dates)
        if readiness.checked_version(self.spark, self.place, table, self.ledger) is None:
            return self.spark.createDataFrame([], table.schema)
        stored = self.place.read(self.spark, table.name)
        if dates is not None and table.partition:
            stored = stored.where(writing.among(table.partition, dates))
        return contract_check.as_contract(table, stored)

    def begin(
        self,
        run: Run,
        writes: Mapping[Table, Collection[date]],
        subjects: Collection[str] = (),
        definitions: Mapping[str, Mapping[str, str]] | None = None,
        lacking: Mapping[str, Mapping[date, Collection[str]]] | None = None,
    ) -> None:
        """Append the run's start row: the partitions it will replace, before it replaces any.

        definitions, lacking: of the tables written, see `Entry`.
        """
        named = tuple(Written(table.name, day) for table, days in writes.items() for day in sorted(days))
        self._begun = {table.name: frozenset(days) for table, days in writes.items()}
        self._subjects = tuple(sorted(subjects))
        self._definitions, self._lacking = definitions or {}, lacking or {}
        self._log(self._entry(run, "start", RUNNING, writes=named))

    def replace(
        self,
        table: Table,
        rows: DataFrame,
        run: Run,
        dates: Collection[date],
        within: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Replace exactly the partitions `dates` (and in them the rows whose `within` columns have those values).

        Checks schema, keys and nulls against the contract before anything is written (ContractError), and the dates
        against what `begin` announced. Partitions without rows end empty.
        """
        self._refuse_unannounced(table, run, dates)
        if not dates:
            return
        with writing.computed_once(contract_check.exact(table, rows)) as exact:
            found = contract_check.partitions(table, self._with_standing(table, exact, run, dates, within or {}))
            contract_check.owned(table, found, dates)
            version = self._commit(table, exact, run, writing.predicate(table, dates, within or {}))
        for day in dates:
            self._written[table.name, day] = self._note(table, day, found, version)

    def remove(self, table: Table, run: Run, dates: Collection[date]) -> None:
        """Empty the partitions `dates` for good: for the ledger they were never built."""
        self._refuse_unannounced(table, run, dates)
        if not dates:
            return
        nothing = self.spark.createDataFrame([], table.schema)
        version = self._commit(table, nothing, run, writing.predicate(table, dates, {}))
        for day in dates:
            self._written[table.name, day] = Written(table.name, day, 0, REMOVED, True, version)

    def append(self, table: Table, rows: DataFrame, run: Run) -> None:
        """Append rows to a ledger table; keys must be unique among them (ContractError)."""
        with writing.computed_once(contract_check.exact(table, rows)) as exact:
            contract_check.partitions(table, exact)
            version = self._commit(table, exact, run, None)
        self._written[table.name, None] = Written(table.name, None, changed=True, version=version)

    def prepare(self, table: Table) -> None:
        """Make the table, or give it the contract's new columns; ContractError when a stored type differs."""
        if table.name in self._prepared:
            return
        self._prepared.add(table.name)
        if readiness.checked_version(self.spark, self.place, table, self.ledger) is None:
            self.place.create(self.spark, table)
            return
        missing = contract_check.missing_columns(table, self.place.read(self.spark, table.name).schema)
        if missing:
            empty = self.spark.createDataFrame([], table.schema).select(*self._stored_and(table, missing))
            writer = empty.write.format("delta").mode("append").option("mergeSchema", "true")
            self.place.save(writer, table.name)

    def end(self, run: Run, error: str | None = None) -> Entry:
        """Append the run's end row and start afresh: ok, nothing_to_do, failed (old state stands) or broken."""
        status = OK if self._written else NOTHING
        if error:
            status = BROKEN if self._changed else UNCHANGED
        written = tuple(self._written[key] for key in sorted(self._written, key=str))
        entry = self._entry(run, "end", status, writes=written, error=error)
        self._log(entry)
        self._reset()
        return entry

    def take_back_lost(self, tables: Iterable[Table]) -> list[Entry]:
        """Note that finished runs whose commits are gone from a table's log are unfinished, and return their rows.

        For tables set back by a repair of their log or moved away: what they lost is half-written until it is rebuilt.
        """
        lost = [
            entry
            for table in tables
            for entry in self.ledger.lost(table.name, self.place.version(self.spark, table.name))
        ]
        for entry in lost:
            self._log(altered(entry, at=datetime.now(UTC)))
        return lost

    def enter(self, run: Run) -> None:
        """Start afresh for a run: the ledger is read again, and its job may read what it left half-written itself."""
        self.refresh()
        self._reset()
        self._job = run.job

    def refresh(self) -> None:
        """Read the ledger again at the next look."""
        self._ledger = None

    def _reset(self) -> None:
        self._job, self._begun, self._subjects, self._definitions, self._lacking = None, {}, (), {}, {}
        self._reads, self._written, self._changed, self._prepared = [], {}, False, set()

    def _commit(self, table: Table, rows: DataFrame, run: Run, predicate: str | None) -> int | None:
        """Commit under the table's lock and return the table's version; what fails may have landed all the same."""
        with held(self.place.locks, table.name, LOCK_WAIT):
            self.prepare(table)
            before, already = self.place.version(self.spark, table.name), self._changed
            self._changed = True
            try:
                writing.commit(self.place, table, rows, run, predicate)
            except BaseException:
                self._changed = already or self.place.version(self.spark, table.name) != before
                raise
            return self.place.version(self.spark, table.name)

    def _with_standing(
        self, table: Table, rows: DataFrame, run: Run, dates: Collection[date], within: writing.Within
    ) -> DataFrame:
        """The rows and those that a narrowed replacement leaves beside them, so that whole partitions are checked."""
        held_before = [
            day
            for day in dates
            if self.ledger.may_hold(table.name, day, run.run_id) or (table.name, day) in self._written
        ]
        if not within or not held_before or not self.exists(table):
            return rows
        stored = contract_check.as_contract(table, self.place.read(self.spark, table.name))
        return rows.unionByName(writing.beside(table, stored, held_before, within))

    def _refuse_unannounced(self, table: Table, run: Run, dates: Collection[date]) -> None:
        if not table.partition or not set(dates) <= self._begun.get(table.name, frozenset()):
            raise ContractError(f"{table.name}: the run {run.run_id} writes {listed(dates)} without announcing it")

    def _stored_and(self, table: Table, missing: Collection[str]) -> list[str]:
        return [c for c in table.names if c in missing or c == table.partition]

    def _note(self, table: Table, day: date, found: Mapping[date, tuple[int, str]], version: int | None) -> Written:
        rows, fingerprint = found.get(day, (0, "empty"))
        before = self.ledger.partition(table.name, day)
        changed = before is None or before.fingerprint != fingerprint
        return Written(table.name, day, rows, fingerprint, changed, version)

    def _note_read(self, table: Table, dates: Days | Collection[date] | None) -> None:
        span: Days | None = None
        if isinstance(dates, Days):
            span = dates
        elif dates:
            span = Days(min(dates), max(dates) + timedelta(days=1))
        first, end = (span.first, span.end) if span else (None, None)
        self._reads.append(Read(table.name, first, end, self.ledger.revision))

    def _entry(
        self, run: Run, event: str, status: str, writes: tuple[Written, ...] = (), error: str | None = None
    ) -> Entry:
        now = datetime.now(UTC)
        return Entry(
            run_id=run.run_id,
            event=event,
            revision=0,  # the ledger's table gives the next one
            job=run.job,
            as_of=run.as_of,
            at=now,
            status=status,
            error=error,
            writes=writes,
            reads=tuple(dict.fromkeys(self._reads)),
            subjects=self._subjects,
            definitions=self._definitions,
            lacking=self._lacking,
            seconds=(now - run.started_at).total_seconds() if event == "end" else None,
            code_version=run.code_version,
            settings_hash=run.settings_hash,
            options=tuple(sorted(run.options)),
        )

    def _log(self, entry: Entry) -> None:
        self._ledger = self._runs.append(entry)
