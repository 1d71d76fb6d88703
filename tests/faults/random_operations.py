"""Random operations on a small warehouse, beside a model of the rules in plain Python that tells what must come out."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from churn_spark import chain, run
from churn_spark.definitions.errors import DeliveryError, NotReadyError
from churn_spark.definitions.features import Snapshots
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.definitions.rules import Population
from churn_spark.definitions.sources import Delivered
from churn_spark.stages.graph import BUILD_FEATURES, BUILD_LABELS, BUILD_TILES, INGEST
from churn_spark.tables.catalog import Catalog
from tests.events.oracle import DAY, Delivery, Row, ingested
from tests.faults.crash import FaultError, Killed, at_commit
from tests.faults.model import (
    FEATURES,
    FIRST,
    LABEL,
    LONGEST,
    PERIODS,
    RULES,
    assert_built,
    assert_ingested,
    assert_today,
    events_of,
    expired,
)
from tests.stages.shop import Shop, shop


def random_shop(spark, folder: Path) -> Shop:  # type: ignore[no-untyped-def]
    """An empty warehouse and a source of files, with features and labels of short periods."""
    made = shop(spark, folder, delivered=Delivered(clock_skew_days=RULES.skew, lag_days=RULES.lag))
    project: Project = replace(
        made.project,
        population=Population("active", ("sales",), days=LONGEST),
        periods=PERIODS,
        label=LABEL,
        features=FEATURES,
        snapshots=Snapshots(FIRST + 7 * DAY, 7),
        segmentation=None,
    )
    return Shop(project, made.catalog, made.folder)


@dataclass
class Operations:
    """One history: what lies at the source and what was taken when.

    known: the days from which any event was ever known; before the first of them there can be no snapshot.
    newest: the last day whose daily path came through. compared: how many days of which kind were compared.
    """

    place: Shop
    dice: random.Random
    today: date = FIRST + 3 * DAY
    files: dict[str, tuple[date, list[Row]]] = field(default_factory=dict)
    taken: dict[str, Delivery] = field(default_factory=dict)
    completed: date = date.min
    known: set[date] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    newest: date | None = None
    compared: Counter[str] = field(default_factory=Counter)

    @property
    def project(self) -> Project:
        return self.place.project

    @property
    def catalog(self) -> Catalog:
        return self.place.catalog

    def step(self) -> None:
        """Do one random operation, then compare all tables with the model."""
        operations: dict[Callable[[], str], int] = {
            self.deliver: 6,
            self.deliver_again: 1,
            self.change: 1,
            self.wait: 3,
            self.ingest: 4,
            self.ingest_early: 1,
            self.daily: 2,
            self.next_day: 6,
            self.backfill: 3,
        }
        operation = self.dice.choices(list(operations), list(operations.values()))[0]
        self.said.append(f"{self.today} {operation.__name__}")
        self.said[-1] += f" {operation()}"
        assert_ingested(self.place, self.taken.values())

    def deliver(self) -> str:
        """A new file of one of the last days, on time or late."""
        nominal = self.today - self.dice.choice([1, 1, 1, 2, 5]) * DAY
        name = f"{nominal}_{self.dice.randint(0, 9)}_{len(self.files):03d}.csv"
        self._write(name, nominal, self._rows(nominal))
        return name

    def deliver_again(self) -> str:
        """The content of another file under a new name."""
        if not self.files:
            return "nothing"
        nominal, rows = self.files[self.dice.choice(sorted(self.files))]
        name = f"{nominal}_{self.dice.randint(0, 9)}_{len(self.files):03d}_again.csv"
        self._write(name, nominal, rows)
        return name

    def change(self) -> str:
        """Other content under the name of a file that was taken."""
        if not self.taken:
            return "nothing"
        name = self.dice.choice(sorted(self.taken))
        nominal, _ = self.files[name]
        self._write(name, nominal, self._rows(nominal))
        return name

    def wait(self) -> str:
        self.today += self.dice.randint(1, 3) * DAY
        return f"until {self.today}"

    def ingest(self) -> str:
        return self._ingested(self.today)

    def ingest_early(self) -> str:
        """At an as-of date that may lie before one that was completed."""
        return self._ingested(self.today - self.dice.randint(1, 3) * DAY)

    def next_day(self) -> str:
        """The delivery of a day and the daily path of the next, as a scheduler does it."""
        self.today += DAY
        name = f"{self.today - DAY}_{self.dice.randint(0, 9)}_{len(self.files):03d}.csv"
        self._write(name, self.today - DAY, self._rows(self.today - DAY))
        return f"{name}, {self.daily()}"

    def daily(self) -> str:
        """The whole path of today, so far as no model is needed; its snapshot is the one that the model computes."""
        how = [self._ingested(self.today)]
        for stage in (BUILD_TILES, BUILD_FEATURES, BUILD_LABELS):
            work = partial(run.run_stage, stage, self.project, self.catalog, self.today)
            if stage is BUILD_FEATURES and self._too_early(self.today):
                return "; ".join([*how, self._refused(work)])
            how.append(self._run(work))
        assert_today(self.place, self.taken.values(), self.today)
        self._count()
        return "; ".join(how)

    def _count(self) -> None:
        self.compared["days"] += 1
        if self.newest is not None:
            self.compared["reruns"] += self.newest == self.today
            self.compared["holes"] += self.newest < self.today - DAY
            self.compared["expiries"] += expired(self.newest, self.today, events_of(self.taken.values()))
        self.newest = self.today

    def backfill(self) -> str:
        """Whatever is due, and the snapshots of some days back; then nothing is due and all is as the model says."""
        back = self.dice.randint(0, 9)
        day = max(FIRST, self.today - back * DAY)
        wanted = Days(day, day + DAY) if back < 8 else None
        work = partial(chain.backfill, self.project, self.catalog, self.today, wanted)
        first = self.project.snapshots.first
        if (wanted and self._too_early(day)) or (first <= self.today and self._too_early(first)):
            return self._refused(work)
        how = self._run(work)
        assert chain.everything_due(self.project, self.catalog, self.today) == []
        assert_built(self.place, self.taken.values(), self.today)
        return how

    def _too_early(self, day: date) -> bool:
        return not any(known <= day for known in self.known)

    def _refused(self, work: Callable[[], object]) -> str:
        """A snapshot of a day before anything was known is a named error, and whatever else there is stays right."""
        with pytest.raises(NotReadyError, match=r"nothing was taken in yet|nothing was known at"):
            self._run(work)
        return "refused: nothing was known then"

    def _ingested(self, as_of: date) -> str:
        changed = {name for name, taken in self.taken.items() if list(taken.rows) != self.files[name][1]}
        changed = {name for name in changed if self.files[name][0] + RULES.lag * DAY <= as_of}
        if changed and self.dice.random() < 0.3:
            with pytest.raises(DeliveryError) as told:
                run.run_stage(INGEST, self.project, self.catalog, as_of)
            assert any(name in str(told.value) for name in changed)
            return "refused: a file has changed"
        options = ["restate"] if changed else []
        how = self._run(lambda: run.run_stage(INGEST, self.project, self.catalog, as_of, options))
        self.completed = max(self.completed, as_of)
        for name, (nominal, rows) in self.files.items():
            if name in self.taken:
                if name in changed:
                    self.taken[name] = replace(self.taken[name], rows=rows)
            elif nominal + RULES.lag * DAY <= as_of:
                self.taken[name] = Delivery(name, nominal, self.completed, rows)
        self.known |= {event[3] for event in ingested(list(self.taken.values()), RULES).events}
        return how + (" with restate" if changed else "")

    def _run(self, work: Callable[[], object]) -> str:
        """Do the work; every third time it crashes first, at a random commit, once or twice."""
        how = ""
        while self.dice.random() < 0.3:
            error, number, landed = (
                self.dice.choice([Killed, FaultError]),
                self.dice.randint(1, 7),
                self.dice.random() < 0.8,
            )
            try:
                with at_commit(number, error, landed):
                    work()
            except (Killed, FaultError):
                how += f"{error.__name__} {'after' if landed else 'at'} commit {number}, "
                self.catalog.refresh()
        work()
        return how + "done"

    def _write(self, name: str, nominal: date, rows: list[Row]) -> None:
        self.files[name] = nominal, rows
        self.place.deliver(name, [",".join(row) for row in rows])

    def _rows(self, nominal: date) -> list[Row]:
        return list(self._drawn(nominal, self.dice.randint(0, 12)))

    def _drawn(self, nominal: date, count: int) -> Iterator[Row]:
        for _ in range(count):
            customer = "" if self.dice.random() < 0.03 else f"c{self.dice.randint(1, 6)}"
            day = nominal - self.dice.choice([0, 0, 0, 1, 3, -1, -2]) * DAY
            hour = self.dice.choice(["00:30:00", "12:00:00", "18:59:59", "19:00:00", "23:59:59"])
            amount = self.dice.choice(["1.50", "2", "", "13", "x", "-7.25"])
            yield customer, f"e{day:%d}{self.dice.choice('abcdef')}", f"{day} {hour}", amount
