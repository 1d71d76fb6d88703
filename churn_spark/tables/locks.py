"""Locks on local file systems, where neither Delta nor the scheduler keeps two processes apart.

They lie in `_locks` beside the tables (VACUUM deletes unknown files inside a table) and are released by the operating
system when a process dies. On object stores and HDFS leases keep runs of one job apart (see `job_locks`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from churn_spark.definitions.errors import BusyError


@contextmanager
def locked(folder: Path | None, name: str, wait: float) -> Iterator[None]:
    """Hold the lock `name` for a block; wait at most `wait` seconds, then BusyError. folder None: no lock."""
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / f"{name}.lock", timeout=wait):
            yield
    except Timeout:
        raise BusyError(f"{name}: another run holds the lock {folder / name}.lock; wait for it to end") from None
