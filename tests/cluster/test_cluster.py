"""The chain under spark-submit on a standalone cluster, with the zipped package: the tables of a local run."""

import os
import shutil
import signal
import subprocess
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.cluster.standalone import Cluster, standalone
from tests.small_project import SmallProject
from tests.trained_shop import content, copied, opened

pytestmark = [pytest.mark.cluster, pytest.mark.soak(minutes=6)]
ONLY_TRAINED = ("champions", "model_metrics", "model_curves", "model_checks", "model_features")


@pytest.fixture(scope="module")
def local(trained, tmp_path_factory) -> tuple[SmallProject, dict]:
    """The local run's deliveries and tables."""
    shop = opened(copied(trained, tmp_path_factory.mktemp("local") / "shop"))
    as_of = _two_days_on(shop.files)
    shop.daily(as_of)
    return shop.files, {name: rows for name, rows in shop.content().items() if name not in ONLY_TRAINED}


def _two_days_on(files: SmallProject) -> date:
    """Deliver two more days, after which a snapshot has matured."""
    files.deliver(files.start, files.start + timedelta(days=1))
    return files.start + timedelta(days=2)


def _untaken(trained: SmallProject, root: Path) -> SmallProject:
    """The shop before its first run, but with the model in force."""
    files = copied(trained, root)
    for table in files.warehouse.iterdir():
        if table.name != "champions":
            shutil.rmtree(table)
    return files


def test_the_chain_on_a_cluster_gives_the_tables_of_the_local_run(trained, local, tmp_path):
    files = _untaken(trained, tmp_path / "shop")
    with standalone(tmp_path / "cluster") as cluster:
        _chain(cluster, files)
    assert _tables(files) == local[1]
    # The package came from the zip file: what runs from a checkout names its commit too.
    versions = {run["code_version"] for run in DeltaTable(str(files.warehouse / "runs")).to_pyarrow_table().to_pylist()}
    assert not any("+" in version for version in versions)


def test_an_executor_killed_on_the_way_changes_nothing(trained, local, tmp_path):
    files = _untaken(trained, tmp_path / "shop")
    with standalone(tmp_path / "cluster") as cluster:
        conf, start = f"--conf={files.conf}", f"--as-of={files.start}"
        ingest = cluster.submit("ingest", conf, start)
        _kill_one_executor(cluster, ingest, cluster.folder / "ingest.log")
        assert ingest.wait() == 0, (cluster.folder / "ingest.log").read_text()
        assert "Lost executor" in (cluster.folder / "ingest.log").read_text()
        _chain(cluster, files, first="backfill")
    assert _tables(files) == local[1]


def _kill_one_executor(cluster: Cluster, ingest: subprocess.Popen[str], log: Path) -> None:
    """Kill an executor once the copies among purchases are decided, and before anything is written."""
    while "members: reading" not in log.read_text() or not (executors := cluster.executors()):
        assert ingest.poll() is None, f"it ended before an executor could be killed:\n{log.read_text()}"
        time.sleep(0.05)
    os.kill(executors[0], signal.SIGKILL)


def _chain(cluster: Cluster, files: SmallProject, first: str = "ingest") -> None:
    conf, start = f"--conf={files.conf}", f"--as-of={files.start}"
    if first == "ingest":
        cluster.run("ingest", conf, start)
    cluster.run("backfill", conf, start, f"--from={files.start}", f"--to={files.start}")
    cluster.run("daily", conf, f"--as-of={_two_days_on(files)}", "--log=json")


def _tables(files: SmallProject) -> dict:
    found = content(opened(files).project, files.warehouse)
    return {name: rows for name, rows in found.items() if name not in ONLY_TRAINED}
