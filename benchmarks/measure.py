"""What a process and all it starts cost: CPU, wall time, peak memory, bytes read; from /proc, so on Linux only."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
EVERY = 0.1
"""Seconds between looks at the memory."""


class ContestantError(Exception):
    """A contestant ended before it was done."""


@dataclass(frozen=True)
class Cost:
    """cpu and wall: seconds; memory: peak resident bytes; read: bytes of all read calls (files, shuffles, pipes)."""

    cpu: float
    wall: float
    memory: int
    read: int


def measured(name: str, folder: Path, to: Path | None, environment: Mapping[str, str], log: Path) -> Cost:
    """Run one contestant (see `contestant`): what it costs from ready to done, the start of its session left out."""
    command = [sys.executable, "-m", "benchmarks.contestant", name, str(folder), *([str(to)] if to else [])]
    with (
        log.open("a") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **environment},
        ) as process,
    ):
        try:
            _await(process, "ready", log)
            watch = _Memory(process.pid)
            before, began = _used(process.pid), time.monotonic()
            _say(process)
            _await(process, "done", log)
            after, wall = _used(process.pid), time.monotonic() - began
            memory = watch.stop()
            _say(process)
            process.wait(timeout=120)
        finally:
            process.kill()  # nothing, where it has ended by itself
    return Cost(after[0] - before[0], wall, memory, after[1] - before[1])


def _await(process: "subprocess.Popen[str]", word: str, log: Path) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == word:
            return
    raise ContestantError(f"process {process.pid} ended before it was {word}; see {log}")


def _say(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


class _Memory(threading.Thread):
    """Looks at the resident memory of a process tree again and again, and remembers the most."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.most, self.stopped = root, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.stopped.wait(EVERY):
            self.most = max(self.most, sum(_resident(process) for process in _tree(self.root)))

    def stop(self) -> int:
        self.stopped.set()
        self.join()
        return self.most


def _tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def _used(root: int) -> tuple[float, int]:
    """CPU seconds (of children that ended too) and bytes read by the process tree so far."""
    cpu, read = 0.0, 0
    for process in _tree(root):
        if fields := _stat(process):
            cpu += sum(map(int, fields[11:15])) / TICKS
            read += _read(process)
    return cpu, read


def _stat(process: int) -> list[str]:
    """The fields of /proc/<process>/stat after the name, which may hold blanks; none if the process ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _resident(process: int) -> int:
    fields = _stat(process)
    return int(fields[21]) * PAGE if fields else 0


def _read(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/io").read_text().split()[1])
    except OSError:
        return 0
