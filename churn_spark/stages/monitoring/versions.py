"""A version that scores, with what its training noted of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.project import Project
from churn_spark.models.risk_model import Described
from churn_spark.monitoring.performance import Promised
from churn_spark.monitoring.scores import BaseRate
from churn_spark.stages.training.champions import Decision
from churn_spark.stages.training.registry import registry_of
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import MODEL_METRICS

ALL = "all"
TWO_SIDED = 2 * 1.96
"""Standard errors in an interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version: the decision that put it in force, what it says of itself, and its test by segment and metric."""

    decision: Decision
    described: Described
    test: Mapping[str, Mapping[str, Promised]]

    @property
    def number(self) -> int:
        return self.decision.version

    @property
    def base_rate(self) -> BaseRate | None:
        """The base rate of the test, or of what the level was learnt from last; None where there are no figures."""
        moved = self.described.facts.get("recalibrated", {}).get("base_rate")
        if moved is not None:
            value, low, high = moved
            return BaseRate(value, low, high, "recalibration")
        found = self.test.get(ALL, {}).get("base_rate")
        if found is None:
            return None
        half = found.error * TWO_SIDED / 2
        return BaseRate(found.value, found.value - half, found.value + half)

    def learnt_until(self) -> date:
        """The last snapshot that it has learnt from."""
        return max(self.described.learnt)


def version_of(project: Project, catalog: Catalog, decision: Decision) -> Version:
    """A version with what is known of it; ModelError where its files cannot be reached or were altered."""
    described = registry_of(project, catalog).described(decision.version, decision.manifest or None)
    return Version(decision, described, _test(catalog, decision))


def _test(catalog: Catalog, decision: Decision) -> dict[str, dict[str, Promised]]:
    rows = (
        catalog.read(MODEL_METRICS, [decision.trained_as_of])
        .where((F.col("run_id") == decision.training_run) & (F.col("model") == decision.family))
        .where((F.col("scope") == "test") & F.col("value").isNotNull())
        .select("segment", "metric", "value", "low", "high")
        .collect()
    )
    found: dict[str, dict[str, Promised]] = {}
    for row in rows:
        error = 0.0 if row["low"] is None else (row["high"] - row["low"]) / TWO_SIDED
        found.setdefault(row["segment"], {})[row["metric"]] = Promised(row["value"], error)
    return found
