"""Progress of long passes over the data: how many of Spark's tasks are done."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pyspark.sql import SparkSession

from churn_spark.spark_internals.errors import JvmError

EVERY = 30.0
"""Seconds between two lines."""


@contextmanager
def heartbeat(spark: SparkSession, log: logging.Logger) -> Iterator[None]:
    """Log every 30 seconds, while the block runs, how many of Spark's active tasks are done."""
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(spark, log, ended), daemon=True)
    beat.start()
    try:
        yield
    finally:
        ended.set()


def _beat(spark: SparkSession, log: logging.Logger, ended: threading.Event) -> None:
    tracker = spark.sparkContext.statusTracker()
    # Where the JVM is gone, the work itself says so.
    with suppress(JvmError, OSError):
        while not ended.wait(EVERY):
            known = (tracker.getStageInfo(number) for number in tracker.getActiveStageIds())
            stages = [stage for stage in known if stage]
            if stages and not ended.is_set():
                done = sum(stage.numCompletedTasks for stage in stages)
                log.info("%d of %d tasks of the current step done", done, sum(stage.numTasks for stage in stages))
