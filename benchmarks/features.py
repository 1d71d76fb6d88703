"""`make bench-features`: makes events, runs every contestant on them by turns, compares their rows, writes the page.

What was made or measured by the same code is kept, so a run that was interrupted goes on where it stopped.
"""

import argparse
import hashlib
import os
import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks import page, same
from benchmarks.made_events import make
from benchmarks.measure import ContestantError, Cost, measured
from benchmarks.results import Results
from benchmarks.runs import ALIKE, BY_ORACLE, DENSITIES, NAMES, RUNS, made

HERE = Path(__file__).parent
ROOT = HERE.parent
DAILY = ("dense", "sparse")
"""The made events on which the daily job runs, which needs Delta tables."""


def main() -> int:
    """Run what the options say; 1 where rows differ or a contestant failed."""
    chosen = _options()
    if chosen.page:
        page.write(HERE)
        return 0
    about = {"events": chosen.events, "memory": chosen.memory, "machine": _machine()}
    results = Results.of(HERE / "results" / f"{chosen.events}.json", _code(), about, chosen.fresh)
    wanted = [run for run in RUNS if run[0] in (chosen.only or NAMES) and run[1] in (chosen.made or DENSITIES)]
    bench = Bench(HERE / "data" / f"{chosen.events}", results, wanted)
    bench.prepare()
    bench.compare()
    bench.measure(chosen.repeats)
    page.write(HERE)
    differing = [f"{name}: {number} differ" for name, number in results.different.items() if number]
    for line in (*differing, *bench.failed):
        print(line, file=sys.stderr)
    print(f"written: {HERE / 'features.md'}, {HERE / 'features.svg'}")
    return 1 if differing or bench.failed else 0


class Bench:
    """A run of the benchmark: where its data lie, what was found so far, which contestants failed."""

    def __init__(self, folder: Path, results: Results, runs: list[tuple[str, str]]) -> None:
        self.folder, self.results, self.runs = folder, results, runs
        self.failed: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def prepare(self) -> None:
        """Make the events of every set, and what contestants start from."""
        for name in (name for name in DENSITIES if any(run[1] == name for run in self.runs)):
            print(f"{name}: made events and tiles", flush=True)
            make(made(name, self.results.about["events"]), self.folder / name / "events")
            folder = self.folder / name
            if not (folder / self.results.code).exists():
                _forget(folder)
                if self._run("prepare_daily" if name in DAILY else "prepare", name, None) is None:
                    raise SystemExit(self.failed[-1])
                (folder / self.results.code).touch()
            self.results.shapes[name] = same.shape(folder)
            self.results.save()

    def compare(self) -> None:
        """Compare the rows of every contestant with those of ours, and some of these with the oracle."""
        for reference, others in ALIKE.items():
            for run in [(other, reference[1]) for other in others]:
                name = f"{' '.join(run)} beside {reference[0]}"
                if run in self.runs and name not in self.results.different:
                    rows, expected = self._rows(run), self._rows(reference)
                    if rows and expected:
                        self.results.note(name, same.different(rows, expected))
        for run in BY_ORACLE:
            name = f"{' '.join(run)} beside the oracle"
            if run in self.runs and name not in self.results.different and (rows := self._rows(run)):
                self.results.note(name, same.unlike_oracle(rows, self.folder / run[1] / "events"))

    def measure(self, repeats: int) -> None:
        """Run every contestant so often, by turns, so that whatever else the machine does meets all alike."""
        for repeat in range(repeats):
            for name, events in self.runs:
                if len(self.results.costs(name, events)) > repeat:
                    continue
                if cost := self._run(name, events, None):
                    self.results.add(name, events, cost)
                    spent = f"CPU {cost.cpu:.1f} s, wall {cost.wall:.1f} s"
                    print(f"{repeat + 1}/{repeats} {name} {events}: {spent}", flush=True)

    def _rows(self, run: tuple[str, str]) -> Path | None:
        """Where the rows of a contestant are, made by the code as it is; None where it failed."""
        path = self.folder / run[1] / f"rows_{run[0]}.parquet"
        if not path.exists():
            print(f"rows of {' '.join(run)}", flush=True)
            half_written = path.with_suffix(".part")
            if self._run(*run, half_written) is None:
                return None
            half_written.rename(path)
        return path

    def _run(self, name: str, events: str, to: Path | None) -> Cost | None:
        about = self.results.about
        environment = {
            "BENCH_MEMORY": about["memory"],
            # As many partitions as keep each small, the same for every contestant.
            "BENCH_PARTITIONS": str(4 + about["events"] // 5_000_000),
            "POLARS_MAX_THREADS": "2",
            "PYTHONPATH": str(ROOT),
        }
        try:
            return measured(name, self.folder / events, to, environment, self.folder / "log")
        except ContestantError as error:
            self.failed.append(f"{name} {events}: {error}")
            return None


def _forget(folder: Path) -> None:
    """Remove what other code made of the events."""
    for path in folder.iterdir():
        if path.name not in ("events", "made.json"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-features", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000_000, help="about how many events to make (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="how often each contestant runs (%(default)s)")
    parser.add_argument("--memory", default="4g", help="of each Spark driver (%(default)s)")
    parser.add_argument("--only", nargs="*", choices=NAMES, default=[], help="these contestants")
    parser.add_argument("--made", nargs="*", choices=DENSITIES, default=[], help="on these made events")
    parser.add_argument("--fresh", action="store_true", help="forget what the same code measured before")
    parser.add_argument("--page", action="store_true", help="only write the page anew from what was measured")
    return parser.parse_args()


def _code() -> str:
    """A hash of what the figures depend on: the engine and the contestants."""
    files = [*(ROOT / "churn_spark" / "features").glob("*.py"), ROOT / "churn_spark" / "session.py"]
    files += [
        HERE / f"{name}.py" for name in ("asked", "contestant", "made_events", "measure", "naive", "ours", "peers")
    ]
    files += [HERE / f"{name}.py" for name in ("runs", "same")]
    files += (ROOT / "churn_spark" / "definitions").glob("*.py")
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:12]


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    used = ", ".join(f"{name} {version(name)}" for name in ("pyspark", "delta-spark", "duckdb", "polars", "numpy"))
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB; Python {platform.python_version()}, {used}"


if __name__ == "__main__":
    sys.exit(main())
