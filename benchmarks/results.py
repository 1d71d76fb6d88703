"""What was measured on made events of one size, kept as JSON from step to step."""

import json
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import Cost


class Results:
    """What was found by one state of the code (`code`): shapes of made events, costs, numbers of differing rows."""

    def __init__(self, path: Path, code: str) -> None:
        self.path, self.code = path, code
        self.about: dict[str, Any] = {}
        self.shapes: dict[str, dict[str, int]] = {}
        self.different: dict[str, int] = {}
        self.measured: dict[str, list[dict[str, float]]] = {}

    @classmethod
    def of(cls, path: Path, code: str, about: dict[str, Any], fresh: bool = False) -> "Results":
        """What the file says, if by the same code under the same conditions; nothing yet otherwise, or if asked."""
        if not fresh and path.exists() and ((kept := cls.read(path)).code, kept.about) == (code, about):
            return kept
        results = cls(path, code)
        results.about = about
        return results

    @classmethod
    def read(cls, path: Path) -> "Results":
        """What the file says."""
        kept = json.loads(path.read_text())
        results = cls(path, kept["code"])
        results.about, results.shapes = kept["about"], kept["shapes"]
        results.different, results.measured = kept["different"], kept["measured"]
        return results

    def costs(self, name: str, events: str) -> list[Cost]:
        """What each run of a contestant cost, oldest first."""
        return [Cost(**cost) for cost in self.measured.get(f"{name} {events}", [])]  # type: ignore[arg-type]

    def typical(self, run: tuple[str, str]) -> Cost | None:
        """The medians of a contestant's runs; None if it has none."""
        costs = [asdict(cost) for cost in self.costs(*run)]
        return Cost(**{key: median(cost[key] for cost in costs) for key in costs[0]}) if costs else None

    def add(self, name: str, events: str, cost: Cost) -> None:
        """Keep what a run cost."""
        self.measured.setdefault(f"{name} {events}", []).append(asdict(cost))
        self.save()

    def note(self, name: str, different: int) -> None:
        """Keep how many rows differed in a comparison."""
        self.different[name] = different
        self.save()

    def save(self) -> None:
        """Write all of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in vars(self).items() if name != "path"}
        self.path.write_text(json.dumps(kept, indent=1) + "\n")
