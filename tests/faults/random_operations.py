"""Random operations on a small warehouse, beside a model of the rules in plain Python that tells what must come out."""

import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages.all_stages import BUILD_FEATURES, BUILD_LABELS, BUILD_TILES, INGEST
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.location import Location
from tests.events.oracle import DAY
from tests.faults.at_once import at_once
from tests.faults.comparison import assert_built, assert_ingested, assert_today, assert_wrong_is_due, labels
from tests.faults.coverage import Coverage
from tests.faults.drivers import Drivers
from tests.faults.model import FIRST, Expected
from tests.faults.random_intake import Ingest, Intake
from tests.faults.random_shop import CHANGES, AtSources, Configuration
from tests.stages.made_warehouse import project_at

DELIVERING = {
    "deliver": (4, "days"),
    "deliver_late": (3, "corrected labels"),
    "deliver_accepted": (2, "outages ended"),
    "deliver_again": (1, "days"),
    "change": (1, "days"),
}
"""What happens at the sources: how likely it is, and for the sake of what."""
OPERATIONS = DELIVERING | {
    "wait": (2, "days left out"),
    "ingest": (3, "ingest beside a backfill"),
    "ingest_early": (1, "days"),
    "daily": (2, "reruns"),
    "next_day": (7, "days"),
    "backfill": (5, "days"),
    "reconfigure": (1, "changed configurations"),
    "choose_history": (2, "histories chosen"),
}
"""All that happens, likewise."""
ADDED = 10, 30
"""Steps between which the second source is added."""


def operations(spark: SparkSession, folder: Path, seed: int, root: str | None = None) -> "Operations":
    """A new history in an empty warehouse below a folder. root: the warehouse's address, where it is no local path."""
    dice, place, coverage = random.Random(seed), Location(root or str(folder / "warehouse")), Coverage()
    drivers = Drivers(spark, place, dice, Catalog(spark, place), coverage.counts)
    (folder / "sales").mkdir(parents=True, exist_ok=True)
    intake = Intake(AtSources(folder, dice), dice, coverage.counts)
    return Operations(folder, drivers, dice, intake, coverage, adding=dice.randint(*ADDED))


