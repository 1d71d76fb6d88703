"""A shop for random operations: its configuration, which changes under way, and the files that lie at its sources."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Project
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Calendar, Delivered
from tests.events.oracle import DAY, Row
from tests.faults.model import FIRST, LAG, SKEW
from tests.stages.shop import HEADER, shop_source

LONGEST = 10
CHANGES: dict[str, tuple[object, ...]] = {
    "window": (2, 4, 6),
    "with_recency": (False, True),
    "performance": (2, 3, 4),
    "population_days": (6, LONGEST),
    "tenure_days": (0, 3),
}
"""What may change under way, with its values."""


@dataclass(frozen=True)
class Configuration:
    """window, performance, population_days, tenure_days: days. with_visits: whether the second source is there."""

    window: int = 4
    with_recency: bool = True
    performance: int = 3
    population_days: int = LONGEST
    tenure_days: int = 0
    with_visits: bool = False
    history_until: date | None = None

    def of(self, project: Project) -> Project:
        """The project as configured; sales are expected each day since FIRST, visits come as they like."""
        folder = Path(str(project.warehouse.path)).parent
        delivered = Delivered(clock_skew_days=SKEW, lag_days=LAG)
        sales = shop_source(folder / "sales", delivered=replace(delivered, expected=Calendar(first=FIRST)))
        visits = shop_source(
            folder / "visits", name="visits", delivered=replace(delivered, history_until=self.history_until)
        )
        return replace(
            project,
            sources=(sales, visits) if self.with_visits else (sales,),
            population=Population("active", ("sales",), self.population_days, self.tenure_days),
            periods=Periods(gap=1, performance=self.performance, lateness=1),
            label=LabelRule("inactivity", ("sales",)),
            features=FeatureSet(tuple(self._features())),
            snapshots=Snapshots(FIRST + 7 * DAY, 7),
            segmentation=None,
        )

    def _features(self) -> Iterator[Feature]:
        yield _feature("sales_count", "sales", "count", self.window)
        yield _feature("sales_count_10d", "sales", "count", LONGEST)
        yield _feature("sales_amount_sum_10d", "sales", "sum", LONGEST, "amount")
        if self.with_recency:
            yield _feature("sales_recency_10d", "sales", "recency", LONGEST)
        if self.with_visits:
            yield _feature("visits_count", "visits", "count", self.window)
            yield _feature("visits_recency_10d", "visits", "recency", LONGEST)


def _feature(name: str, source: str, op: str, window: int, column: str | None = None) -> Feature:
    return Feature(name, source, op, column=column, window=window, hash=f"{op} {window}")


@dataclass
class AtSources:
    """The files of each source: name, nominal date and rows."""

    folder: Path
    dice: random.Random
    files: dict[str, dict[str, tuple[date, list[Row]]]] = field(default_factory=lambda: {"sales": {}, "visits": {}})

    def deliver(self, source: str, nominal: date, rows: list[Row] | None = None) -> str:
        """Put a new file there, with other rows than any or with those given."""
        name = f"{nominal}_{self.dice.randint(0, 9)}_{len(self.files[source]):03d}.csv"
        self.write(source, name, nominal, self._rows(nominal) if rows is None else rows)
        return name

    def change(self, source: str, name: str) -> None:
        """Put other rows there under the name of a file."""
        nominal, _ = self.files[source][name]
        self.write(source, name, nominal, self._rows(nominal))

    def write(self, source: str, name: str, nominal: date, rows: list[Row]) -> None:
        self.files[source][name] = nominal, rows
        path = self.folder / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in (HEADER, *(",".join(row) for row in rows))))

    def due(self, source: str, as_of: date) -> dict[str, tuple[date, list[Row]]]:
        """The files that a run at an as-of date sees."""
        return {name: file for name, file in self.files[source].items() if file[0] + LAG * DAY <= as_of}

    def _rows(self, nominal: date) -> list[Row]:
        return list(self._drawn(nominal, self.dice.randint(0, 12)))

    def _drawn(self, nominal: date, count: int) -> Iterator[Row]:
        for _ in range(count):
            day = nominal - self.dice.choice([0, 0, 0, 1, 3, -1, -2]) * DAY
            event_id = f"e{day:%d}{self.dice.choice('abcdef')}"
            # Most rows of an event say the same; some contradict each other.
            said = self.dice if self.dice.random() < 0.2 else random.Random(event_id)
            customer = "" if said.random() < 0.03 else f"c{said.randint(1, 6)}"
            hour = said.choice(["00:30:00", "12:00:00", "18:59:59", "19:00:00", "23:59:59"])
            amount = said.choice(["1.50", "2", "", "13", "x", "-7.25"])
            yield customer, event_id, f"{day} {hour}", amount
