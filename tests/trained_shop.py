"""A corner shop with its history taken, snapshots built and a model in force; made once, copied for every test."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from deltalake import DeltaTable
from filelock import FileLock
from pyspark.sql import SparkSession

from churn_spark.cli import job
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.daily import daily
from churn_spark.runtime import run
from churn_spark.stages.all_stages import BUILD_FEATURES, BUILD_LABELS, BUILD_TILES, INGEST, SCORE, TRAIN, tables
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from tests.small_project import SmallProject, small_project

WITHOUT = ("runs", "monitoring")
"""What two equal ways may differ in: both tell of the way itself."""
CHAIN = (INGEST, BUILD_TILES, BUILD_FEATURES, BUILD_LABELS, SCORE)
"""The daily stages that write tables."""
WITHOUT_MODEL = CHAIN[:-1]
DAYS = 2
"""Days after the trained state: on the second one a snapshot matures, so that every stage has something to do."""


@dataclass(frozen=True)
class OpenShop:
    """A corner shop with its resolved project and its catalog."""

    files: SmallProject
    project: Project
    catalog: Catalog

    def stage(self, stage: Stage, as_of: date, *options: str) -> str:
        """Run a stage once, and say how it ended."""
        return run.run_stage(stage, self.project, self.catalog, as_of, options).status

    def daily(self, as_of: date, *options: str) -> None:
        daily(self.project, self.catalog, as_of, options)

    @property
    def as_of(self) -> date:
        """The as-of date of the tests, DAYS after the trained state."""
        return self.files.start + timedelta(days=DAYS)

    def deliver(self) -> None:
        """Write the files of the days up to the as-of date of the tests."""
        self.files.deliver(*(self.files.start + timedelta(days=n) for n in range(DAYS)))

    def chain(self, stages: Sequence[Stage] = CHAIN) -> None:
        """Run stages at the as-of date of the tests, all of them or some."""
        for stage in stages:
            self.stage(stage, self.as_of)

    def content(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows of all tables but the ledger and monitoring, read without Spark, in an order of their own."""
        return content(self.project, self.files.warehouse)


def opened(files: SmallProject) -> OpenShop:
    """Open a corner shop with the session that is there."""
    project, catalog = job.opened(files.conf)
    return OpenShop(files, project, catalog)


def content(project: Project, warehouse: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables of a warehouse but the ledger, as sorted tuples."""
    found = {}
    for table in tables(project):
        if table.name in WITHOUT or not (warehouse / table.name).exists():
            continue
        rows = DeltaTable(str(warehouse / table.name)).to_pyarrow_table().select(list(table.names)).to_pylist()
        found[table.name] = sorted((tuple(row.values()) for row in rows), key=repr)
    return found


def stocked_shop(spark: SparkSession, shared: Path) -> SmallProject:
    """A small corner shop of this test run with its history taken and its snapshots built, and no model."""
    return _made_once(SmallProject(shared / "stocked_shop", customers=40, history=4), lambda shop: None)


def trained_shop(spark: SparkSession, shared: Path) -> SmallProject:
    """The corner shop of this test run that has a model in force and scores of its first as-of date."""

    def train(shop: OpenShop) -> None:
        shop.stage(TRAIN, shop.files.start)
        shop.daily(shop.files.start)

    return _made_once(SmallProject(shared / "trained_shop", customers=200, history=8), train)


def _made_once(files: SmallProject, more: Callable[[OpenShop], None]) -> SmallProject:
    """Make a shop in whichever test process comes first."""
    done = files.root.with_suffix(".made")
    with FileLock(files.root.with_suffix(".lock")):
        if not done.exists():
            shop = opened(small_project(files.root, files.customers, files.history))
            shop.stage(INGEST, files.start)
            backfill(shop.project, shop.catalog, files.start, Days(files.start, files.start + timedelta(days=1)))
            more(shop)
            done.touch()
    return files


def copied(files: SmallProject, root: Path) -> SmallProject:
    """A copy of a shop's deliveries and tables under another root; the models stay where they are."""
    copy = replace(files, root=root)
    root.mkdir(parents=True, exist_ok=True)
    for old, new in ((files.landing, copy.landing), (files.warehouse, copy.warehouse)):
        shutil.copytree(old, new)
    text = files.conf.read_text()
    for part in ("warehouse", "landing", "report.html"):
        text = text.replace(f"{files.root}/{part}", f"{root}/{part}")
    copy.conf.write_text(text)
    return copy