@dataclass
class Operations:
    """One history: what was taken when, and how the project is configured. adding: the step that adds a source."""

    folder: Path
    drivers: Drivers
    dice: random.Random
    intake: Intake
    coverage: Coverage
    adding: int
    today: date = FIRST + 3 * DAY
    configuration: Configuration = Configuration()
    said: list[str] = field(default_factory=list)

    @property
    def project(self) -> Project:
        return self.configuration.of(project_at(self.folder, zone="Europe/London"))

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    @property
    def sources(self) -> AtSources:
        return self.intake.sources

    @property
    def counts(self) -> Counter[str]:
        return self.coverage.counts

    @property
    def completed(self) -> date:
        return self.intake.completed

    @property
    def expected(self) -> Expected:
        return self.intake.expected(self.project)

    def step(self) -> None:
        """Do one random operation, then compare all tables with the model."""
        name = self._drawn()
        self.said.append(f"{self.today} {name}")
        done = getattr(self.intake, name)(self.today) if name in DELIVERING else getattr(self, name)()
        self.said[-1] += f" {done}"
        expected, known = self.expected, self._built()
        assert_ingested(self.warehouse, expected)
        due = everything_due(self.project, self.drivers.catalog, self.completed) if known else []
        self.counts["wrong dates called due"] += assert_wrong_is_due(self.warehouse, expected, known, due)
        self.coverage.count_built(self.configuration.performance, labels(self.warehouse, known), expected)

    def _drawn(self) -> str:
        """The name of an operation; those for the sake of which something has not happened yet come up more often."""
        if len(self.said) == self.adding:
            return "add_visits"
        weights = {name: weight * (1 if self.counts[kind] else 5) for name, (weight, kind) in OPERATIONS.items()}
        if not self.configuration.with_visits:
            weights["choose_history"] = 0
        return self.dice.choices(list(weights), list(weights.values()))[0]

    def wait(self) -> str:
        self.today += self.dice.randint(1, 3) * DAY
        return f"until {self.today}"

    def add_visits(self) -> str:
        """A second source, whose files have lain there since FIRST, with or without a history."""
        for n in range(0, (self.today - FIRST).days, 2):
            self.sources.deliver("visits", FIRST + n * DAY)
        self._configure(with_visits=True, history_until=self.dice.choice([None, self._some_days_ago()]))
        if self.intake.taken["sales"]:
            self.intake.later.add("visits")
        self.counts["sources added"] += 1
        return f"history until {self.configuration.history_until}"

    def choose_history(self) -> str:
        """Count the visits as known on their own dates from here on, or since they were taken in."""
        asked = self.dice.random() < 0.5
        self.counts["histories chosen"] += 1
        if asked and self.configuration.history_until is None:
            self._configure(history_until=self._some_days_ago())
        return self._ingested(self.today, "add-history=visits" if asked else "no-history=visits")

    def reconfigure(self) -> str:
        """Another window, feature, performance window or population."""
        name = self.dice.choice(sorted(CHANGES))
        values = [value for value in CHANGES[name] if value != getattr(self.configuration, name)]
        self._configure(**{name: self.dice.choice(values)})
        self.counts["changed configurations"] += 1
        return f"{name} is {getattr(self.configuration, name)}"

    def ingest(self) -> str:
        """Today, perhaps at the moment of a backfill."""
        seldom = self.counts["ingest beside a backfill"] > 0
        beside = self._built() and self.dice.random() < (0.2 if seldom else 0.6)
        return self._ingested(self.today, run=self._beside_a_backfill if beside else None)

    def _beside_a_backfill(self, options: Collection[str]) -> str:
        """Ingest lands; the backfill does, or is refused what is being written."""
        self.counts["ingest beside a backfill"] += 1
        taken, built = at_once(
            partial(self.drivers.start, self.project, INGEST, self.today, options, self.drivers.another()),
            partial(backfill, self.project, self.drivers.another(), self.completed),
        )
        assert taken is None
        assert built is None or isinstance(built, NotReadyError)
        return f"beside a backfill ({built or 'done'})"

    def ingest_early(self) -> str:
        """At an as-of date that may lie before one that was completed."""
        return self._ingested(self.today - self.dice.randint(1, 3) * DAY)

    def next_day(self) -> str:
        """The delivery of a day, if it comes, and the daily path of the next, as a scheduler does it."""
        self.today += DAY
        name = self.sources.deliver("sales", self.today - DAY) if self.dice.random() < 0.85 else "nothing came"
        return f"{name}, {self.daily()}"

    def daily(self) -> str:
        """The whole path of today, so far as no model is needed; its snapshot is the one that the model computes."""
        how = [self._ingested(self.today), self._stage(BUILD_TILES)]
        if self.completed < self.today or self._too_early(self.today):
            self._refused(lambda catalog: self.drivers.start(self.project, BUILD_FEATURES, self.today, (), catalog))
            return "; ".join([*how, "refused: nothing was known then", self._stage(BUILD_LABELS)])
        if self.dice.random() < (0.2 if self.counts["different jobs at once"] else 0.6):
            how.append(self.drivers.together(self.project, self.today, BUILD_FEATURES, BUILD_LABELS))
        else:
            how += [self._stage(BUILD_FEATURES), self._stage(BUILD_LABELS)]
        assert_today(self.warehouse, self.expected, self.today)
        self.coverage.count_day(self.today, self.expected)
        return "; ".join(how)

    def backfill(self) -> str:
        """Whatever is due, and the snapshots of some days back; then nothing is due and all is as the model says."""
        if self.completed < self.today:
            self._refused(lambda catalog: backfill(self.project, catalog, self.today))
        if self.completed == date.min:
            return "refused: nothing was taken in"
        back = self.dice.randint(0, 9)
        day = max(FIRST, self.completed - back * DAY)
        wanted = Days(day, day + DAY) if back < 8 and day <= self.completed else None
        first = self.project.snapshots.first

        def work(catalog: Catalog) -> None:
            backfill(self.project, catalog, self.completed, wanted)

        if (wanted and self._too_early(day)) or (first <= self.completed and self._too_early(first)):
            return self._refused(work)
        how = self.drivers.run(self.project, work)
        assert everything_due(self.project, self.drivers.catalog, self.today) == []
        assert_built(self.warehouse, self.expected, self._built())
        return how

    def _ingested(self, as_of: date, asked: str = "", run: Ingest | None = None) -> str:
        return self.intake.ingest(
            self.project,
            as_of,
            asked,
            running=bool(self._built_ever()),
            once=lambda options: self.drivers.start(self.project, INGEST, as_of, options),
            run=run or (lambda options: self.drivers.stage(self.project, INGEST, as_of, options)),
        )

    def _stage(self, stage: Stage) -> str:
        return self.drivers.stage(self.project, stage, self.today)

    def _configure(self, **changes: object) -> None:
        self.configuration = replace(self.configuration, **changes)  # type: ignore[arg-type]

    def _some_days_ago(self) -> date:
        return self.today - self.dice.randint(1, 12) * DAY

    def _built(self) -> set[date]:
        """The dates with a snapshot, but for those before anything is known now: they stay as they are."""
        first = self.expected.first_known()
        return {day for day in self._built_ever() if day >= first}

    def _built_ever(self) -> Collection[date]:
        self.drivers.catalog.refresh()
        return self.drivers.catalog.ledger.partitions("features").keys()

    def _too_early(self, day: date) -> bool:
        return day < self.expected.first_known()

    def _refused(self, work: Callable[[Catalog], object]) -> str:
        """A snapshot of a day before anything was known, or that ingest has not completed, is a named error."""
        with pytest.raises(NotReadyError, match=r"nothing was taken in yet|nothing was known at|ingest has completed"):
            work(self.drivers.catalog)
        return "refused: nothing was known then"
