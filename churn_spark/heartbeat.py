"""What a long pass over the data says while it works: how many of Spark's tasks are done."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

EVERY = 30.0
"""Seconds between two lines."""


@contextmanager
def heard(spark: SparkSession, log: logging.Logger) -> Iterator[None]:
    """While this lasts, `log` tells every 30 seconds how far the tasks are that Spark works on."""
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
    with suppress(Py4JError, OSError):
        while not ended.wait(EVERY):
            known = (tracker.getStageInfo(number) for number in tracker.getActiveStageIds())
            stages = [stage for stage in known if stage]
            if stages and not ended.is_set():
                done = sum(stage.numCompletedTasks for stage in stages)
                log.info("%d of %d tasks of the present step done", done, sum(stage.numTasks for stage in stages))
