"""The trained corner shop, and copies of it to damage."""

from pathlib import Path

import pytest

from tests.small_project import SmallProject
from tests.trained_shop import OpenShop, copied, opened, trained_shop


@pytest.fixture(scope="session")
def trained(spark, tmp_path_factory) -> SmallProject:
    base: Path = tmp_path_factory.getbasetemp()
    return trained_shop(spark, base.parent if "popen" in base.name else base)


@pytest.fixture
def shop(trained, tmp_path) -> OpenShop:
    """A copy of the trained shop, in the state of its first as-of date."""
    return opened(copied(trained, tmp_path / "shop"))
