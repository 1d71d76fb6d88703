"""The file a page is written to: on a local disk, or on any other file system that Spark can reach."""

import errno
import os
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from churn_spark.definitions.addresses import local_path
from churn_spark.definitions.errors import ConfigError
from churn_spark.spark_internals.errors import JavaError, reason
from churn_spark.spark_internals.hadoop_files import HadoopFiles

REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST)
"""What a file system says that would say the same again."""


def shown(address: str) -> str:
    """The address for people, a local path as a whole."""
    path = local_path(address)
    return address if path is None else str(path.resolve())


def refuse_unwritable(spark: SparkSession, address: str, origin: str, key: str = "report") -> None:
    """ConfigError where nothing can be written to the address: a folder, or a file system that cannot be reached.

    key: of the configuration, which names the address.
    """
    path = local_path(address)
    folder = _is_folder(spark, address, origin, key) if path is None else path.is_dir()
    if folder or address.endswith("/"):
        raise ConfigError(
            f"{origin}: {key}: {address} is a folder; name a file in it: {address.rstrip('/')}/{key}.html"
        )


def write(spark: SparkSession, address: str, text: str, origin: str, key: str = "report") -> None:
    """Replace a file as a whole: a reader sees the old page or the new one, and only its owner can read it.

    ConfigError where it cannot be written. Files in object stores have no owner: the store's rules decide.
    """
    try:
        if (path := local_path(address)) is None:
            HadoopFiles(spark, address).replace(address, text.encode("utf-8"), "600")
        else:
            write_local(path, text)
    except (OSError, JavaError) as error:
        refused = isinstance(error, OSError) and error.errno in REFUSED
        said = str(error) if isinstance(error, OSError) else reason(error)
        if not refused and "AccessControlException" not in str(error):
            raise
        raise ConfigError(
            f"{origin}: {key}: {address} cannot be written: {said}; name a file in a folder that can be written to"
        ) from None


def written_by(spark: SparkSession, address: str, run_id: str) -> bool:
    """Whether the file that is there is the page of a run: a page names its run."""
    return run_id in (content(spark, address) or "")


def content(spark: SparkSession, address: str) -> str | None:
    """The page at an address; None where there is none that can be read."""
    try:
        if (path := local_path(address)) is not None:
            return path.read_text(encoding="utf-8")
        return HadoopFiles(spark, address).content(address).decode("utf-8")
    except (OSError, UnicodeDecodeError, JavaError):
        return None


def write_local(path: Path, text: str) -> None:
    """Replace a local file (see `write`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _is_folder(spark: SparkSession, address: str, origin: str, key: str) -> bool:
    try:
        files = HadoopFiles(spark, address)
    except JavaError as error:
        raise ConfigError(
            f"{origin}: {key}: {address} cannot be reached: {reason(error)}; put its connector on Spark's class path,"
            " or name a file on another file system"
        ) from None
    return files.is_folder(address)
