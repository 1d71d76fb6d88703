"""Training and scoring under spark-submit with `--env prod` as it is shipped, by a user without a home to write to."""

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable

from churn_spark.pipelines.backfill import backfill
from churn_spark.stages.all_stages import INGEST
from tests.cluster.standalone import ROOT, Cluster, standalone
from tests.small_project import small_project
from tests.trained_shop import opened

pytestmark = [pytest.mark.cluster, pytest.mark.soak(minutes=8)]
UNWRITABLE = "/proc/none"
"""A home that nobody can make, root neither."""


def test_training_and_scoring_with_the_production_environment_and_no_home(spark, tmp_path):
    files = small_project(tmp_path / "shop", customers=200, history=8)
    shutil.copytree(ROOT / "conf" / "env", files.root / "env")
    shop = opened(files)
    shop.stage(INGEST, files.start)
    backfill(shop.project, shop.catalog, files.start)
    with standalone(tmp_path / "cluster") as cluster:
        _prepare(cluster, tmp_path, files.warehouse)
        _register(cluster, files.warehouse)
        for job in ("train", "score", "report"):
            cluster.run(job, f"--conf={files.conf}", "--env=prod", f"--as-of={files.start}")
        log = (cluster.folder / "score.log").read_text()
    assert _scores(files.warehouse) == {(files.start, "corner_shop_churn", 1, False)}
    # Copies of models are where users without a home have them, nothing is left of models on their way.
    (copy,) = (tmp_path / "tmp" / f"churn_spark-{os.getuid()}").glob("_models/corner_shop_churn/1-*")
    assert (copy / "manifest.json").is_file()
    assert "CHURN_SPARK_CACHE" in log
    assert list((tmp_path / "models").iterdir()) == []
    assert "<html" in (tmp_path / "reports" / "report.html").read_text()


def _prepare(cluster: Cluster, folder: Path, warehouse: Path) -> None:
    """What the production environment asks for: a metastore, a store of models, shared folders; and no home."""
    for name in ("tmp", "models", "reports", "conf"):
        (folder / name).mkdir()
    mounted = {name: (folder / name).as_uri() for name in ("models", "reports")}
    settings = {f"spark.hadoop.fs.viewfs.mounttable.store.link./{name}": place for name, place in mounted.items()} | {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": str(warehouse),
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/metastore;create=true",
    }
    lines = (f"{key} {value}\n" for key, value in settings.items())
    (folder / "conf" / "spark-defaults.conf").write_text("".join(lines))
    cluster.environment.update(
        SPARK_CONF_DIR=str(folder / "conf"),
        CHURN_SCHEMA="default",
        CHURN_TRACKING_URI=f"sqlite:///{folder}/mlflow.db",
        CHURN_MODELS="viewfs://store/models",
        CHURN_REPORTS="viewfs://store/reports",
        HOME=UNWRITABLE,
        TMPDIR=str(folder / "tmp"),
        SPARK_SUBMIT_OPTS=f"-Duser.home={UNWRITABLE}",
    )
    cluster.environment.pop("XDG_CACHE_HOME", None)


def _register(cluster: Cluster, warehouse: Path) -> None:
    """Make the tables below a path known to the metastore."""
    names = [folder.name for folder in warehouse.iterdir() if (folder / "_delta_log").is_dir()]
    statements = [f"CREATE TABLE {name} USING delta LOCATION '{warehouse / name}'" for name in names]
    program = f"from churn_spark.runtime.session import session; list(map(session('register').sql, {statements!r}))"
    environment = cluster.environment | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=cluster.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _scores(warehouse: Path) -> set[tuple[date, str, int, bool]]:
    rows = DeltaTable(str(warehouse / "risk_scores")).to_pyarrow_table().to_pylist()
    assert all(0 <= row["risk"] <= 1 for row in rows)
    return {(row["as_of_date"], row["model_name"], row["model_version"], row["replayed"]) for row in rows}
