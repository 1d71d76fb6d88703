"""The company of the loop benchmark: simulated once, taken in once, and every week's features and labels built once.

Snapshots, features and labels of a date hold what was known on it, whoever scores it later; so all arms share them.
"""

import logging
import os
import shutil
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from churn_spark.definitions.project import Project, Tracking, Warehouse
from churn_spark.pipelines.backfill import backfill
from churn_spark.runtime.run import run_stage
from churn_spark.runtime.warehouse import open_warehouse
from churn_spark.simulate.manifest import simulation
from churn_spark.simulate.simulation import simulate
from churn_spark.stages.all_stages import INGEST, TRAIN
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.location import Location

log = logging.getLogger("churn_spark.loop")

CONF = Path(__file__).parent / "loop.yaml"
FIRST = date(2025, 1, 1)
WEEK = timedelta(days=7)
CHANGE = FIRST + timedelta(days=280)
"""The rival comes: a day on which the simulation notes hidden states, as it does each week."""
AFTER = CHANGE + timedelta(days=1)
"""The first as-of date whose whole performance window lies in the new regime; as-of dates are mornings."""
WATCHED_BEFORE = 8
"""Weeks scored and watched before the change, which no arm differs in."""
TRAINED = AFTER - WATCHED_BEFORE * WEEK


@dataclass(frozen=True, slots=True)
class Company:
    """A warehouse with everything built, and the weeks that are walked: as-of dates from the first training on."""

    folder: Path
    project: Project
    catalog: Catalog
    weeks: tuple[date, ...]

    def place_of(self, name: str) -> Path:
        return self.folder.parent / name

    def copied(self, name: str) -> "Company":
        """The same in a folder of its own: what is learnt and scored there stays there."""
        other = self.place_of(name)
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(self.folder / "warehouse", other / "warehouse")
        shutil.copytree(self.folder / "mlartifacts", other / "mlartifacts")
        shutil.copy(self.folder / "mlflow.db", other / "mlflow.db")
        return self.at(name)

    def at(self, name: str) -> "Company":
        """The copy of that name, as it stands."""
        return opened(self.catalog.spark, self.place_of(name), self.project, self.weeks)


def opened(spark: SparkSession, folder: Path, project: Project, weeks: tuple[date, ...]) -> Company:
    """A company whose tables and models lie in a folder."""
    here = replace(
        project,
        warehouse=Warehouse(path=str(folder / "warehouse")),
        tracking=Tracking(uri=f"sqlite:///{folder / 'mlflow.db'}", experiment=project.tracking.experiment),
    )
    return Company(folder, here, Catalog(spark, Location(here.warehouse.path), f"--conf {CONF.name}"), weeks)


def planned(spark: SparkSession, root: Path, weeks: int) -> Company:
    """The company as it is to be built below a folder, with so many weeks after the change."""
    folder = root / "shared"
    os.environ["LOOP"] = str(folder)
    project, _ = open_warehouse(spark, CONF)
    return opened(spark, folder, project, tuple(TRAINED + n * WEEK for n in range(WATCHED_BEFORE + weeks)))


def build(company: Company, customers: int, seed: int) -> None:
    """Simulate, ingest, build all features and labels, and train the first model."""
    catalog, last = company.catalog, company.project.periods.matured_on(company.weeks[-1])
    wanted = simulation("telecom", customers, FIRST, last, seed, CHANGE)
    simulate(catalog.spark, wanted, company.folder / "company")
    run_stage(INGEST, company.project, catalog, last)
    catalog.refresh()
    backfill(company.project, catalog, last)
    catalog.refresh()
    run_stage(TRAIN, company.project, catalog, TRAINED)
    catalog.refresh()
