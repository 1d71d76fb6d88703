"""Crashes at a chosen commit: in this process by an error, or for good by SIGKILL of the whole process group."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from churn_spark.tables.location import Location


class Killed(BaseException):
    """Stands for SIGKILL in a process that has to live on: from here on nothing more is written."""


class FaultError(Exception):
    """Stands for whatever can go wrong: the run goes on to its own handling of errors."""


@contextmanager
def at_commit(number: int, error: type[BaseException], landed: bool = True) -> Iterator[list[str]]:
    """Raise at the n-th commit from here on, after it has landed or before; gives the names of the tables committed.

    After Killed every later commit fails too, so that not even the error can be noted.
    """
    save = Location.save
    names: list[str] = []

    def saved(place: Location, writer: object, name: str) -> None:
        names.append(name)
        dead = error is Killed and len(names) > number
        if dead or (len(names) == number and not landed):
            raise error(f"at commit {len(names)}, of {name}")
        save(place, writer, name)  # type: ignore[arg-type]
        if len(names) == number:
            raise error(f"after commit {len(names)}, of {name}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Location, "save", saved)
        yield names


def kill_at_commit(number: int) -> None:
    """Patch this process so that it is killed, its JVM with it, once its n-th commit has landed."""
    _patched(number, lambda save, *arguments: (save(*arguments), kill()))


def kill_while_writing(number: int) -> None:
    """Patch this process so that it is killed when the n-th commit has written data files, and has no log entry yet."""

    def watched(save: Callable[..., None], place: Location, writer: object, name: str) -> None:
        table = Path(place.address(name))
        before = set(table.rglob("*.parquet"))
        threading.Thread(target=_kill_on_new_file, args=(table, before), daemon=True).start()
        save(place, writer, name)
        assert set(table.rglob("*.parquet")) <= before, f"{name}: the commit landed before its data files were seen"
        kill()  # it had no row to write

    _patched(number, watched)


def _patched(number: int, instead: Callable[..., object]) -> None:
    save, seen = Location.save, []

    def saved(place: Location, writer: object, name: str) -> None:
        seen.append(name)
        if len(seen) == number:
            instead(save, place, writer, name)
        else:
            save(place, writer, name)  # type: ignore[arg-type]

    Location.save = saved  # type: ignore[method-assign, assignment]


def _kill_on_new_file(table: Path, before: set[Path]) -> None:
    while not set(table.rglob("*.parquet")) - before:
        time.sleep(0.001)
    kill()


def kill() -> None:
    """End this process, its JVM and its Python workers at once."""
    os.killpg(os.getpgid(0), signal.SIGKILL)
