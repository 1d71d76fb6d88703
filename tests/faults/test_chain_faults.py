"""Faults of machines, people and schedules, done to a whole chain: what was there stays, what is mended is equal."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from churn_spark.cli.job import BUG
from churn_spark.definitions.errors import BusyError, ContractError, DeliveryError
from churn_spark.definitions.periods import Days
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages.all_stages import BUILD_FEATURES, BUILD_LABELS, INGEST, MAINTAIN, SCORE
from tests.trained_shop import CHAIN, copied, opened

pytestmark = pytest.mark.soak
DAY = timedelta(days=1)


@contextmanager
def small_disk(folder: Path, megabytes: int):  # type: ignore[no-untyped-def]
    """A file system of a few megabytes; skips where mounting is not allowed."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("free", [0, 50_000, 120_000, 250_000])
def test_a_full_disk_ends_the_run_and_leaves_the_old_partitions(trained, tmp_path, undisturbed, free):
    disk = tmp_path / "disk"
    with small_disk(disk, 64):
        shop = opened(copied(trained, disk / "shop"))
        shop.deliver()
        before = shop.content()
        filler = disk / "filler"
        with filler.open("wb") as rest:
            rest.write(b"x" * (shutil.disk_usage(disk).free - free))
        # Whatever Spark, Delta or the ledger stumble over first; with the most space some stages may come through.
        with pytest.raises(Exception, match=r"(?i)no space left|No such file|runs") as raised:
            shop.chain()
        assert not isinstance(raised.value, AssertionError)
        stored = shop.content()
        assert {name for name in before if not set(map(repr, before[name])) <= set(map(repr, stored[name]))} == set()
        filler.unlink()
        shop.chain()
        assert shop.content() == undisturbed


def test_the_same_daily_job_started_twice_at_once_is_never_mixed(shop, undisturbed):
    command = [sys.executable, "-c", "from churn_spark.cli.main import main; main()", "daily"]
    command += ["--conf", str(shop.files.conf), "--as-of", str(shop.as_of)]
    environment = dict(os.environ, PYSPARK_SUBMIT_ARGS="--master local[1] --driver-memory 1g pyspark-shell")
    started = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[1] for process in started]
    codes = sorted(process.returncode for process in started)
    assert codes in ([0, 0], [0, BusyError.exit_code]), "\n".join(said)
    assert shop.content() == undisturbed


def test_a_day_run_three_times_changes_nothing(shop, undisturbed):
    shop.chain()
    revision = shop.catalog.ledger.revision
    for _ in range(2):
        shop.chain()
    entries = [entry for entry in shop.catalog.ledger.entries if entry.revision > revision and entry.event == "end"]
    assert {entry.job for entry in entries if entry.status == "ok"} == {BUILD_FEATURES.name, SCORE.name}
    assert not any(written.changed for entry in entries for written in entry.writes)
    assert shop.content() == undisturbed


def test_a_hole_of_days_is_filled_as_if_each_had_been_run(trained, shop, tmp_path):
    daily = opened(copied(trained, tmp_path / "daily"))
    daily.deliver()
    for as_of in (shop.as_of - DAY, shop.as_of):
        for stage in CHAIN:
            daily.stage(stage, as_of)
    # Deliveries arrive on the same days; all else is only done at the end, the older date after the newer one.
    shop.stage(INGEST, shop.as_of - DAY)
    shop.chain()
    backfill(shop.project, shop.catalog, shop.as_of, Days(shop.as_of - DAY, shop.as_of))
    assert everything_due(shop.project, shop.catalog, shop.as_of) == []
    assert shop.content() == daily.content()


def test_a_restated_delivery_makes_stale_what_rests_on_it_and_backfill_mends_it(shop, undisturbed):
    file = shop.files.file(shop.files.start)
    right = file.read_text()
    file.write_text(right.replace(",food", ",drinks").replace("c003,", "c004,"))
    for as_of in (shop.as_of - DAY, shop.as_of):
        for stage in CHAIN:
            shop.stage(stage, as_of)
    file.write_text(right)
    with pytest.raises(DeliveryError, match=file.name):
        shop.stage(INGEST, shop.as_of)
    shop.stage(INGEST, shop.as_of, "restate")
    due = {(item.table, item.kind) for item in backfill(shop.project, shop.catalog, shop.as_of, dry_run=True)}
    assert {("tiles_purchases", "stale"), ("features", "follows"), ("risk_scores", "follows")} <= due
    backfill(shop.project, shop.catalog, shop.as_of)
    assert everything_due(shop.project, shop.catalog, shop.as_of) == []
    for table in ("features", "risk_scores", "labels"):
        newest = [row for row in shop.content()[table] if shop.as_of in row]
        assert newest == [row for row in undisturbed[table] if shop.as_of in row]


@pytest.mark.parametrize("table", ["events_purchases", "deliveries", "features", "risk_scores"])
def test_the_documented_repair_of_a_log_that_lost_its_newest_entry(shop, undisturbed, table):
    shop.chain()
    log = shop.files.warehouse / table / "_delta_log"
    newest = max(log.glob("*.json"))
    for file in log.glob(f"*{newest.stem}*"):
        file.unlink()
    shop.catalog.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    with pytest.raises(ContractError, match=f"{table}: .*{newest.name} is missing"):
        shop.stage(MAINTAIN, shop.as_of)
    shop.stage(MAINTAIN, shop.as_of, "accept-rollback")
    shop.stage(INGEST, shop.as_of)
    backfill(shop.project, shop.catalog, shop.as_of, Days(shop.as_of, shop.as_of + DAY))
    assert everything_due(shop.project, shop.catalog, shop.as_of) == []
    assert shop.content() == undisturbed


def test_a_source_cut_short_is_refused_or_counted_and_the_whole_one_is_taken(shop, undisturbed):
    file, before = shop.files.file(shop.files.start), shop.content()
    whole = file.read_bytes()
    for cut in (len(whole) // 2, len(whole) - 3):
        file.write_bytes(whole[:cut])
        with suppress(DeliveryError):
            shop.stage(INGEST, shop.as_of - DAY)
            (taken,) = [row for row in shop.content()["deliveries"] if file.name in row]
            lines = len(whole[:cut].splitlines()) - 1
            assert lines in taken
        file.write_bytes(whole)
        shop.stage(INGEST, shop.as_of - DAY, "restate")
    shop.chain()
    assert set(before) <= set(shop.content())
    assert len(shop.content()["events_purchases"]) == len(undisturbed["events_purchases"])


def test_an_unforeseen_failure_leaves_with_its_own_exit_code(shop, tmp_path):
    """A disk that is not there at all: a traceback and exit code 70, not a silent success."""
    shutil.rmtree(shop.files.warehouse)
    shop.files.warehouse.write_text("not a folder")
    command = [sys.executable, "-c", "from churn_spark.cli.main import main; main()", "ingest"]
    command += ["--conf", str(shop.files.conf), "--as-of", str(shop.as_of)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == BUG
    assert "Traceback" in done.stderr


def test_labels_wait_for_maturity_however_often_they_are_asked_for(shop):
    shop.stage(INGEST, shop.as_of - DAY)
    statuses = [shop.stage(BUILD_LABELS, shop.as_of - DAY) for _ in range(2)]
    assert statuses == ["nothing_to_do"] * 2
