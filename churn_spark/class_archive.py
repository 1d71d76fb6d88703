"""A class-data archive in the virtual environment: later local sessions map Spark's classes instead of loading them.

`python -m churn_spark.class_archive` makes it (190 MB; it saves 4 of 10 CPU seconds of every start). Where it is absent
or another Java runs, sessions start the slower way.
"""

import os
import sys
import tempfile
from pathlib import Path

# A Java that the archive was not made by ignores it; its remarks on that are of no use to anyone.
QUIET = "-Xlog:disable -Xlog:all=error"


def flags() -> str:
    """The JVM flags that use the archive; empty where there is none."""
    return f"-XX:SharedArchiveFile={_place()} -Xshare:auto {QUIET}" if _place().is_file() else ""


def make() -> None:
    """Write the archive at the end of a session that has read, aggregated and written a Delta table."""
    from pyspark import SparkContext

    from churn_spark.session import JVM_FLAGS, session

    _place().unlink(missing_ok=True)
    _place().parent.mkdir(parents=True, exist_ok=True)
    partial = _place().with_name(f"classes.{os.getpid()}")
    jvm = f"-XX:ArchiveClassesAtExit={partial} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC {QUIET}"
    with tempfile.TemporaryDirectory() as place:
        spark = session("class archive", extra={JVM_FLAGS: jvm})
        table = f"{place}/table"
        for _ in range(2):
            spark.range(100).selectExpr("id", "id % 7 AS rest").write.format("delta").mode("overwrite").save(table)
        spark.read.format("delta").load(table).groupBy("rest").count().collect()
        gateway = SparkContext._gateway
        spark.stop()
    # The JVM writes the archive while it leaves, which this process must wait for.
    gateway.proc.stdin.close()  # type: ignore[union-attr]
    if gateway.proc.wait() != 0:  # type: ignore[union-attr]
        partial.unlink(missing_ok=True)  # a cut archive would crash every later Java
        sys.exit("Java failed while writing the class archive; is the disk full?")
    partial.replace(_place())


def _place() -> Path:
    return Path(sys.prefix) / "share" / "churn_spark" / "classes.jsa"


if __name__ == "__main__":
    make()
