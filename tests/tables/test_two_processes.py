"""Two processes at one warehouse: locks that another process holds, and writes of both that all land."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from churn_spark.definitions.errors import BusyError
from churn_spark.tables.location import Location
from churn_spark.tables.locks import locked
from tests.tables.scratch import DAY, SCORES, a_catalog, a_run, content, scores, write

ROOT = Path(__file__).parents[2]


def test_a_lock_held_by_another_process_is_busy_and_free_once_it_is_killed(tmp_path):
    script = f"""
import pathlib, time
from churn_spark.tables.locks import locked
with locked(pathlib.Path({str(tmp_path)!r}), "job_score", 0):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match=r"job_score: another run holds the lock .*job_score\.lock"),
            _held(tmp_path),
        ):
            pass
        other.kill()
        other.wait()
    with _held(tmp_path):
        pass


def _held(folder: Path):  # type: ignore[no-untyped-def]
    return locked(folder, "job_score", 0)


def test_no_lock_is_taken_where_commits_are_atomic():
    with locked(None, "job_score", 0), locked(None, "job_score", 0):
        pass


def test_a_table_that_another_process_is_making_is_seen_once_it_is_there(spark, tmp_path):
    made, being_made = Location(str(tmp_path / "made")), Location(str(tmp_path / "being_made"))
    made.create(spark, SCORES)
    log = tmp_path / "being_made" / SCORES.name / "_delta_log"
    log.mkdir(parents=True)
    assert not being_made.exists(spark, SCORES.name)
    shutil.copy(made.entry(SCORES.name, 0), log)
    assert being_made.exists(spark, SCORES.name)
    assert being_made.version(spark, SCORES.name) == 0


@pytest.mark.parametrize("each", [2, pytest.param(6, id="past a checkpoint", marks=pytest.mark.soak(minutes=1))])
def test_two_processes_that_write_one_table_at_once_lose_nothing(spark, tmp_path, each):
    warehouse, ready, said = tmp_path / "warehouse", tmp_path / "ready", tmp_path / "said"
    command = [sys.executable, "-m", "tests.tables.test_two_processes", str(warehouse), str(ready), str(each)]
    with said.open("w") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out) as other:
        # Both start to write when the other one's session is there.
        while not ready.exists():
            assert other.poll() is None, said.read_text()
            time.sleep(0.05)
        _write_days(spark, warehouse, "here", range(0, 2 * each, 2))
        assert other.wait() == 0, said.read_text()
    catalog = a_catalog(spark, warehouse)
    assert {(row[0], row[1]) for row in content(catalog, SCORES)} == {
        (("here", "there")[n % 2], DAY + timedelta(days=n)) for n in range(2 * each)
    }
    entries = catalog.ledger.entries
    assert [entry.revision for entry in entries] == list(range(1, 4 * each + 1))
    assert catalog.ledger.open("scores") == {}


def _write_days(spark, warehouse: Path, name: str, days: Iterable[int]) -> None:  # type: ignore[no-untyped-def]
    catalog = a_catalog(spark, warehouse)
    for n in days:
        day = DAY + timedelta(days=n)
        write(catalog, SCORES, scores(spark, (name, day, 0.5, n)), a_run(name), [day])


if __name__ == "__main__":
    from churn_spark.runtime.session import session
    from tests.conftest import FAST_JVM, FAST_STARTS

    there = session("there", extra=FAST_STARTS | {"spark.driver.extraJavaOptions": FAST_JVM})
    Path(sys.argv[2]).touch()
    _write_days(there, Path(sys.argv[1]), "there", range(1, 2 * int(sys.argv[3]), 2))
