"""A warehouse without file locks on this machine's disk: Hadoop's `viewfs` shows a folder as HDFS would.

Delta commits there as on HDFS, by a rename that replaces nothing.
"""

import uuid
from pathlib import Path

from pyspark.sql import SparkSession


def mounted(spark: SparkSession, folder: Path) -> str:
    """The address of a folder without locks, in the session that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex  # Hadoop remembers the mounts of a name
    for key, value in mount(name, folder).items():
        spark._jsc.hadoopConfiguration().set(key.removeprefix("spark.hadoop."), value)  # type: ignore[attr-defined]
    return address(name)


def mount(name: str, folder: Path) -> dict[str, str]:
    """Spark's settings under which the address of a name is that folder."""
    return {f"spark.hadoop.fs.viewfs.mounttable.{name}.link./warehouse": folder.absolute().as_uri()}


def address(name: str) -> str:
    return f"viewfs://{name}/warehouse"
