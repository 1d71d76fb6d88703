"""The time zone in which Spark reads local times."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

SETTING = "spark.sql.session.timeZone"


@contextmanager
def reading_times_in(session: SparkSession, zone: str) -> Iterator[None]:
    """Resolve local times, and days of instants, in a zone, for plans analysed in the block (`select`, `withColumn`).

    Spark fixes the zone of a cast when it analyses it, so frames made in the block keep it afterwards. A time skipped
    by a daylight-saving change moves forward by the gap; of one that happens twice the earlier is meant.
    """
    before = session.conf.get(SETTING)
    session.conf.set(SETTING, zone)
    try:
        yield
    finally:
        session.conf.set(SETTING, before or "UTC")
