"""The session a Python user works in: the one given, the one at hand, or a local one with Delta."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from churn_spark.runtime.session import require_fit, session

APP_NAME = "churn_spark"
PRIVATE = 0o077


def session_at_hand(spark: SparkSession | None = None) -> SparkSession:
    """The session given, else the active one, else a local one, whatever they are set to."""
    return spark or SparkSession.getActiveSession() or _local()


def session_for_tables(spark: SparkSession | None = None) -> SparkSession:
    """The same, for a warehouse: ConfigError for a session under which results would differ, or without Delta."""
    chosen = session_at_hand(spark)
    require_fit(chosen)
    return chosen


def _local() -> SparkSession:
    with _private_files():
        return session(APP_NAME)


@contextmanager
def _private_files() -> Iterator[None]:
    """What is started here makes files that only its user reads; this process goes on as before."""
    before = os.umask(PRIVATE)
    try:
        yield
    finally:
        os.umask(before)
