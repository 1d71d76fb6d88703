"""Which errors are the machine's, the cluster's or a store's: real ones, and their neighbours that are bugs."""

import errno
import gzip
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from churn_spark.cli.job import BUG, leave
from churn_spark.definitions.errors import DeliveryError, ModelError, UnavailableError
from churn_spark.runtime import progress
from churn_spark.runtime.failures import foreseen
from churn_spark.runtime.machine_faults import outage, traced
from churn_spark.runtime.run import run_stage
from churn_spark.settings import load
from churn_spark.spark_internals.errors import Throwable
from churn_spark.stages.all_stages import REPORT
from tests.faults.test_chain_faults import small_disk
from tests.tables.scratch import DAY, SCORES, a_catalog, a_run, scores

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Leaving a work sets what SIGTERM does."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def raised(work: Callable[[], object]) -> BaseException:
    try:
        work()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def left(work: Callable[[], object], capsys) -> tuple[int, str]:
    """The exit code that a work leaves with, and what it says."""
    progress.configure()
    with pytest.raises(SystemExit) as end:
        leave(lambda: work() and None)
    return end.value.code, capsys.readouterr().err


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _full_disk() -> None:
    with open("/dev/full", "w") as full:
        full.write("x")


def _unanswered() -> None:
    import requests

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        requests.get(f"http://127.0.0.1:{probe.getsockname()[1]}", timeout=5)


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (_full_disk, "OSError: [Errno 28] No space left on device"),
        (lambda: socket.create_connection(("127.0.0.1", 1)), "ConnectionRefusedError: [Errno 111] Connection refused"),
        (_unanswered, "ConnectionError: HTTPConnectionPool"),
        (lambda: bytearray(1 << 62), "MemoryError"),
        (lambda: _raise(sqlite3.OperationalError("database or disk is full")), "OperationalError: database or disk is"),
    ],
    ids=["full disk", "refused", "no answer", "memory", "database"],
)
def test_an_outage_seen_by_python_is_one_line_and_exit_code_75(work, said, capsys):
    code, stderr = left(work, capsys)
    assert code == UnavailableError.exit_code == 75
    assert stderr.count("\n") == 1
    assert f"UnavailableError: the machine, the cluster or a store failed ({said}" in stderr
    assert stderr.endswith("; see to it, then run the command again\n")


def _raise(error: BaseException) -> None:
    raise error


def _jvm_full_disk(spark) -> None:
    spark._jvm.java.io.FileOutputStream("/dev/full").write(1)


def _jvm_memory(spark) -> None:
    spark._jvm.java.nio.ByteBuffer.allocate(2**31 - 1)


def _jvm_refused(spark) -> None:
    spark._jvm.java.net.Socket("127.0.0.1", 1)


def _in_a_task(spark) -> None:
    address = F.expr("java_method('java.net.InetAddress', 'getByName', concat('nowhere.invalid', id))")
    spark.range(1).select(address).collect()


def _worker_killed(spark) -> None:
    def killed(batches):
        os.kill(os.getpid(), signal.SIGKILL)
        yield from batches

    spark.range(1).mapInPandas(killed, "id long").collect()


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (_jvm_full_disk, "IOException: No space left on device"),
        (_jvm_memory, "OutOfMemoryError: "),
        (_jvm_refused, "ConnectException: Connection refused"),
        (_in_a_task, "UnknownHostException: nowhere.invalid0"),
        (_worker_killed, "Python worker exited unexpectedly"),
    ],
    ids=["full disk", "memory", "refused", "in a task", "worker killed"],
)
def test_an_outage_seen_by_the_jvm_is_one_line_and_exit_code_75(spark, work, said, capsys):
    code, stderr = left(lambda: work(spark), capsys)
    assert code == 75, stderr
    assert stderr.splitlines()[-1].count("UnavailableError: the machine, the cluster or a store failed (") == 1
    assert said in stderr.splitlines()[-1]


def test_a_warehouse_that_refuses_connections_is_unavailable(spark, closed_port, capsys):
    conf = spark._jsc.hadoopConfiguration()
    conf.set("ipc.client.connect.max.retries", "0")
    conf.set("dfs.client.retry.policy.enabled", "false")
    catalog = a_catalog(spark, f"hdfs://127.0.0.1:{closed_port}/warehouse")
    code, stderr = left(lambda: catalog.read(SCORES), capsys)
    assert code == 75, stderr
    assert "Connection refused" in stderr.splitlines()[-1]


@pytest.mark.parametrize("free", [0, 16_384])
def test_a_disk_that_is_really_full_is_unavailable(spark, tmp_path, free):
    with small_disk(tmp_path / "disk", 4):
        catalog, run = a_catalog(spark, tmp_path / "disk" / "warehouse"), a_run()
        with catalog.transaction(run, {SCORES: [DAY]}) as tx:
            (tmp_path / "disk" / "filler").write_bytes(b"x" * (shutil.disk_usage(tmp_path / "disk").free - free))
            rows = scores(spark, *((str(n), DAY, n / 7, n) for n in range(300)))
            for work in (lambda: tx.replace(SCORES, rows, [DAY]), lambda: catalog.end(run, error="x")):
                error = foreseen(raised(work))
                assert isinstance(error, UnavailableError)
                assert "No space left on device" in str(error)


