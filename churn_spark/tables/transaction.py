"""Writes what a run has announced, in one of two ways: partitions are replaced, or rows appended."""

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from datetime import date
from functools import partial

from pyspark.sql import DataFrame, SparkSession

from churn_spark.definitions.errors import BusyError, ContractError
from churn_spark.lineage.entry import REMOVED, RESTORED, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.tables import contract_check, preparing, writing
from churn_spark.tables.conflicts import repeated
from churn_spark.tables.location import Location
from churn_spark.tables.locks import locked
from churn_spark.tables.run_record import RunRecord
from churn_spark.tables.small_queries import planned_at_once
from churn_spark.tables.table import Table

LOCK_WAIT = 900.0
"""Seconds a writer waits for another writer of the same table."""


class Transaction:
    """The writes of one run whose start row stands in the ledger; `Catalog.transaction` begins it.

    Each call is one commit. What they wrote counts when the run's end row stands; until then other jobs do not read it.
    """

    def __init__(
        self, spark: SparkSession, location: Location, ledger: Ledger, record: RunRecord, allowed: Callable[[], None]
    ) -> None:
        """allowed: asked before every commit, raises when this run may write no more."""
        self._spark = spark
        self._location = location
        self._ledger = ledger
        self._record = record
        self._allowed = allowed
        self._prepared: set[str] = set()
        self._closed = False

    def close(self) -> None:
        """Allow no more writes."""
        self._closed = True

    def replace(
        self,
        table: Table,
        rows: DataFrame,
        dates: Collection[date],
        within: Mapping[str, Collection[str]] | None = None,
    ) -> int:
        """Replace exactly the partitions `dates` (and in them the rows whose `within` columns have those values).

        Returns how many rows these partitions hold then.

        Checks schema, keys and nulls against the contract before anything is written (ContractError), and the dates
        against what was announced. Partitions without rows end empty.
        """
        self._record.refuse_unannounced(table, dates)
        if not dates:
            return 0
        with writing.computed_once(contract_check.exact(table, rows)) as exact:
            by_date = contract_check.partitions(table, self._with_standing(table, exact, dates, within or {}))
            contract_check.owned(table, by_date, dates)
            small = writing.is_small(table, sum(count for count, _ in by_date.values()))
            version = self._commit(table, exact, writing.predicate(table, dates, within or {}), small)
        written = [self._replaced(table, day, *by_date.get(day, (0, "empty")), version) for day in dates]
        self._record.note_written(written)
        return sum(partition.rows or 0 for partition in written)

    def remove(self, table: Table, dates: Collection[date]) -> None:
        """Empty the partitions `dates` for good: for the ledger they were never built."""
        self._record.refuse_unannounced(table, dates)
        if not dates:
            return
        nothing = self._spark.createDataFrame([], table.schema)
        version = self._commit(table, nothing, writing.predicate(table, dates, {}), small=True)
        self._record.note_written(Written(table.name, day, 0, REMOVED, True, version) for day in dates)

    def take_back(self, table: Table, dates: Collection[date]) -> None:
        """Give the partitions `dates` the rows they had before unfinished runs wrote to them."""
        self._record.refuse_unannounced(table, dates)
        unfinished = self._ledger.unfinished_runs(table.name, dates) - {self._record.run.run_id}
        before = self._location.version_before(self._spark, table.name, unfinished)
        version = self._location.version(self._spark, table.name)
        if before is not None:  # with all columns that are stored, also those no longer in the contract
            stored = self._location.read(self._spark, table.name, before)
            stored = stored.where(writing.in_partitions(str(table.partition), dates))
            version = self._commit(table, stored, writing.predicate(table, dates, {}))
        self._record.note_written(Written(table.name, day, fingerprint=RESTORED, version=version) for day in dates)

    def append(self, table: Table, rows: DataFrame) -> None:
        """Append rows to a table without partitions; keys must be unique among them (ContractError)."""
        with writing.computed_once(contract_check.exact(table, rows)) as exact:
            by_date = contract_check.partitions(table, exact)
            small = writing.is_small(table, sum(count for count, _ in by_date.values()))
            version = self._commit(table, exact, None, small)
        self._record.note_written([Written(table.name, None, changed=True, version=version)])

    def _prepare(self, table: Table) -> None:
        if table.name not in self._prepared:
            preparing.prepare(self._spark, self._location, table, self._ledger, self._allowed)
            self._prepared.add(table.name)

    def _commit(self, table: Table, rows: DataFrame, predicate: str | None, small: bool = False) -> int | None:
        """Commit under the table's lock and return the table's version; what fails may have landed all the same."""
        spark, location, record = self._spark, self._location, self._record
        if self._closed:
            raise ContractError(f"{table.name}: the run {record.run.run_id} writes after its transaction")
        plans = planned_at_once(spark) if small else nullcontext()
        with locked(location.locks, table.name, LOCK_WAIT), plans:
            self._prepare(table)
            before, already = location.version(spark, table.name), record.changed
            record.changed = True
            try:
                once = partial(writing.commit_once, spark, location, table, rows, record.run, predicate, before, small)
                repeated(table.name, once, self._allowed)
            except BusyError:  # nothing of it landed
                record.changed = already
                raise
            except BaseException:
                record.changed = already or location.version(spark, table.name) != before
                raise
            return location.version(spark, table.name)

    def _with_standing(
        self, table: Table, rows: DataFrame, dates: Collection[date], within: writing.Within
    ) -> DataFrame:
        """The rows and those that a narrowed replacement leaves beside them, so that whole partitions are checked."""
        run_id, record = self._record.run.run_id, self._record
        before = [
            day for day in dates if self._ledger.may_hold(table.name, day, run_id) or record.has_written(table, day)
        ]
        if not within or not before or not self._location.exists(self._spark, table.name):
            return rows
        stored = contract_check.as_contract(table, self._location.read(self._spark, table.name))
        return rows.unionByName(writing.kept_rows(table, stored, before, within))

    def _replaced(self, table: Table, day: date, rows: int, fingerprint: str, version: int | None) -> Written:
        before = self._ledger.partition(table.name, day)
        changed = before is None or before.fingerprint != fingerprint
        return Written(table.name, day, rows, fingerprint, changed, version)
