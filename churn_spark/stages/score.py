"""Scoring: the risk of every customer of the population, by the champion in force at the as-of date."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import BusyError, ModelError, NotReadyError
from churn_spark.definitions.expressions import mentioned
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.periods import Days, listed, single_day
from churn_spark.definitions.phrases import phrases
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import snapshot_dates
from churn_spark.models.explaining.explained import explained, refuse_other_sums
from churn_spark.models.ranking import ranked, tier
from churn_spark.models.risk_model import RiskModel
from churn_spark.spark_internals.expressions import double_or_null
from churn_spark.stages.expected_value import tiles_needed, with_expected_value
from churn_spark.stages.stage import Option, Stage
from churn_spark.stages.training.champions import Decision, decisions, in_force
from churn_spark.stages.training.registry import registry_of
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS
from churn_spark.tables.contracts.snapshots import KEY, RISK_SCORES, SEGMENTS, features
from churn_spark.tables.transaction import Transaction

log = logging.getLogger("churn_spark.score")

VERSION = "model-version="
SCORING = "(scoring)"
"""In the ledger, the hash of value and tiers; in brackets, as no column is."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The version that scores a date; replayed: it was not in force then. manifest None: the registry knows it."""

    version: int
    manifest: str | None
    replayed: bool


def score(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the risk of every customer of the population at the run's as-of dates."""
    _refuse_missing_features(run, project, catalog)
    champions, decided = decisions(project, catalog), catalog.ledger.newest(CHAMPIONS.name)
    requested = next((int(option.removeprefix(VERSION)) for option in run.options if option.startswith(VERSION)), None)
    choices = {day: choose(champions, day, requested) for day in run.dates}
    without = [day for day, champion in choices.items() if champion is None]
    if without:
        raise ModelError(
            f"no model is in force at {listed(without)}. Train one: churn-spark train {catalog.arguments} --as-of"
            f" {min(without)}; or score with a later one: --option {VERSION}N (such scores are marked as replayed)"
        )
    registry = registry_of(project, catalog)
    with catalog.transaction(run, {RISK_SCORES: run.dates}, definitions=_definitions(project)) as tx:
        for champion in sorted({c for c in choices.values() if c}, key=lambda c: (c.version, c.replayed)):
            days = [day for day in run.dates if choices[day] == champion]
            model = registry.load(champion.version, champion.manifest)
            for day in days:
                known = catalog.ledger.partition(features(project.features).name, day)
                model.refuse_other_definitions(known.definitions if known else {}, f"the features of {day}")
            _write(tx, project, catalog, model, champion, days)
        _refuse_other_champion(project, catalog, choices, requested, decided)


def _refuse_other_champion(
    project: Project,
    catalog: Catalog,
    choices: Mapping[date, ModelChoice | None],
    requested: int | None,
    decided: int,
) -> None:
    """BusyError where another model came in force for one of the dates since they were looked up.

    decided: the revision of `champions` then.
    """
    catalog.refresh()
    if catalog.ledger.newest(CHAMPIONS.name) == decided:
        return
    champions = decisions(project, catalog)
    if other := [day for day, choice in choices.items() if choose(champions, day, requested) != choice]:
        raise BusyError(f"the champion of {listed(other)} changed while it was scored: run the same command again")


def choose(champions: list[Decision], day: date, requested: int | None) -> ModelChoice | None:
    """The version that scores a date: the champion in force then, or the one requested for; None when there is none."""
    champion = in_force(champions, day)
    if requested is None:
        return ModelChoice(champion.version, champion.manifest, replayed=False) if champion else None
    known = {decision.version: decision.manifest for decision in champions}
    return ModelChoice(requested, known.get(requested), replayed=champion is None or champion.version != requested)


def _write(
    tx: Transaction, project: Project, catalog: Catalog, model: RiskModel, champion: ModelChoice, days: list[date]
) -> None:
    predicted = _predicted(project, catalog, model, days)
    if project.expected_value:
        predicted = with_expected_value(predicted.drop("value"), project, catalog, model.value, days)
    predicted.persist()
    try:
        if project.reasons:
            refuse_other_sums(predicted, model.family, f"{project.model_name} version {champion.version}")
        scores = ranked(predicted)
        rows = _risk_rows(_with_segment(scores, project, catalog, days), project, champion)
        scored = tx.replace(RISK_SCORES, rows.select(*RISK_SCORES.names), days)
        log.info(
            "scored %d customers at %s with %s version %d%s",
            scored,
            listed(days),
            project.model_name,
            champion.version,
            " (replayed: it was not in force then)" if champion.replayed else "",
        )
    finally:
        predicted.unpersist()


def _predicted(project: Project, catalog: Catalog, model: RiskModel, days: list[date]) -> DataFrame:
    """Key, raw_score, risk, value and, where the project wants them, the columns of reasons."""
    table = features(project.features)
    scores = model.predict(catalog.read(table, days), vectors=project.reasons > 0)
    kept = (*KEY, "raw_score", "risk", _value(scores, project).alias("value"), *_survival(model))
    written = {day: catalog.ledger.partition(table.name, day) for day in days}
    population = {day: partition.rows for day, partition in written.items() if partition}
    return explained(scores, kept, model, population, phrases(project), project.reasons)


def _survival(model: RiskModel) -> tuple[Column, Column]:
    """Survival at each horizon and the expected days; null where the model knows nothing of them."""
    known = model.survival
    survival = known.survival() if known else F.lit(None).cast(RISK_SCORES.schema["survival"].dataType)
    days = known.expected_days() if known else F.lit(None).cast("double")
    return survival.alias("survival"), days.alias("expected_days")


def _value(scores: DataFrame, project: Project) -> Column:
    """The value of a customer by the formula; null where there is none."""
    formula = project.scoring.value
    return double_or_null(scores, formula) if formula else F.lit(None).cast("double")


def _with_segment(scores: DataFrame, project: Project, catalog: Catalog, days: list[date]) -> DataFrame:
    if project.segmentation is None:
        return scores.withColumn("segment", F.lit(None).cast("string"))
    segments = catalog.read(SEGMENTS, days).select(*KEY, F.col("segment").cast("string").alias("segment"))
    return scores.join(segments, on=list(KEY), how="left")


def _risk_rows(scores: DataFrame, project: Project, champion: ModelChoice) -> DataFrame:
    """Every column of `risk_scores`."""
    return scores.withColumns(
        {
            "tier": tier(F.col("risk_rank"), F.col("population"), project.scoring),
            "expected_loss": F.col("risk") * F.col("value"),
            "model_name": F.lit(project.model_name),
            "model_version": F.lit(champion.version),
            "replayed": F.lit(champion.replayed),
        }
    )


def _refuse_missing_features(run: Run, project: Project, catalog: Catalog) -> None:
    needed = [features(project.features).name] + ([SEGMENTS.name] if project.segmentation else [])
    missing = [day for day in run.dates if any(catalog.ledger.partition(name, day) is None for name in needed)]
    if missing:
        raise NotReadyError(
            f"the features of {listed(missing)} were never built: churn-spark build-features {catalog.arguments}"
            f" --as-of {min(missing)}"
        )


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """Scores of a date come from its features and segments, and expected values from tiles (a new champion makes no old
    score stale).
    """
    table = features(project.features).name
    return {table: single_day(day), SEGMENTS.name: single_day(day), **tiles_needed(project, day)}


def _definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of value, with the features it is made from, and tiers (a new champion makes no old score stale)."""
    hashes = project.features.hashes
    used = {name: hashes[name] for name in mentioned(project.scoring.value or "", hashes)}
    modelled = (project.expected_value,) if project.expected_value else ()
    return {RISK_SCORES.name: {SCORING: definition_hash(project.scoring, used, *modelled)}}


def dates(project: Project, catalog: Catalog, as_of: date, wanted: Days | None = None) -> dict[str, list[date]]:
    """The as-of dates that should have scores: those already scored, and those wanted that had a champion in force.

    Only where there are features: scores outlive the snapshots they were made from.
    """
    ledger, name = catalog.ledger, RISK_SCORES.name
    days = set(ledger.partitions(name)) | {day for day in ledger.open(name) if day}
    if wanted:
        first = min((decision.effective_from for decision in decisions(project, catalog)), default=date.max)
        days |= {day for day in wanted if day >= first}
    return {name: sorted(days.intersection(snapshot_dates(project, ledger, as_of, wanted)))}


SCORE = Stage(
    name="score",
    summary="Write the risk of every customer of the population at an as-of date.",
    work=score,
    writes=lambda project: (RISK_SCORES,),
    reads=_reads,
    definitions=_definitions,
    dates=dates,
    per_date=True,
    alone=True,
    daily=True,
    options=(Option(f"{VERSION}N", rf"{VERSION}[1-9]\d{{0,8}}"),),
)