def test_a_jvm_that_is_gone_is_unavailable(fast_environment):
    program = (
        "import os, signal\n"
        "from pyspark import SparkContext\n"
        "from churn_spark.runtime import progress\n"
        "from churn_spark.cli.job import leave\n"
        "from churn_spark.runtime.session import session\n"
        "spark = session('gone')\n"
        "progress.configure()\n"
        "os.kill(SparkContext._gateway.proc.pid, signal.SIGKILL)\n"
        "SparkContext._gateway.proc.wait()\n"
        "leave(lambda: spark.range(3).count())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=fast_environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 75, done.stderr
    assert "UnavailableError: the machine, the cluster or a store failed (" in done.stderr


LOST = (
    "Job aborted due to stage failure: Task 0 in stage 4.0 failed 4 times, most recent failure: Lost task 0.3 in stage"
    " 4.0 (TID 9) (10.1.2.3 executor 4): "
)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            f"{LOST}ExecutorLostFailure (executor 4 exited caused by one of the running tasks) Reason: killed",
            "ExecutorLostFailure: (executor 4 exited caused by one of the running tasks) Reason: killed",
        ),
        (f"{LOST}java.io.IOException: No space left on device\n\tat X", "IOException: No space left on device"),
        (f"{LOST}java.lang.OutOfMemoryError: GC overhead limit\n\tat X", "OutOfMemoryError: GC overhead limit"),
        (
            f"{LOST}org.apache.spark.SparkException: [TASK_WRITE_FAILED] s3a://b/t\n\tat X\n"
            "Caused by: org.apache.hadoop.fs.s3a.AWSServiceThrottledException: Slow Down\n\t... 3 more",
            "AWSServiceThrottledException: Slow Down",
        ),
        (
            "Job aborted due to stage failure: ResultStage 7 () has failed the maximum allowable number of times: 4",
            "SparkException: Job aborted due to stage failure: ResultStage 7",
        ),
        ("Job 3 cancelled because SparkContext was shut down", "SparkException: Job 3 cancelled"),
    ],
    ids=["executor lost", "full disk", "memory", "throttled", "fetch failed", "shut down"],
)
def test_what_the_driver_only_reads_in_a_trace_is_an_outage(message, said):
    assert outage(_of_job(message)).startswith(said)


@pytest.mark.parametrize(
    "trace",
    [
        "org.apache.spark.api.python.PythonException: Traceback (most recent call last):\nOSError: No space left on"
        " device\nCaused by: java.io.IOException: x",
        "org.apache.spark.SparkArithmeticException: [DIVIDE_BY_ZERO] Division by zero",
        "org.apache.spark.SparkRuntimeException: [USER_RAISED_EXCEPTION] ExecutorLostFailure (executor 4 exited)",
        "java.lang.NullPointerException\n\tat X",
    ],
)
def test_a_task_that_fails_by_a_bug_is_no_outage(trace):
    assert outage(_of_job(LOST + trace)) is None


def _of_job(message: str) -> list[Throwable]:
    return [Throwable(("org.apache.spark.SparkException", "java.lang.Exception"), message), *traced(message)]


def _udf(text: str):  # type: ignore[no-untyped-def]
    @F.udf("string")
    def failing(_: int) -> str:
        raise OSError(errno.ENOSPC, text)

    return failing


@pytest.mark.parametrize(
    "work",
    [
        lambda spark: spark.range(1).select(_udf("No space left on device")("id")).collect(),
        lambda spark: spark.sql("SELECT nowhere FROM range(1)"),
        lambda spark: spark.sql("SELECT 1 / (id - id) FROM range(1)").collect(),
        lambda spark: spark.sql("SELECT cast(concat('Connection refused', id) AS int) FROM range(1)").collect(),
        lambda spark: spark.sql("SELECT raise_error('java.io.IOException: No space left on device')").collect(),
        lambda spark: spark._jvm.java.lang.String("x").nothing(),
        lambda spark: spark._jvm.java.io.FileInputStream("/not/there"),
        lambda spark: spark.read.parquet("/not/there"),
        lambda spark: os.stat("/not/there"),
        lambda spark: {}["connection refused"],
    ],
    ids=["udf", "column", "zero", "cast", "raised", "method", "jvm file", "path", "file", "key"],
)
def test_a_bug_stays_a_bug_with_its_traceback(spark, work, capsys):
    code, stderr = left(lambda: work(spark), capsys)
    assert code == BUG == 70
    assert "Traceback (most recent call last)" in stderr


def test_a_damaged_file_is_no_outage(spark, tmp_path):
    whole = gzip.compress(b"a,b\n1,2\n" * 10_000)
    for name, content in {"cut": whole[:-20], "spoilt": whole[:40] + b"\0" * 60 + whole[100:]}.items():
        file = tmp_path / f"{name}.csv.gz"
        file.write_bytes(content)
        error = raised(lambda file=file: spark.read.csv(str(file), schema="a string, b string").collect())
        assert foreseen(error) is None, name


def test_a_named_failure_with_an_outage_behind_it_is_unavailable_and_keeps_its_words(spark):
    refused = raised(lambda: _jvm_refused(spark))
    for kind in (DeliveryError, ModelError):
        error = kind("s3a://bucket/x cannot be read")
        assert foreseen(error) is error
        error.__cause__ = refused
        found = foreseen(error)
        assert (type(found), str(found)) == (UnavailableError, "s3a://bucket/x cannot be read")
    error = DeliveryError("cut.gz cannot be read")
    error.__cause__ = raised(lambda: spark._jvm.java.io.FileInputStream("/not/there"))
    assert foreseen(error) is error


def test_an_outage_ends_a_run_with_a_row_in_the_ledger(spark, tmp_path):
    project = load(ROOT / "conf" / "complete_journey.yaml")
    stage = replace(REPORT, work=lambda *_: _jvm_full_disk(spark))
    catalog = a_catalog(spark, tmp_path)
    said = "the machine, the cluster or a store failed (IOException: No space left on device)"
    with pytest.raises(UnavailableError, match=re.escape(said)):
        run_stage(stage, project, catalog, DAY)
    (entry,) = catalog.ledger.entries
    assert (entry.status, entry.error) == ("failed", f"UnavailableError: {said}; see to it, then run the command again")
