"""One small, fast Spark session for the whole test run, and Hypothesis made repeatable."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings
from pyspark.sql import SparkSession

from churn_spark.runtime.session import session
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

# Tests are many tiny queries: starting them costs more than running them, so nothing is compiled to run fast later, and
# no query is planned again between its stages, each of which would be a job. Hadoop starts `chmod` for every file.
# Every table of every test has a log, which Delta keeps for an hour with the plans it was read by, and Spark keeps the
# last thousand queries: within half an hour they fill a heap, and collecting garbage takes most of the time.
# With one compiler the JVM reserves 48 MB for compiled code: Spark and Delta fill them within minutes, from when on
# methods are thrown away and interpreted.
FAST_JVM = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -Xss4m"
    " -Djdk.lang.Process.launchMechanism=VFORK"
)
FAST_STARTS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.default.parallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.delta.log.cacheSize": "32",
    "spark.sql.ui.retainedExecutions": "1",
    "spark.ui.retainedJobs": "100",
    "spark.ui.retainedStages": "100",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
AS_IN_PRODUCTION = {
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
}
"""What the fast settings leave out and a session can change while it runs."""

LONG = ("stages", "faults", "docs", "tables", "simulate", "api", "pipelines", "examples", "runtime")
"""Folders with files that take minutes, the longest first."""


def pytest_configure(config: pytest.Config) -> None:
    """Ended from outside, the soak still ends what it started: clusters, mounts, other processes."""
    if config.option.markexpr == "soak":
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.markexpr == "soak":
        soak.by_turns(items)
    else:  # so that no worker is left with a file of minutes when the others have nothing more to do
        items.sort(key=lambda item: (*LONG, item.path.parent.name).index(item.path.parent.name))


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


@contextmanager
def as_in_production(spark: SparkSession) -> Iterator[None]:
    """Queries with generated code, adaptive plans and several partitions, for a block."""
    before = {key: spark.conf.get(key) for key in AS_IN_PRODUCTION}
    for key, value in AS_IN_PRODUCTION.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key, value in before.items():
            spark.conf.set(key, value)


@pytest.fixture(scope="module")
def generated_code(spark: SparkSession) -> Iterator[None]:
    """All tests of a module with the settings of production."""
    with as_in_production(spark):
        yield


@pytest.fixture(scope="session")
def fast_environment() -> dict[str, str]:
    """The environment for programs that a test starts, so that a session of theirs starts as fast as the tests' own."""
    settings_given = shlex.join(word for key, value in FAST_STARTS.items() for word in ("--conf", f"{key}={value}"))
    return {
        **os.environ,
        "PYSPARK_SUBMIT_ARGS": f"{settings_given} pyspark-shell",
        "SPARK_SUBMIT_OPTS": FAST_JVM,
    }
