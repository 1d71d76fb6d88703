"""The file of a date's actions for the CRM, on a local disk or on any other file system that Spark can reach."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from churn_spark.actions.crm_rows import crm_rows
from churn_spark.definitions.addresses import local_path
from churn_spark.definitions.errors import ConfigError
from churn_spark.spark_internals.errors import JavaError, reason
from churn_spark.spark_internals.hadoop_files import HadoopFiles
from churn_spark.stages.report_file import REFUSED, shown

CSV = {
    "header": "true",
    "encoding": "UTF-8",
    "escape": '"',
    "emptyValue": "",
    "lineSep": "\n",
    "compression": "none",
    "ignoreLeadingWhiteSpace": "false",
    "ignoreTrailingWhiteSpace": "false",
}
REFUSED_BY_HADOOP = ("AccessControlException", "No FileSystem for scheme", "ClassNotFoundException")
"""No permission, or a file system whose connector is not on Spark's class path."""
ROWS = "rows"
"""The folder in which Spark writes, below one that only its owner can read. What a run that was killed left there is
removed by the next one."""


def export(interventions: DataFrame, folder: str, day: date, origin: str) -> str:
    """Replace the file of a date as a whole, and return where it is; only its owner can read it.

    interventions: the columns of `crm_rows`. ConfigError where the folder cannot be written to. A reader sees the old
    file or the new one. Files in object stores have no owner: the store's rules decide.
    """
    name = file_name(day)
    target = f"{folder.rstrip('/')}/{name}"
    rows = crm_rows(interventions)
    with _named(folder, origin):
        if (path := local_path(target)) is not None:
            _write_local(rows, path.resolve())
        else:
            _write(rows, interventions.sparkSession, target)
    return shown(target)


def file_name(day: date) -> str:
    """The name of a date's file."""
    return f"interventions_{day}.csv"


def _write_local(rows: DataFrame, target: Path) -> None:
    scratch = target.parent / f".{target.name}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    try:
        rows.write.options(**CSV).csv((scratch / ROWS).as_uri())
        (part,) = (scratch / ROWS).glob("part-*")
        part.chmod(0o600)
        os.replace(part, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write(rows: DataFrame, spark: SparkSession, target: str) -> None:
    folder, _, name = target.rpartition("/")
    scratch = f"{folder}/.{name}"
    files = HadoopFiles(spark, f"{scratch}/{ROWS}")
    files.remove(scratch)
    files.make_private(scratch)
    try:
        rows.write.options(**CSV).csv(f"{scratch}/{ROWS}")
        (part,) = (entry for entry in files.children() if entry.name.startswith("part-"))
        files.move_over(part.address, target, "600")
    finally:
        files.remove(scratch)


@contextmanager
def _named(folder: str, origin: str) -> Iterator[None]:
    """ConfigError for what a file system refuses, and would refuse again."""
    try:
        yield
    except (OSError, JavaError) as error:
        refused = isinstance(error, OSError) and error.errno in REFUSED
        said = str(error) if isinstance(error, OSError) else reason(error)
        if not refused and not any(name in str(error) for name in REFUSED_BY_HADOOP):
            raise
        raise ConfigError(
            f"{origin}: interventions.export: {folder} cannot be written to: {said}; name a folder that can be"
        ) from None
