"""The trained corner shop, and copies of it to damage."""

from pathlib import Path

import pytest

from tests.small_project import SmallProject
from tests.trained_shop import OpenShop, copied, opened, trained_shop


@pytest.fixture(scope="session")
def trained(spark, tmp_path_factory) -> SmallProject:
    base: Path = tmp_path_factory.getbasetemp()
    return trained_shop(spark, base.parent if "popen" in base.name else base)


@pytest.fixture(scope="session")
def undisturbed(trained, tmp_path_factory) -> dict:
    """The tables of a run in which nothing happens."""
    shop = opened(copied(trained, tmp_path_factory.mktemp("undisturbed") / "shop"))
    shop.deliver()
    shop.chain()
    return shop.content()


@pytest.fixture
def shop(trained, tmp_path) -> OpenShop:
    """A copy of the trained shop in its first state, with the deliveries of two more days."""
    made = opened(copied(trained, tmp_path / "shop"))
    made.deliver()
    return made
