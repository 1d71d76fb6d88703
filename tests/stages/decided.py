"""A warehouse as far as decisions on champions go, without Spark."""

import threading
from contextlib import contextmanager

from churn_spark.definitions.errors import BusyError
from churn_spark.lineage.entry import OK, Entry, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.training.champions import Decision, decision_of
from churn_spark.tables.contracts.models import CHAMPIONS
from churn_spark.tables.table import Table


class Decided:
    """Its ledger, the rows of `champions`, and the rows last written to other tables."""

    arguments = "--conf conf/made.yaml"

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.rows: list[dict[str, object]] = []
        self.written: dict[str, list[dict[str, object]]] = {}
        self.jobs = self.spark = self
        self._alone = threading.Lock()

    def createDataFrame(self, rows, schema):  # noqa: N802
        return [dict(zip(schema.names, row, strict=True)) for row in rows]

    def replace(self, table: Table, rows, dates, within) -> int:
        self.written[table.name] = rows
        return len(rows)

    def append(self, table: Table, rows: list[dict[str, object]]) -> None:
        assert table is CHAMPIONS
        self.rows += rows

    @contextmanager
    def lock(self, run):
        assert run.job == "champions"
        if not self._alone.acquire(blocking=False):
            raise BusyError("champions: another run holds the lock")
        try:
            yield
        finally:
            self._alone.release()

    @contextmanager
    def transaction(self, run, writes):
        self.note(run, "start")
        yield self

    def note(self, run, event: str, written: tuple[Written, ...] = ()) -> None:
        at, status = run.started_at, OK if event == "end" else "running"
        revision = self.ledger.revision + 1
        self.ledger.add(Entry(run.run_id, event, revision, run.job, run.as_of, at, status, writes=written))

    def refresh(self) -> None:
        pass

    def decisions(self) -> list[Decision]:
        return sorted(decision_of(row) for row in self.rows if not self.ledger.unfinished(row["run_id"]))
