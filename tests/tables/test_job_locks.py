"""The only run of a job where there are no file locks: by a lease that is renewed, given back, runs out or is lost."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta

import pytest
from pyspark import InheritableThread
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import BusyError
from churn_spark.tables import job_locks, maintenance
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.ledger import RUNS
from churn_spark.tables.ledger_table import LedgerTable
from churn_spark.tables.location import Location
from tests.tables.scratch import CHOSEN, DAY, NEXT, SCORES, a_catalog, a_run, content, scores, write
from tests.tables.unlocked import mounted


@pytest.fixture
def root(spark, tmp_path) -> str:
    return mounted(spark, tmp_path / "unlocked")


@pytest.fixture
def one(spark, root) -> Catalog:
    return a_catalog(spark, root)


@pytest.fixture
def other(spark, root) -> Catalog:
    return a_catalog(spark, root)


@pytest.fixture
def at_once(monkeypatch):
    """Leases that have run out when they are taken."""
    monkeypatch.setattr(job_locks, "TERM", timedelta(0))


def rows(catalog: Catalog) -> list[tuple[object, ...]]:
    """What the ledger's table says of leases."""
    found = catalog.location.read(catalog.spark, RUNS.name).where("event = 'lease'").orderBy("revision")
    return [(row["run_id"], row["status"], tuple(row["subjects"])) for row in found.collect()]


def test_a_job_is_held_by_one_run_and_free_when_it_ends(one, other):
    run = a_run("ingest")
    with one.jobs.lock(run):
        with pytest.raises(BusyError) as raised, other.jobs.lock(a_run("ingest")):
            pass
        lease = one.jobs._lease
        assert str(raised.value) == (
            f"ingest: the run {run.run_id} holds the lease since {lease.at:%Y-%m-%d %H:%M:%S} UTC; wait for it to end."
            f" If it was killed, the lease runs out at {lease.expires_at:%Y-%m-%d %H:%M:%S} UTC: run the command again"
            " then"
        )
        assert lease.expires_at - lease.at == pytest.approx(job_locks.TERM, abs=timedelta(seconds=1))
        with other.jobs.lock(a_run("score")):
            pass
    with other.jobs.lock(a_run("ingest")):
        pass


def test_a_job_inside_another_shares_its_lease_and_costs_a_row_only_when_it_is_a_new_one(one, other):
    daily = a_run("daily")
    with one.jobs.lock(daily):
        for job in ("ingest", "score", "score"):
            with one.jobs.lock(a_run(job)), pytest.raises(BusyError, match=rf"{job}: the run {daily.run_id} holds"):
                other.jobs._take(a_run(job))
        with other.jobs.lock(a_run("ingest")):
            pass
    mine = [row for row in rows(one) if row[0] == daily.run_id]
    assert [row[1:] for row in mine] == [
        ("held", ("daily",)),
        ("held", ("daily", "ingest")),
        ("held", ("daily", "score")),
        ("released", ()),
    ]


def test_of_two_that_take_a_job_at_the_same_revision_one_gets_it(one, other, monkeypatch):
    """The other one's row lands between this one's look at the ledger and its own row."""
    load, seen = LedgerTable.load, []

    def late(table: LedgerTable) -> object:
        ledger = load(table)
        if table is one.jobs._runs and not seen:
            seen.append(True)
            other.jobs._take(a_run("ingest"))
        return ledger

    monkeypatch.setattr(LedgerTable, "load", late)
    with pytest.raises(BusyError, match=r"ingest: the run ingest-.* holds the lease"), one.jobs.lock(a_run("ingest")):
        pass
    assert [row[1] for row in rows(one)] == ["held"]
    other.jobs._give_back("ingest")


def test_a_lease_is_renewed_in_the_midst_of_a_long_pass(spark, one, monkeypatch):
    monkeypatch.setattr(job_locks, "RENEWED_EVERY", 0.2)
    with one.jobs.lock(a_run("ingest")), long_pass(spark) as working:
        first = one.jobs._lease
        wait_until(lambda: one.jobs._lease is not first)
        assert working.is_alive()
        assert one.jobs._lease.expires_at > first.expires_at
        one.jobs.confirm()
    assert one.jobs._renewing is None


@contextmanager
def long_pass(spark: SparkSession) -> Iterator[threading.Thread]:
    """A job of many more tasks than there are cores; later jobs wait for all of them unless they are let between."""

    def work() -> None:
        with suppress(Exception):
            spark.range(0, 160_000_000, 1, 8000).selectExpr("sum(id * id % 7)").collect()

    working = InheritableThread(target=work, daemon=True)
    working.start()
    try:
        wait_until(lambda: spark.sparkContext.statusTracker().getActiveStageIds())
        yield working
    finally:
        spark.sparkContext.cancelAllJobs()
        working.join()


def wait_until(met: Callable[[], object]) -> None:
    until = time.monotonic() + 240
    while not met():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_lease_that_ran_out_goes_to_the_next_one(one, other, at_once):
    with one.jobs.lock(a_run("ingest")), other.jobs.lock(a_run("ingest")):
        pass


