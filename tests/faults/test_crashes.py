"""A run that dies at any commit: the old state or a named error, and after the rerun what an undisturbed run gives."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from churn_spark.definitions.errors import NotReadyError
from churn_spark.stages.all_stages import BUILD_TILES, INGEST, tables
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from tests.faults.crash import FaultError, Killed, at_commit
from tests.trained_shop import CHAIN, WITHOUT_MODEL, OpenShop, copied, opened

ROOT = Path(__file__).parents[2]


def test_after_a_crash_at_every_commit_the_rerun_gives_the_tables_of_an_undisturbed_run(small, undisturbed_small):
    before = small.content()
    crashes = sum(_crashed_everywhere(small, stage, before) for stage in WITHOUT_MODEL)
    assert crashes >= 14
    assert small.content() == undisturbed_small


def _crashed_everywhere(shop: OpenShop, stage: Stage, before: dict) -> int:
    """Run a stage until it comes through, each time letting it live one commit longer; gives the number of crashes."""
    for number in range(1, 20):
        # Errors, which the run still notes, and kills, which it cannot, by turns.
        error = Killed if number % 2 else FaultError
        try:
            with at_commit(number, error) as commits:
                shop.stage(stage, shop.as_of)
        except (Killed, FaultError):
            finished = number > 1 and commits[number - 1] == "runs"
            if not finished:
                _old_or_named(shop, stage, before)
            continue
        return number - 1
    raise AssertionError(f"{stage.name} never came through")


def _old_or_named(shop: OpenShop, stage: Stage, before: dict) -> None:
    """What a stage has changed but not finished cannot be read by others; what it has not changed is the old state."""
    stored, writes = shop.content(), stage.tables(shop.project)
    reader = Catalog(shop.catalog.spark, shop.catalog.location)
    for table in tables(shop.project):
        if table.name in writes and stored[table.name] != before[table.name]:
            with pytest.raises(NotReadyError, match=f"{table.name}: .* was left half-written by the run {stage.name}-"):
                reader.read(table)


def test_an_error_before_the_first_commit_leaves_the_old_state_readable(small):
    before = small.content()
    # The first commit is the run's start row, the second its first data.
    with at_commit(2, FaultError, landed=False), pytest.raises(FaultError):
        small.stage(INGEST, small.as_of)
    assert small.catalog.ledger.entries[-1].status == "failed"
    assert small.content() == before
    for table in tables(small.project):
        small.catalog.read(table)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        pytest.param("writing", 2, id="data files written, not committed"),
        pytest.param("landed", 2, id="between two tables of a stage"),
        pytest.param("landed", 1, id="in the ledger, before any data"),
    ],
)
def test_a_run_that_is_really_killed_is_named_and_mended_by_the_rerun(taken, tmp_path, undisturbed_small, kind, number):
    shop = opened(copied(taken.files, tmp_path / "shop"))
    assert killed_run(shop, BUILD_TILES, kind, number) == -signal.SIGKILL
    _refused(shop, BUILD_TILES)
    shop.stage(BUILD_TILES, shop.as_of)
    rebuilt = shop.content()
    for table in BUILD_TILES.tables(shop.project):
        assert rebuilt[table] == undisturbed_small[table]


def _refused(shop: OpenShop, stage: Stage) -> None:
    reader = Catalog(shop.catalog.spark, shop.catalog.location)
    (first, *_) = (table for table in tables(shop.project) if table.name in stage.tables(shop.project))
    with pytest.raises(NotReadyError, match=f"half-written by the run {stage.name}-"):
        reader.read(first)


def killed_run(shop: OpenShop, stage: Stage, kind: str, number: int) -> int:
    """Run a stage in a process of its own that dies at its n-th commit, and give its exit code: 0 if it has no n-th."""
    arguments = [str(shop.files.conf), str(shop.as_of), stage.name, kind, str(number)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killed_run", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


@pytest.mark.soak(minutes=4)
@pytest.mark.parametrize("kind", ["writing", "landed"])
@pytest.mark.parametrize("stage", CHAIN, ids=lambda stage: stage.name)
def test_a_stage_really_killed_at_each_of_its_commits_is_mended_by_the_rerun(shop, undisturbed, stage, kind):
    for earlier in CHAIN[: CHAIN.index(stage)]:
        shop.stage(earlier, shop.as_of)
    killed = 0
    while killed_run(shop, stage, kind, killed + 1) == -signal.SIGKILL:
        killed += 1
    assert killed >= len(stage.tables(shop.project)) + 1
    for later in CHAIN[CHAIN.index(stage) + 1 :]:
        shop.stage(later, shop.as_of)
    assert shop.content() == undisturbed
