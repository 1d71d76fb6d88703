"""A warehouse with alerts and interventions of some dates, ready to be dispatched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from churn_spark.definitions.dispatch import Dispatch, Route
from churn_spark.definitions.project import Project
from churn_spark.lineage.entry import Entry
from churn_spark.runtime.run import run_stage
from churn_spark.stages.dispatch import DISPATCH
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS, INTERVENTIONS
from churn_spark.tables.contracts.outbox import ALERT_EVENTS
from tests.outbox.made_messages import ALERT, DAY, INTERVENTION
from tests.stages.made_warehouse import catalog_of, fill, project_at

TEAM, CRM = "CHURN_SPARK_TEAM", "CHURN_SPARK_CRM"
DIGEST = Route("team", TEAM, "alerts", "digest", "tier = 'high'")
SINGLE = Route("crm", CRM, "interventions", "single")


@dataclass
class Decided:
    """The project and its catalog; what is sent goes to the addresses in the environment."""

    project: Project
    catalog: Catalog

    def alerts(self, *rows: Mapping[str, object]) -> None:
        fill(self.project, self.catalog, ALERTS, _typed(ALERT) | {"suppressed": "none"}, *map(_alert, rows))

    def interventions(self, *rows: Mapping[str, object]) -> None:
        base = _typed(INTERVENTION) | {"arm": "treated", "propensity": 0.85}
        fill(self.project, self.catalog, INTERVENTIONS, base, *rows)

    def dispatch(self, day: date = DAY, *options: str) -> Entry:
        self.catalog.refresh()
        return run_stage(DISPATCH, self.project, self.catalog, day, options)

    def events(self, *columns: str) -> list[tuple[object, ...]]:
        self.catalog.refresh()
        return sorted((tuple(r) for r in self.catalog.read(ALERT_EVENTS).select(*columns).collect()), key=str)


def decided_day(spark: SparkSession, root: Path, *routes: Route, **limits: object) -> Decided:
    """A warehouse without decisions; limits: of the dispatch."""
    quick = {"wait_seconds": 0.01, "answer_seconds": 2.0, "attempts": 2}
    project = project_at(root, dispatch=Dispatch(routes or (DIGEST, SINGLE), **quick | limits))
    return Decided(project, catalog_of(spark, project))


def _typed(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _alert(row: Mapping[str, object]) -> dict[str, object]:
    return {"suppressed": None, **row}