@pytest.mark.usefixtures("at_once")
def test_a_run_that_lost_its_lease_writes_no_more_and_the_next_one_is_not_disturbed(spark, one, other, root):
    lost, run = a_run(), a_run()
    with one.jobs.lock(lost), ExitStack() as writing:
        with pytest.MonkeyPatch.context() as alive:
            alive.setattr(job_locks, "MARGIN", -timedelta(hours=1))
            tx = writing.enter_context(one.transaction(lost, {SCORES: [DAY]}))
        with other.jobs.lock(run), pytest.MonkeyPatch.context() as alive:
            alive.setattr(job_locks, "MARGIN", -timedelta(hours=1))
            with other.transaction(run, {SCORES: [DAY]}) as theirs:
                theirs.replace(SCORES, scores(spark, ("b", DAY, 0.9, 2)), [DAY])
            taken = rf"score: the lease of the run {lost.run_id} ran out and was taken over by the run {run.run_id} of"
            with pytest.raises(BusyError, match=taken):
                tx.replace(SCORES, scores(spark, ("a", DAY, 0.1, 1)), [DAY])
            with pytest.raises(BusyError, match=taken):
                tx.append(CHOSEN, spark.createDataFrame([("x", 1)], CHOSEN.schema))
            with pytest.raises(BusyError, match=taken), one.transaction(lost, {SCORES: [NEXT]}):
                pass
            with pytest.raises(BusyError, match=taken):
                one.end(lost)
            assert one.end(lost, error="BusyError: lost").status == "failed"
            assert other.end(run).status == "ok"
    reader = a_catalog(spark, root)
    assert content(reader, SCORES) == [("b", DAY, 0.9, 2)]
    assert content(reader, CHOSEN) == []


def test_a_run_whose_lease_was_not_renewed_writes_no_more_though_nobody_took_it_over(spark, one, monkeypatch):
    write(one, SCORES, scores(spark, ("a", DAY, 0.1, 1)), a_run())
    run = a_run()
    with one.jobs.lock(run), one.transaction(run, {SCORES: [DAY]}) as tx:
        monkeypatch.setattr(job_locks, "MARGIN", job_locks.TERM)
        over = rf"score: the lease of the run {run.run_id} could not be renewed before"
        with pytest.raises(BusyError, match=over):
            tx.replace(SCORES, scores(spark, ("b", DAY, 0.1, 1)), [DAY])
        for upkeep in (
            lambda: maintenance.compact(spark, one.location, SCORES, DAY, one.jobs.confirm),
            lambda: maintenance.keep(spark, one.location, SCORES, 31, 200, one.jobs.confirm),
            lambda: maintenance.vacuum(spark, one.location, SCORES, one.jobs.confirm),
        ):
            with pytest.raises(BusyError, match=over):
                upkeep()
        assert one.end(run, error="BusyError").status == "failed"
    assert content(one, SCORES) == [("a", DAY, 0.1, 1)]


def test_a_failed_renewal_is_logged_and_tried_again(one, monkeypatch):
    monkeypatch.setattr(job_locks, "RENEWED_EVERY", 0.05)
    monkeypatch.setattr(job_locks, "TRIED_AGAIN_AFTER", 0.05)
    append, failed = LedgerTable.append, []

    def unreachable(table: LedgerTable, *given: object) -> object:
        if len(failed) == 2 or not one.jobs._jobs:
            return append(table, *given)
        failed.append(True)
        raise OSError("the store is away")

    logged = []
    monkeypatch.setattr(job_locks.log, "warning", lambda text, *values: logged.append(text % values))
    with one.jobs.lock(a_run()):
        first = one.jobs._lease
        monkeypatch.setattr(LedgerTable, "append", unreachable)
        wait_until(lambda: one.jobs._lease is not first)
    assert logged == ["the lease could not be renewed, trying again: the store is away"] * 2


def test_a_block_that_fails_gives_its_lease_back_and_its_own_error_is_raised(one, other, monkeypatch):
    with pytest.raises(ZeroDivisionError), one.jobs.lock(a_run()):
        raise ZeroDivisionError
    with other.jobs.lock(a_run()):
        pass
    run = a_run()
    with pytest.raises(ZeroDivisionError), one.jobs.lock(run):
        raise monkeypatch.setattr(LedgerTable, "append", None) or ZeroDivisionError
    assert rows(one)[-1] == (run.run_id, "held", ("score",))


def test_local_disks_keep_their_file_locks_and_get_no_leases(spark, tmp_path):
    one, other = a_catalog(spark, tmp_path), Catalog(spark, Location(f"file://{tmp_path}"))
    with one.jobs.lock(a_run()):
        with pytest.raises(BusyError, match=r"job_score: another run holds the lock .*_locks/job_score\.lock"):
            other.jobs.lock(a_run()).__enter__()
        one.jobs.confirm()
    assert not one.location.exists(spark, RUNS.name)
