"""The trained corner shop, whose model scores on the cluster too."""

from pathlib import Path

import pytest

from tests.small_project import SmallProject
from tests.trained_shop import trained_shop


@pytest.fixture(scope="session")
def trained(spark, tmp_path_factory) -> SmallProject:
    base: Path = tmp_path_factory.getbasetemp()
    return trained_shop(spark, base.parent if "popen" in base.name else base)
