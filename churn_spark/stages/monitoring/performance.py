"""Scored dates whose labels have matured: what became of the risks, by snapshot and segment."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import SEGMENT
from churn_spark.definitions.project import Project
from churn_spark.lineage import maturity
from churn_spark.lineage.snapshot_hashes import SEGMENTATION
from churn_spark.models.live import live
from churn_spark.models.tally import Tally, tallied
from churn_spark.monitoring.performance import Promised, Seen, performance_signals
from churn_spark.monitoring.signal import ALL, Signal, unknown
from churn_spark.stages.monitoring.scores import scored
from churn_spark.stages.monitoring.versions import Version, version_of
from churn_spark.stages.training.champions import Decision, in_force
from churn_spark.stages.training.untreated import untreated, with_effective_weights
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY, LABELS, RISK_SCORES, SEGMENTS

DATES = 4
"""Matured dates that are looked at, the newest ones."""
APART = 7
"""Days between them at least: the next day has the same customers once more."""
NO_SEGMENT = -1


def signals_of_performance(
    project: Project, catalog: Catalog, as_of: date, version: Version, known: list[Decision]
) -> list[Signal]:
    """What became of the newest matured scores, beside the test of the version that made them."""
    matured = [day for day in _matured(project, catalog, as_of) if in_force(known, day)]
    if not matured:
        why = f"no scores of earlier dates have labels yet at {as_of}"
        return [unknown("roc_auc", ALL, why, version.number)]
    scorer = in_force(known, matured[-1])
    assert scorer
    maker = version if scorer.version == version.number else version_of(project, catalog, scorer)
    days = _apart([day for day in matured if in_force(known, day) == scorer and day > maker.learnt_until()])
    if not days:
        why = f"version {maker.number} has learnt from every date that it scored and that has labels"
        return [unknown("roc_auc", ALL, why, maker.number)]
    tested = _tally(project, catalog, as_of, maker, days)
    return performance_signals(_seen(project, catalog, tested, maker, days), project.monitoring, maker.number)


def _matured(project: Project, catalog: Catalog, as_of: date) -> list[date]:
    """Scored dates whose labels were known at an as-of date."""
    ledger, begun = catalog.ledger, catalog.ledger.open(LABELS.name)
    labelled = {day for day, state in ledger.partitions(LABELS.name).items() if state.rows and day not in begun}
    days = [day for day in scored(catalog, as_of) if day in labelled and not maturity.outage(project, ledger, day)]
    return maturity.matured(project, ledger, days, as_of)


def _apart(days: Sequence[date]) -> tuple[date, ...]:
    """The newest dates, some days apart, in order."""
    chosen: list[date] = []
    for day in sorted(days, reverse=True):
        if len(chosen) < DATES and (not chosen or day <= chosen[-1] - timedelta(days=APART)):
            chosen.append(day)
    return tuple(sorted(chosen))


def _tally(project: Project, catalog: Catalog, as_of: date, maker: Version, days: Sequence[date]) -> Tally:
    """Scores with labels, of customers who were not acted upon; parts are segments."""
    scores = catalog.read(RISK_SCORES, days).where((F.col("model_version") == maker.number) & ~F.col("replayed"))
    labels = catalog.read(LABELS, days).where(F.col("label").isNotNull() & (F.col("matured_on") <= F.lit(as_of)))
    segment = F.coalesce(F.expr("try_cast(segment AS INT)"), F.lit(NO_SEGMENT))
    rows = scores.select(*KEY, "risk", F.col("raw_score").alias("score"), segment.alias("part"))
    known = rows.join(labels.select(*KEY, "label"), on=list(KEY), how="inner")
    return tallied(with_effective_weights(untreated(known, project, catalog, days)))


def _seen(project: Project, catalog: Catalog, tested: Tally, maker: Version, days: Sequence[date]) -> list[Seen]:
    """All together, each snapshot, and each segment."""
    seed, whole = project.training.seed, maker.test.get(ALL, {})
    if not len(tested.score):
        return []
    found = [_of(ALL, tested, len(days), whole, seed)]
    for day in days:
        mine = tested.where(tested.snapshot == np.datetime64(day))
        if len(mine.score):
            found.append(_of(str(day), mine, 1, whole, seed))
    alike = _segments_alike(catalog, maker, days)
    other = "" if alike else "segments are made otherwise than at the training"
    for number in sorted({*tested.part.tolist()} - {NO_SEGMENT}):
        name = f"{SEGMENT}{number}"
        mine = tested.where(tested.part == number)
        found.append(_of(name, mine, len(days), maker.test.get(name, {}) if alike else {}, seed, other))
    return found


def _of(
    subject: str, mine: Tally, dates: int, promised: Mapping[str, Promised], seed: int, no_reference: str = ""
) -> Seen:
    known = live(mine, seed)
    return Seen(
        subject=subject,
        dates=dates,
        rows=known.rows,
        churners=known.churners,
        figures=known.figures,
        errors=known.errors,
        noise=known.noise,
        expected=known.level.expected,
        observed=known.level.observed,
        deviation=known.level.deviation,
        slope=known.level.slope,
        slope_error=known.level.slope_error,
        promised=promised,
        no_reference=no_reference or "the test of the version has no such figure",
    )


def _segments_alike(catalog: Catalog, maker: Version, days: Sequence[date]) -> bool:
    """Whether segments were made alike at the dates of the test and at those looked at."""
    made = {
        (catalog.ledger.definitions(SEGMENTS.name, day) or {}).get(SEGMENTATION)
        for day in (*maker.described.tested, *days)
    }
    return len(made) == 1
