"""Models on their way between the driver's disk and executors that do not see it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession


@contextmanager
def visible(folder: Path, shared: str | None) -> Iterator[str]:
    """The address of a folder of the driver for executors: its own without `shared`, else that of a copy below it.

    The copy is new each time and removed afterwards, so what is loaded is what was verified.
    """
    if shared is None:
        yield folder.resolve().as_uri()
        return
    with passing(shared) as address:
        hadoop = _path(address)
        _system(hadoop).copyFromLocalFile(False, True, _path(folder.resolve().as_uri()), hadoop)
        yield address


@contextmanager
def passing(shared: str) -> Iterator[str]:
    """A new address below a folder that every node sees; whatever is there afterwards is removed."""
    address = f"{shared.rstrip('/')}/.passing-{uuid.uuid4().hex}"
    hadoop = _path(address)
    _system(hadoop).mkdirs(hadoop.getParent())
    try:
        yield address
    finally:
        _system(hadoop).delete(hadoop, True)


def _path(address: str):  # type: ignore[no-untyped-def]
    return SparkSession.active()._jvm.org.apache.hadoop.fs.Path(address)  # type: ignore[union-attr]


def _system(path):  # type: ignore[no-untyped-def]
    return path.getFileSystem(SparkSession.active()._jsparkSession.sessionState().newHadoopConf())
