"""The folder in which a machine keeps copies of models, where the warehouse has no local one."""

import logging
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from churn_spark.definitions.errors import ConfigError

log = logging.getLogger("churn_spark.models")

VARIABLE = "CHURN_SPARK_CACHE"
REMEDY = f"let the environment variable {VARIABLE} name a folder that this user can write to"


def cache_folder() -> Path:
    """The folder that CHURN_SPARK_CACHE names, else one of the user's caches, else one for temporary files.

    The last is for users without a home that they can write to, as in containers: it may be gone with the next run,
    which then needs the MLflow store. ConfigError where no folder can be written to.
    """
    if named := os.environ.get(VARIABLE):
        if not _writable(Path(named)):
            raise ConfigError(f"copies of models cannot be kept in {named}, which {VARIABLE} names: {REMEDY}")
        return Path(named)
    for folder in _caches():
        if _writable(folder):
            return folder
    return _temporary()


def _caches() -> Iterator[Path]:
    if named := os.environ.get("XDG_CACHE_HOME"):
        yield Path(named) / "churn_spark"
    try:
        yield Path.home() / ".cache" / "churn_spark"
    except RuntimeError:  # no HOME, and a user id without a name
        return


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _temporary() -> Path:
    """A folder that only this user can write to: models are code, and temporary folders are shared."""
    try:
        folder = Path(tempfile.gettempdir()) / f"churn_spark-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise ConfigError(f"there is no folder to keep copies of models in ({error}): {REMEDY}") from None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise ConfigError(f"copies of models cannot be kept in {folder}, which is not this user's alone: {REMEDY}")
    log.warning("no home can be written to, so copies of models are kept in %s; to keep them, %s", folder, REMEDY)
    return folder
