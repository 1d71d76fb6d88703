"""Corner shops to damage: a small one without a model, and in the soak one with a model in force.

Which test does which damage (s: only in the soak):

| fault | tests |
|---|---|
| a driver killed before, while or after it writes | faults/test_crashes; at each commit of each stage: s |
| an executor killed | s cluster/test_cluster |
| the disk fills | s faults/test_chain_faults |
| a source cut short | stages/test_ingest_faults, stages/test_ingest_formats; s faults/test_chain_faults |
| poison rows; other columns; a delivery missing or thin | stages/test_ingest_faults |
| the same file again, by its name or another, changed | stages/test_ingest_faults, stages/test_ingest_any_order |
| late rows, 1970, 2099, skewed clocks, clocks put forward | stages/test_ingest_any_order |
| one job twice at once | tables/test_two_processes (its lock); s faults/test_chain_faults, test_random_operations |
| the same without file locks; a driver killed with its lease | tables/test_two_drivers, tables/test_job_locks |
| commits that conflict | tables/test_conflicts |
| out of memory, a worker killed, no connection, the JVM gone | test_machine_faults |
| two jobs in one table at once | tables/test_two_processes |
| a day three times, a hole of days, a delivery restated later | s faults/test_chain_faults |
| a log that is damaged or lost its newest entry | tables/test_damaged_log; s faults/test_chain_faults |
| the model store gone, a model altered | models/test_registry, models/test_manifest |
| messages: a driver killed; servers that fail | stages/test_dispatch, outbox; s faults/test_killed_dispatch |
| files merged and removed under a reader | tables/test_maintenance |
| deliveries missing, accepted, late; a source more | stages/test_outages, stages/test_added_sources |
| all of it in random order, with file locks and without | s faults/test_random_operations |
"""

from pathlib import Path

import pytest

from tests.small_project import SmallProject
from tests.trained_shop import WITHOUT_MODEL, OpenShop, copied, opened, stocked_shop, trained_shop


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the whole test run, whatever the number of its processes."""
    base: Path = tmp_path_factory.getbasetemp()
    return base.parent if "popen" in base.name else base


@pytest.fixture(scope="session")
def stocked(spark, tmp_path_factory) -> SmallProject:
    return stocked_shop(spark, _shared(tmp_path_factory))


@pytest.fixture(scope="session")
def trained(spark, tmp_path_factory) -> SmallProject:
    return trained_shop(spark, _shared(tmp_path_factory))


def with_deliveries(files: SmallProject, root: Path) -> OpenShop:
    """A copy of a shop in its first state, with the deliveries of two more days."""
    shop = opened(copied(files, root))
    shop.deliver()
    return shop


@pytest.fixture(scope="session")
def taken(stocked, tmp_path_factory) -> OpenShop:
    """The small shop after ingest."""
    shop = with_deliveries(stocked, tmp_path_factory.mktemp("taken") / "shop")
    shop.chain(WITHOUT_MODEL[:1])
    return shop


@pytest.fixture(scope="session")
def undisturbed_small(taken, tmp_path_factory) -> dict:
    """The tables of the small shop when nothing happens."""
    shop = opened(copied(taken.files, tmp_path_factory.mktemp("undisturbed_small") / "shop"))
    shop.chain(WITHOUT_MODEL[1:])
    return shop.content()


@pytest.fixture(scope="session")
def undisturbed(trained, tmp_path_factory) -> dict:
    """The tables of the trained shop when nothing happens."""
    shop = with_deliveries(trained, tmp_path_factory.mktemp("undisturbed") / "shop")
    shop.chain()
    return shop.content()


@pytest.fixture
def small(stocked, tmp_path) -> OpenShop:
    return with_deliveries(stocked, tmp_path / "shop")


@pytest.fixture
def shop(trained, tmp_path) -> OpenShop:
    return with_deliveries(trained, tmp_path / "shop")
