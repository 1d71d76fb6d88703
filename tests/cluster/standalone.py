"""A standalone Spark cluster on loopback, from the pip package: a master and workers, each a process of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

from churn_spark.runtime.jars import delta_jars
from churn_spark.runtime.java import choose_java

ROOT = Path(__file__).parents[2]
SPARK_HOME = Path(pyspark.__file__).parent
SMALL = {
    "spark.driver.memory": "800m",
    "spark.executor.memory": "600m",
    "spark.executor.cores": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
}


@dataclass(frozen=True)
class Cluster:
    """A running cluster. folder: its logs and work folders, and the zipped package."""

    master: str
    folder: Path
    environment: dict[str, str]
    workers: tuple[int, ...]

    def submit(self, job: str, *arguments: str) -> subprocess.Popen[str]:
        """Start spark-submit of a job with the zipped package; what it says goes into a file of the job's name.

        spark-submit gives what the job itself writes to stderr to its own stdout.
        """
        settings = [word for key, value in SMALL.items() for word in ("--conf", f"{key}={value}")]
        command = [SPARK_HOME / "bin" / "spark-submit", "--master", self.master, *settings]
        command += ["--jars", ",".join(map(str, delta_jars())), "--py-files", self.folder / "churn_spark.zip"]
        command += [ROOT / "jobs" / f"{job}.py", *arguments]
        with (self.folder / f"{job}.log").open("w") as log:
            return subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log, text=True)

    def run(self, job: str, *arguments: str) -> None:
        """Submit a job and wait for its end."""
        code = self.submit(job, *arguments).wait()
        assert code == 0, (self.folder / f"{job}.log").read_text()

    def executors(self) -> list[int]:
        """The processes of the executors that run now."""
        children = [child for worker in self.workers for child in _children(worker)]
        return [pid for pid in children if b"CoarseGrainedExecutorBackend" in _command(pid)]


@contextmanager
def standalone(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Start a cluster below a folder; everything that was started is ended."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.make_archive(str(folder / "churn_spark"), "zip", ROOT, "churn_spark")
    environment = dict(os.environ, SPARK_HOME=str(SPARK_HOME), SPARK_LOCAL_IP="127.0.0.1", SPARK_DAEMON_MEMORY="300m")
    environment |= {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    environment.pop("PYSPARK_SUBMIT_ARGS", None)
    choose_java(environment)
    port = _free_port()
    master = f"spark://127.0.0.1:{port}"
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, kind: str, *arguments: str) -> Path:
        log = folder / f"{name}.log"
        command = [str(SPARK_HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", *arguments]
        with log.open("w") as out:
            started.append(
                subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=folder, start_new_session=True)
            )
        return log

    try:
        log = start("master", "master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
        _wait_for(log, "I have been elected leader", 1)
        for n in range(workers):
            small = ("--cores", "1", "--memory", "700m", "--host", "127.0.0.1", "--webui-port", "0")
            start(f"worker{n}", "worker.Worker", *small, "-d", str(folder / f"work{n}"), master)
        _wait_for(log, "Registering worker", workers)
        yield Cluster(master, folder, environment, tuple(process.pid for process in started[1:]))
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(log: Path, words: str, times: int, seconds: float = 300.0) -> None:
    until = time.monotonic() + seconds
    while log.read_text().count(words) < times:
        assert time.monotonic() < until, f"{words!r} was not said {times} times in {log}:\n{log.read_text()}"
        time.sleep(0.2)


def _children(pid: int) -> Sequence[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in found for child in file.read_text().split()]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended since
        return b""
