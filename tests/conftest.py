"""One small, fast Spark session for the whole test run, and Hypothesis made repeatable."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from pyspark.sql import SparkSession

from churn_spark.session import session
from tests import soak

# Naive datetimes in tests mean UTC, as in the session.
os.environ["TZ"] = "UTC"
time.tzset()

# The workers of pytest-xdist have a main module without a file, from which pyspark concludes that it runs doctests.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

settings.register_profile(
    "repeatable",
    derandomize=True,
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("repeatable")

# Tests are many tiny queries: starting them costs more than running them, so nothing is compiled to run fast later.
FAST_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss4m"
FAST_STARTS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.default.parallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def pytest_configure(config: pytest.Config) -> None:
    """Ended from outside, the soak still ends what it started: clusters, mounts, other processes."""
    if config.option.markexpr == "soak":
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.markexpr == "soak":
        soak.by_turns(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    soak.skip_what_would_end_too_late(item)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one session of this test process, with a place of its own for whatever Spark writes by itself."""
    place = tmp_path_factory.mktemp("spark")
    started = session(
        "tests",
        warehouse=place / "warehouse",
        extra=FAST_STARTS | {"spark.driver.extraJavaOptions": FAST_JVM, "spark.local.dir": str(place / "local")},
    )
    yield started
    started.stop()


@pytest.fixture(scope="session")
def fast_environment() -> dict[str, str]:
    """The environment for programs that a test starts, so that a session of theirs starts as fast as the tests' own."""
    settings_given = shlex.join(word for key, value in FAST_STARTS.items() for word in ("--conf", f"{key}={value}"))
    return {
        **os.environ,
        "PYSPARK_SUBMIT_ARGS": f"{settings_given} pyspark-shell",
        "SPARK_SUBMIT_OPTS": FAST_JVM,
    }
