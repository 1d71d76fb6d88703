"""Risks of an as-of date and of the first dates that the same version scored."""

from datetime import date

import numpy as np
from pyspark.sql import functions as F

from churn_spark.definitions.project import Project
from churn_spark.monitoring.scores import FINE, Risks, fine_bin, histogram, score_signals
from churn_spark.monitoring.signal import Signal, unknown
from churn_spark.stages.monitoring.versions import Version
from churn_spark.stages.training.champions import Decision, in_force
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import RISK_SCORES

FIRST = 8
"""The first dates that a version scored, which its later scores are compared with."""


def signals_of_scores(
    project: Project, catalog: Catalog, as_of: date, version: Version, known: list[Decision]
) -> list[Signal]:
    """PSI and Jensen-Shannon distance of the risk, and its mean."""
    name = RISK_SCORES.name
    if catalog.ledger.partition(name, as_of) is None:
        return [unknown("score_psi", "risk", f"nobody was scored at {as_of}", version.number)]
    before = [day for day in scored(catalog, as_of) if _version(known, day) == version.number][:FIRST]
    rows = (
        catalog.read(RISK_SCORES, [*before, as_of])
        .where((F.col("model_version") == version.number) & ~F.col("replayed"))
        .groupBy("as_of_date", fine_bin(F.col("risk")).alias("bin"))
        # Decimals add up to the same sum in whatever order.
        .agg(F.count("*").alias("rows"), F.sum(F.col("risk").cast("decimal(20,15)")).alias("total"))
        .collect()
    )
    by_day = {day: [row for row in rows if row["as_of_date"] == day] for day in (*before, as_of)}
    if not by_day[as_of]:
        return [
            unknown("score_psi", "risk", f"the scores of {as_of} are of another version, or replayed", version.number)
        ]
    counts = [histogram([(row["bin"], row["rows"]) for row in by_day[day]]) for day in (*before, as_of)]
    then = [day_counts for day_counts in counts[:-1] if day_counts.sum()]
    total = float(sum(row["total"] for row in by_day[as_of]))
    risks = Risks(version.number, counts[-1], total, np.array(then, dtype=np.int64).reshape(len(then), FINE))
    return score_signals(risks, version.base_rate, project.monitoring)


def scored(catalog: Catalog, as_of: date) -> list[date]:
    """Earlier dates with scores that a finished run wrote, in order."""
    name = RISK_SCORES.name
    begun = catalog.ledger.open(name)
    stored = catalog.ledger.partitions(name)
    return sorted(day for day, state in stored.items() if day < as_of and state.rows and day not in begun)


def _version(known: list[Decision], day: date) -> int | None:
    decision = in_force(known, day)
    return decision.version if decision else None
