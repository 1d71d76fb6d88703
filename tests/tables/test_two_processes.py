"""Two processes at one warehouse: locks that another process holds, and writes of both that all land."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from churn_spark.definitions.errors import BusyError
from churn_spark.tables.locks import held
from tests.tables.scratch import DAY, SCORES, a_catalog, a_run, content, scores, write

ROOT = Path(__file__).parents[2]
EACH = 2


def test_a_lock_held_by_another_process_is_busy_and_free_once_it_is_killed(tmp_path):
    script = f"""
import pathlib, time
from churn_spark.tables.locks import held
with held(pathlib.Path({str(tmp_path)!r}), "job_score", 0):
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
    return held(folder, "job_score", 0)


def test_no_lock_is_taken_where_commits_are_atomic():
    with held(None, "job_score", 0), held(None, "job_score", 0):
        pass


def test_two_processes_that_write_one_table_at_once_lose_nothing(spark, tmp_path):
    command = [sys.executable, "-m", "tests.tables.test_two_processes", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        # Both start to write when the other one's session is there.
        assert other.stdout.readline() == "ready\n"
        _write_days(spark, tmp_path, "here", 0)
        assert other.wait() == 0
    catalog = a_catalog(spark, tmp_path)
    assert {(row[0], row[1]) for row in content(catalog, SCORES)} == {
        (name, DAY + timedelta(days=2 * n + offset))
        for offset, name in enumerate(("here", "there"))
        for n in range(EACH)
    }
    entries = catalog.ledger.entries
    assert [entry.revision for entry in entries] == list(range(1, 4 * EACH + 1))
    assert catalog.ledger.open("scores") == {}


def _write_days(spark, folder: Path, name: str, offset: int) -> None:  # type: ignore[no-untyped-def]
    catalog = a_catalog(spark, folder)
    for n in range(EACH):
        day = DAY + timedelta(days=2 * n + offset)
        write(catalog, SCORES, scores(spark, (name, day, 0.5, n)), a_run(name), [day])


if __name__ == "__main__":
    from churn_spark.session import session
    from tests.conftest import FAST_JVM, FAST_STARTS

    there = session("there", extra=FAST_STARTS | {"spark.driver.extraJavaOptions": FAST_JVM})
    print("ready", flush=True)
    _write_days(there, Path(sys.argv[1]), "there", 1)
