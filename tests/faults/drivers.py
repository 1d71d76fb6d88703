"""Drivers at one warehouse that crash, follow one another, or work at the same time."""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial

import pytest
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import BusyError
from churn_spark.definitions.project import Project
from churn_spark.runtime.run import begun, run_stage
from churn_spark.stages.stage import Stage
from churn_spark.tables import job_locks
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.location import Location
from tests.faults.at_once import at_once, twice
from tests.faults.crash import FaultError, Killed, at_commit

JOBS = ("ingest", "build_tiles", "build_features", "build_labels", "backfill")


class Clock(datetime):
    """The clock that leases go by, put forward where a lease has to run out."""

    passed = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.passed


@contextmanager
def lease_clock() -> Iterator[None]:
    """Let leases go by `Clock`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Clock, "passed", timedelta())
        patch.setattr(job_locks, "datetime", Clock)
        yield


@dataclass
class Drivers:
    """catalog: of the driver at work; a killed one has a successor."""

    spark: SparkSession
    place: Location
    dice: random.Random
    catalog: Catalog
    counts: Counter[str]

    def another(self) -> Catalog:
        return Catalog(self.spark, self.place)

    def start(
        self,
        project: Project,
        stage: Stage,
        as_of: date,
        options: Collection[str] = (),
        catalog: Catalog | None = None,
    ) -> None:
        """Run a stage once."""
        run_stage(stage, project, catalog or self.catalog, as_of, sorted(options))

    def stage(self, project: Project, stage: Stage, as_of: date, options: Collection[str] = ()) -> str:
        """Run a stage, now and then twice at once."""

        def started(stage: Stage, catalog: Catalog) -> None:
            self.start(project, stage, as_of, options, catalog)

        if self.dice.random() < 0.07:
            self.counts["twice at once"] += 1
            twice(stage, started, self.another(), self.another())
            return "twice at once"
        return self.run(project, partial(started, stage))

    def together(self, project: Project, as_of: date, *stages: Stage) -> str:
        """Run different jobs at the same moment: all land."""
        self.counts["different jobs at once"] += 1
        ended = at_once(*(partial(self.start, project, stage, as_of, (), self.another()) for stage in stages))
        assert ended == [None] * len(stages)
        return "both at once"

    def run(self, project: Project, work: Callable[[Catalog], object]) -> str:
        """Do the work; every third time it crashes first, at a random commit, once or twice."""
        how = ""
        while self.dice.random() < 0.3:
            error, number = self.dice.choice([Killed, FaultError]), self.dice.randint(1, 7)
            landed = self.dice.random() < 0.8
            try:
                with at_commit(number, error, landed):
                    work(self.catalog)
            except (Killed, FaultError):
                how += f"{error.__name__} {'after' if landed else 'at'} commit {number}, "
                self.catalog = self.another()
                self._wait_for_leases(project)
        work(self.catalog)
        return how + "done"

    def _wait_for_leases(self, project: Project) -> None:
        """Where a crash left a lease, its jobs are refused until it runs out."""
        now, leases = Clock.now(UTC), self.catalog.ledger.leases
        held = [job for job in JOBS if (lease := leases.newest(job)) and lease.expires_at > now]
        for job in held:
            run = begun(job, project, now.date())
            with pytest.raises(BusyError, match="holds the lease"), self.another().jobs.lock(run):
                pass
        if held:
            self.counts["leases run out"] += 1
            Clock.passed += job_locks.TERM
