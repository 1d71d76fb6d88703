"""Plans queries over few rows at once, as a whole: adaptive execution makes a Spark job of every shuffle in them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

_ADAPTIVE = "spark.sql.adaptive.enabled"
_mutex = threading.Lock()
_before: list[str] = []
"""What the setting was, once for every block that is running."""


@contextmanager
def planned_at_once(spark: SparkSession) -> Iterator[None]:
    """Without adaptive execution for a block: what is collected or written in it costs one job, however many shuffles.

    For results and inputs of few rows; what adaptive execution would mend (skew, tiny partitions) only grows with rows.
    Other threads of the session plan likewise meanwhile; the last block to end sets back what was set before the first.
    """
    with _mutex:
        _before.append(_before[-1] if _before else str(spark.conf.get(_ADAPTIVE)))
        spark.conf.set(_ADAPTIVE, "false")
    try:
        yield
    finally:
        with _mutex:
            before = _before.pop()
            if not _before:
                spark.conf.set(_ADAPTIVE, before)
