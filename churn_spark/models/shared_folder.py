"""Models on their way between the driver's disk and executors that do not see it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from churn_spark.spark_internals.hadoop_files import HadoopFiles


@contextmanager
def visible(folder: Path, shared: str | None) -> Iterator[str]:
    """The address of a folder of the driver for executors: its own without `shared`, else that of a copy below it.

    The copy is new each time and removed afterwards, so what is loaded is what was verified.
    """
    if shared is None:
        yield folder.resolve().as_uri()
        return
    with passing(shared) as address:
        _files(address).copy_in(folder.resolve().as_uri(), address)
        yield address


@contextmanager
def passing(shared: str) -> Iterator[str]:
    """A new address below a folder that every node sees; whatever is there afterwards is removed."""
    address = f"{shared.rstrip('/')}/.passing-{uuid.uuid4().hex}"
    files = _files(address)
    files.make_parent(address)
    try:
        yield address
    finally:
        files.remove(address)


def fetched(address: str, folder: Path) -> None:
    """Copy a folder that executors wrote to the driver's disk, without check sums: the manifest has its own."""
    _files(address).copy_out(address, folder.resolve().as_uri())


def _files(address: str) -> HadoopFiles:
    return HadoopFiles(SparkSession.active(), address)
