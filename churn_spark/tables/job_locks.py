"""The right to be the only run of a job: a file lock on local disks, elsewhere a lease in the ledger.

A lease is a row of `runs`, appended under the next revision like any other, so that of two drivers that want the same
job only one can get it. It runs out by itself, so that nothing has to be mended after a driver that was killed; a
thread renews it for as long as its driver lives.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pyspark import InheritableThread
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import BusyError
from churn_spark.definitions.project import Run
from churn_spark.lineage.entry import Entry, entry_of
from churn_spark.lineage.leases import HELD, LEASE, RELEASED
from churn_spark.lineage.ledger import Ledger
from churn_spark.tables.ledger_table import LedgerTable
from churn_spark.tables.location import Location
from churn_spark.tables.locks import locked

log = logging.getLogger("churn_spark.lease")

TERM = timedelta(minutes=10)
"""How long a lease lasts from its last renewal: the time others wait for after a driver was killed."""
RENEWED_EVERY = 180.0
"""Seconds between two renewals."""
TRIED_AGAIN_AFTER = 30.0
"""Seconds between two attempts of a renewal that failed."""
MARGIN = timedelta(minutes=1)
"""How long before the end of its lease a run stops to write: clocks of two machines may differ by that."""
POOL = "leases"
"""Spark's scheduler pool of renewals, so that they do not wait for the tasks of a long pass."""


class JobLocks:
    """The jobs that this process holds in one warehouse."""

    def __init__(self, spark: SparkSession, location: Location) -> None:
        self.spark = spark
        self.location = location
        self._runs = LedgerTable(spark, location)  # of its own: renewals come from another thread
        self._mutex = threading.Lock()  # of all below
        self._holder: Run | None = None
        self._jobs: list[str] = []
        self._lease: Entry | None = None
        self._ended = threading.Event()
        self._renewing: threading.Thread | None = None

    @contextmanager
    def lock(self, run: Run) -> Iterator[None]:
        """Be the only run of its job for a block; BusyError at once when another one is at work.

        Inside another job's block a lease is the same one, for both jobs.
        """
        if self.location.locks is not None:
            with locked(self.location.locks, f"job_{run.job}", wait=0):
                yield
            return
        self._take(run)
        try:
            yield
        finally:
            self._give_back(run.job)

    def confirm(self) -> None:
        """BusyError when a lease that this process took ran out or was taken over: it may write no more."""
        if self._lease is not None:
            with self._mutex:
                self.check(self._runs.load())

    def check(self, ledger: Ledger) -> None:
        """The same, by a ledger that was just read."""
        lease = self._lease
        if lease is None:
            return
        for job in self._jobs:
            newest = ledger.leases.newest(job)
            if newest is None or newest.run_id != lease.run_id:
                by = f" by the run {newest.run_id} of {newest.since:%Y-%m-%d %H:%M} UTC" if newest else ""
                raise BusyError(
                    f"{job}: the lease of the run {lease.run_id} ran out and was taken over{by}; this run writes no"
                    " more: run the command again"
                )
        if _over(lease):
            raise BusyError(
                f"{', '.join(self._jobs)}: the lease of the run {lease.run_id} could not be renewed before"
                f" {lease.expires_at:%Y-%m-%d %H:%M:%S} UTC; this run writes no more: run the command again"
            )

    def _take(self, run: Run) -> None:
        with self._mutex:
            lease = self._lease
            # A job that was given back inside the block of another is let go by the next row only.
            if lease is None or run.job not in lease.subjects or _over(lease):
                self._append(self._holder or run, (*self._jobs, run.job), lambda ledger: self._refuse(run, ledger))
            self._holder = self._holder or run
            self._jobs.append(run.job)
            if self._renewing is None:
                self._ended = threading.Event()
                self._renewing = InheritableThread(target=self._renew, args=(self._ended,), daemon=True)
                self._renewing.start()

    def _refuse(self, run: Run, ledger: Ledger) -> None:
        """BusyError when a run of another process holds the job."""
        self.check(ledger)
        other = ledger.leases.newest(run.job)
        if other and other.run_id != (self._holder or run).run_id and other.expires_at > datetime.now(UTC):
            raise BusyError(
                f"{run.job}: the run {other.run_id} holds the lease since {other.since:%Y-%m-%d %H:%M:%S} UTC; wait for"
                f" it to end. If it was killed, the lease runs out at {other.expires_at:%Y-%m-%d %H:%M:%S} UTC: run the"
                " command again then"
            )

    def _give_back(self, job: str) -> None:
        with self._mutex:
            self._jobs.remove(job)
            if self._jobs:
                return
            self._ended.set()
            renewing, self._renewing, holder, self._holder, self._lease = self._renewing, None, self._holder, None, None
        if renewing:
            renewing.join()
        if holder:
            self._release(holder)

    def _release(self, holder: Run) -> None:
        try:
            self._runs.append(_row(holder, (), None))
        except Exception as error:  # what happened in the block must be raised, whatever hinders the ledger
            log.warning("the lease could not be given back and has to run out: %s", _first_line(error))

    def _append(self, holder: Run, jobs: tuple[str, ...], guard: Callable[[Ledger], None]) -> None:
        row = _row(holder, jobs, datetime.now(UTC) + TERM)
        try:
            self._runs.append(row, guard)
        except BusyError:
            raise
        except BaseException:
            if self._holder is None:  # it may have landed all the same, as when it was interrupted
                self._release(holder)
            raise
        self._lease = row

    def _renew(self, ended: threading.Event) -> None:
        self.spark.sparkContext.setLocalProperty("spark.scheduler.pool", POOL)
        pause = RENEWED_EVERY
        while not ended.wait(pause):
            with self._mutex:
                if ended.is_set() or self._holder is None or self._lease is None:
                    return
                if _over(self._lease):
                    log.warning("the lease of the run %s ran out: it writes no more", self._holder.run_id)
                    return
                try:
                    self._append(self._holder, tuple(self._jobs), self.check)
                    pause = RENEWED_EVERY
                except Exception as error:
                    log.warning("the lease could not be renewed, trying again: %s", _first_line(error))
                    pause = TRIED_AGAIN_AFTER


def _row(holder: Run, jobs: tuple[str, ...], expires_at: datetime | None) -> Entry:
    return replace(entry_of(holder, LEASE, HELD if jobs else RELEASED), subjects=jobs, expires_at=expires_at)


def _over(lease: Entry) -> bool:
    return lease.expires_at is None or datetime.now(UTC) > lease.expires_at - MARGIN


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
