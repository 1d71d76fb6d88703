"""Reads tables and writes them, in one of two ways, and notes both for the ledger."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ContractError, NotReadyError
from churn_spark.definitions.periods import Days, listed
from churn_spark.definitions.project import Run
from churn_spark.tables import contract_check, ledger_table
from churn_spark.tables.ledger import BROKEN, NOTHING, OK, RUNNING, UNCHANGED, Entry, Ledger, Read, Written
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
        self._ledger: Ledger | None = None
        self._reset()

    @property
    def ledger(self) -> Ledger:
        """The ledger as of the first look of this run."""
        if self._ledger is None:
            self._ledger = ledger_table.load(self.spark, self.place)
        return self._ledger

    def exists(self, table: Table) -> bool:
        """Whether the table was ever written."""
        return self.place.exists(self.spark, table.name)

    def read(self, table: Table, dates: Days | Collection[date] | None = None) -> DataFrame:
        """The contract's columns of a table, pruned to partitions; a table or column not there yet reads as empty or null.

        Raises NotReadyError when a requested partition was left half-written by another job.
        """
        self._refuse_half_written(table, dates)
        self._note_read(table, dates)
        if not self.exists(table):
            return self.spark.createDataFrame([], table.schema)
        stored = self.place.read(self.spark, table.name)
        if dates is not None and table.partition:
            stored = stored.where(_in(table.partition, dates))
        return contract_check.as_contract(table, stored)

    def begin(
        self,
        run: Run,
        writes: Mapping[Table, Collection[date]],
        subjects: Collection[str] = (),
        definitions: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Append the run's start row: the partitions it will replace, before it replaces any."""
        named = tuple(Written(table.name, day) for table, days in writes.items() for day in sorted(days))
        self._begun = {table.name: frozenset(days) for table, days in writes.items()}
        self._subjects = tuple(sorted(subjects))
        self._definitions = definitions or {}
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
        if not table.partition or not set(dates) <= self._begun.get(table.name, frozenset()):
            raise ContractError(f"{table.name}: the run {run.run_id} writes {listed(dates)} without announcing it")
        if not dates:
            return
        exact = contract_check.exact(table, rows).persist()
        try:
            found = contract_check.partitions(table, exact)
            contract_check.owned(table, found, dates)
            with held(self.place.locks, table.name, LOCK_WAIT):
                self.prepare(table)
                self._commit(table, exact, run, _predicate(table, dates, within or {}))
        finally:
            exact.unpersist()
        self._written += [self._note(table, day, found, partial=bool(within)) for day in sorted(dates)]

    def append(self, table: Table, rows: DataFrame, run: Run) -> None:
        """Append rows to a ledger table; keys must be unique among them (ContractError)."""
        exact = contract_check.exact(table, rows).persist()
        try:
            contract_check.partitions(table, exact)
            with held(self.place.locks, table.name, LOCK_WAIT):
                self.prepare(table)
                self._commit(table, exact, run, None)
        finally:
            exact.unpersist()
        self._written.append(Written(table.name, None, changed=True))

    def prepare(self, table: Table) -> None:
        """Make the table, or give it the contract's new columns; ContractError when a stored type differs."""
        if not self.exists(table):
            self.place.create(self.spark, table)
            return
        missing = contract_check.missing_columns(table, self.place.read(self.spark, table.name).schema)
        if missing:
            empty = self.spark.createDataFrame([], table.schema).select(*self._stored_and(table, missing))
            writer = empty.write.format("delta").mode("append").option("mergeSchema", "true")
            self.place.save(writer, table.name)

    def end(self, run: Run, error: str | None = None) -> Entry:
        """Append the run's end row and start afresh: ok, nothing_to_do, failed (old state stands) or broken."""
        if error:
            status = BROKEN if self._written else UNCHANGED
        else:
            status = OK if self._written else NOTHING
        entry = self._entry(run, "end", status, writes=tuple(self._written), error=error)
        self._log(entry)
        self._reset()
        return entry

    def enter(self, run: Run) -> None:
        """Start afresh for a run: the ledger is read again, and its job may read what it left half-written itself."""
        self.refresh()
        self._reset()
        self._job = run.job

    def refresh(self) -> None:
        """Read the ledger again at the next look."""
        self._ledger = None

    def _reset(self) -> None:
        self._job: str | None = None
        self._begun: dict[str, frozenset[date]] = {}
        self._written: list[Written] = []
        self._reads: list[Read] = []
        self._subjects: tuple[str, ...] = ()
        self._definitions: Mapping[str, Mapping[str, str]] = {}

    def _commit(self, table: Table, rows: DataFrame, run: Run, predicate: str | None) -> None:
        arranged = rows
        if table.partition:
            # One file a partition, split where large; sorted by key so that equal rows make equal files.
            arranged = rows.hint("rebalance", F.col(table.partition)).sortWithinPartitions(table.partition, *table.key)
        metadata = json.dumps({"run_id": run.run_id, "job": run.job, "as_of": run.as_of.isoformat()})
        writer = arranged.write.format("delta").option("userMetadata", metadata)
        if predicate is None:
            writer = writer.mode("append")
        else:
            writer = writer.mode("overwrite").option("replaceWhere", predicate)
        self.place.save(writer, table.name)

    def _stored_and(self, table: Table, missing: Collection[str]) -> list[str]:
        return [c for c in table.names if c in missing or c == table.partition]

    def _note(self, table: Table, day: date, found: Mapping[date, tuple[int, str]], partial: bool) -> Written:
        rows, fingerprint = found.get(day, (0, "empty"))
        before = self.ledger.partition(table.name, day)
        changed = partial or before is None or before.fingerprint != fingerprint
        return Written(table.name, day, rows, None if partial else fingerprint, changed)

    def _note_read(self, table: Table, dates: Days | Collection[date] | None) -> None:
        if isinstance(dates, Days):
            first, end = dates.first, dates.end
        else:
            first, end = (min(dates), max(dates) + timedelta(days=1)) if dates else (None, None)
        self._reads.append(Read(table.name, first, end, self.ledger.revision))

    def _refuse_half_written(self, table: Table, dates: Days | Collection[date] | None) -> None:
        for day, entry in self.ledger.open(table.name, dates).items():
            if entry.job == self._job:
                continue
            # A run of many dates is mended by the job that finds them all again.
            again = entry.job if entry.job in ("ingest", "profile", "train") else "backfill"
            command = f"churn-spark {again} {self.arguments} --as-of {entry.as_of}"
            raise NotReadyError(
                f"{table.name}: {day} was left half-written by the run {entry.run_id} of {entry.at:%Y-%m-%d %H:%M} UTC"
                f" (or that run is still at work); rerun it: {command}"
            )

    def _entry(
        self, run: Run, event: str, status: str, writes: tuple[Written, ...] = (), error: str | None = None
    ) -> Entry:
        now = datetime.now(UTC)
        return Entry(
            run_id=run.run_id,
            event=event,
            revision=self.ledger.revision + 1,
            job=run.job,
            as_of=run.as_of,
            at=now,
            status=status,
            error=error,
            writes=writes,
            reads=tuple(dict.fromkeys(self._reads)),
            subjects=self._subjects,
            definitions=self._definitions,
            seconds=(now - run.started_at).total_seconds() if event == "end" else None,
            code_version=run.code_version,
            settings_hash=run.settings_hash,
            options=tuple(sorted(run.options)),
        )

    def _log(self, entry: Entry) -> None:
        with held(self.place.locks, "runs", LOCK_WAIT):
            ledger_table.append(self.spark, self.place, entry)
        self.ledger.add(entry)


def _in(column: str, dates: Days | Collection[date]) -> Column:
    if isinstance(dates, Days):
        return (F.col(column) >= F.lit(dates.first)) & (F.col(column) < F.lit(dates.end))
    return F.col(column).isin(sorted(dates)) if dates else F.lit(False)


def _predicate(table: Table, dates: Collection[date], within: Mapping[str, Collection[str]]) -> str:
    days = ", ".join(f"DATE'{day.isoformat()}'" for day in sorted(dates))
    parts = [f"{table.partition} IN ({days})"]
    parts += [f"{column} IN ({', '.join(map(_quoted, sorted(values)))})" for column, values in within.items()]
    return reduce(lambda left, right: f"{left} AND {right}", parts)


def _quoted(value: str) -> str:
    """A SQL string literal; names of deliveries come from outside and may hold anything."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
