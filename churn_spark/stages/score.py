"""Scoring: the risk of every customer of the population, by the champion in force at the as-of date."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError, NotReadyError
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.models.ranking import ranked, tier
from churn_spark.models.risk_model import RiskModel
from churn_spark.stages.meanings import score_definitions
from churn_spark.stages.model_registry import registry_of
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS
from churn_spark.tables.contracts.snapshots import KEY, RISK_SCORES, SEGMENTS, features

log = logging.getLogger("churn_spark.score")

VERSION = "model-version="


@dataclass(frozen=True, slots=True, order=True)
class InForce:
    """A version that became champion. Of several from one date the last decision counts."""

    effective_from: date
    event_id: str
    version: int
    manifest: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version that scores a date; replayed: it was not in force then. manifest None: the registry knows it."""

    version: int
    manifest: str | None
    replayed: bool


def score(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the risk of every customer of the population at the run's as-of dates."""
    _refuse_missing_features(run, project, catalog)
    champions = _champions(project, catalog)
    asked = next((int(option.removeprefix(VERSION)) for option in run.options if option.startswith(VERSION)), None)
    chosen = {day: choose(champions, day, asked) for day in run.dates}
    lacking = [day for day, champion in chosen.items() if champion is None]
    if lacking:
        raise ModelError(
            f"no model is in force at {listed(lacking)}. Train one: churn-spark train {catalog.arguments} --as-of"
            f" {min(lacking)}; or score with a later one: --option {VERSION}N (such scores are marked as replayed)"
        )
    registry = registry_of(project, catalog)
    catalog.begin(run, {RISK_SCORES: run.dates}, definitions=score_definitions(project))
    for champion in sorted({c for c in chosen.values() if c}, key=lambda c: (c.version, c.replayed)):
        days = [day for day in run.dates if chosen[day] == champion]
        model = registry.load(champion.version, champion.manifest)
        for day in days:
            known = catalog.ledger.partition(features(project.features).name, day)
            model.refuse_other_definitions(known.definitions if known else {}, f"the features of {day}")
        _write(run, project, catalog, model, champion, days)


def choose(champions: Iterable[InForce], day: date, asked: int | None) -> Chosen | None:
    """The version that scores a date: the champion in force then, or the one asked for; None when there is none."""
    until = sorted(champion for champion in champions if champion.effective_from <= day)
    if asked is None:
        return Chosen(until[-1].version, until[-1].manifest, replayed=False) if until else None
    known = {champion.version: champion.manifest for champion in champions}
    return Chosen(asked, known.get(asked), replayed=not until or until[-1].version != asked)


def _write(run: Run, project: Project, catalog: Catalog, model: RiskModel, champion: Chosen, days: list[date]) -> None:
    population = catalog.read(features(project.features), days)
    value = F.expr(project.scoring.value) if project.scoring.value else F.lit(None)
    worth = value.cast("double").alias("value")
    predicted = model.predict(population).select(*KEY, "raw_score", "risk", worth).persist()
    try:
        scores = ranked(predicted)
        told = _told(_with_segment(scores, project, catalog, days), project, champion)
        catalog.replace(RISK_SCORES, told.select(*RISK_SCORES.names), run, days)
        log.info(
            "scored %d customers at %s with %s version %d%s",
            predicted.count(),
            listed(days),
            project.model_name,
            champion.version,
            " (replayed: it was not in force then)" if champion.replayed else "",
        )
    finally:
        predicted.unpersist()


def _with_segment(scores: DataFrame, project: Project, catalog: Catalog, days: list[date]) -> DataFrame:
    if project.segmentation is None:
        return scores.withColumn("segment", F.lit(None).cast("string"))
    segments = catalog.read(SEGMENTS, days).select(*KEY, F.col("segment").cast("string").alias("segment"))
    return scores.join(segments, on=list(KEY), how="left")


def _told(scores: DataFrame, project: Project, champion: Chosen) -> DataFrame:
    """Every column of `risk_scores`; those of reasons and survival are null."""
    unknown = {
        name: F.lit(None).cast(RISK_SCORES.schema[name].dataType)
        for name in ("base_value", "reason_codes", "expected_days")
    }
    return scores.withColumns(
        {
            "tier": tier(F.col("risk_rank"), F.col("population"), project.scoring),
            "expected_loss": F.col("risk") * F.col("value"),
            "model_name": F.lit(project.model_name),
            "model_version": F.lit(champion.version),
            "replayed": F.lit(champion.replayed),
            **unknown,
        }
    )


def _champions(project: Project, catalog: Catalog) -> list[InForce]:
    """All decisions about this project's model: a few a year, so they fit on the driver."""
    rows = catalog.read(CHAMPIONS).where(F.col("model_name") == project.model_name).collect()
    return [InForce(row["effective_from"], row["event_id"], row["model_version"], row["manifest"]) for row in rows]


def _refuse_missing_features(run: Run, project: Project, catalog: Catalog) -> None:
    needed = [features(project.features).name] + ([SEGMENTS.name] if project.segmentation else [])
    missing = [day for day in run.dates if any(catalog.ledger.partition(name, day) is None for name in needed)]
    if missing:
        raise NotReadyError(
            f"the features of {listed(missing)} were never built: churn-spark build-features {catalog.arguments}"
            f" --as-of {min(missing)}"
        )
