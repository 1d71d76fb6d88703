"""Two drivers at one warehouse without file locks: one of a job at a time, other jobs beside it, and a killed one."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from churn_spark.definitions.errors import BusyError
from churn_spark.tables import job_locks
from churn_spark.tables.catalog import Catalog
from tests.tables.scratch import DAY, SCORES, TAKEN, a_catalog, a_run, content, scores, taken, write
from tests.tables.unlocked import address, mount, mounted

ROOT = Path(__file__).parents[2]
TERM = 60
"""Seconds that the other driver's lease lasts."""
WRITES = 2


@pytest.mark.soak(minutes=4)
def test_one_driver_of_a_job_at_a_time_and_the_lease_of_a_killed_one_runs_out(spark, tmp_path):
    folder = tmp_path / "warehouse"
    here = a_catalog(spark, mounted(spark, folder))
    with other_driver(folder, tmp_path) as (other, run_id):
        with pytest.raises(BusyError, match=rf"score: the run {run_id} holds the lease since .* runs out at"):
            here.jobs.lock(a_run()).__enter__()
        # Another job beside it: both write to the ledger, and nothing of either is lost.
        (tmp_path / "go").touch()
        for n in range(WRITES):
            run, day = a_run("ingest"), DAY + timedelta(days=n)
            with here.jobs.lock(run):
                write(here, TAKEN, taken(spark, (f"d{n}", "a", day)), run, [day])
        assert other.stdout.readline() == "written\n", (tmp_path / "said").read_text()
        other.send_signal(signal.SIGKILL)
        other.wait()
        killed = time.monotonic()
        with pytest.raises(BusyError, match=rf"score: the run {run_id} holds the lease"):
            here.jobs.lock(a_run()).__enter__()
    _wait_for_the_lease(here, killed)
    assert content(here, SCORES) == [("there", DAY + timedelta(days=n), 0.5, n) for n in range(WRITES)]
    assert content(here, TAKEN) == [(f"d{n}", "a", DAY + timedelta(days=n)) for n in range(WRITES)]
    assert [entry.status for entry in here.ledger.entries if entry.event == "end"] == ["ok"] * 2 * WRITES


def _wait_for_the_lease(here: Catalog, killed: float) -> None:
    """Take over from the killed driver, as soon as its lease has run out and no sooner."""
    expires_at = here.ledger.leases.newest("score").expires_at.timestamp()  # type: ignore[union-attr]
    while True:
        assert time.monotonic() - killed < 2 * TERM
        try:
            with here.jobs.lock(a_run()):
                assert time.time() >= expires_at
                return
        except BusyError:
            time.sleep(0.5)


@contextmanager
def other_driver(folder: Path, scratch: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A driver that holds the job `score`, and its run; it writes once there is a file `go`, and stays."""
    command = [sys.executable, "-m", "tests.tables.test_two_drivers", str(folder), str(scratch / "go")]
    said = scratch / "said"
    with said.open("w") as errors:
        other = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert other.stdout is not None
        run_id = other.stdout.readline().strip()
        assert run_id, said.read_text()
        yield other, run_id
    finally:
        other.kill()
        other.wait()


def _work(folder: Path, go: Path) -> None:
    from churn_spark.runtime.session import session
    from tests.conftest import FAST_JVM, FAST_STARTS

    job_locks.TERM, job_locks.MARGIN, job_locks.RENEWED_EVERY = timedelta(seconds=TERM), timedelta(seconds=2), 8.0
    settings = FAST_STARTS | {"spark.driver.extraJavaOptions": FAST_JVM} | mount("there", folder)
    spark = session("there", extra=settings)
    catalog, holder = a_catalog(spark, address("there")), a_run()
    with catalog.jobs.lock(holder):
        print(holder.run_id, flush=True)
        while not go.exists():
            time.sleep(0.05)
        for n in range(WRITES):
            day = DAY + timedelta(days=n)
            write(catalog, SCORES, scores(spark, ("there", day, 0.5, n)), a_run(), [day])
        print("written", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    _work(Path(sys.argv[1]), Path(sys.argv[2]))
