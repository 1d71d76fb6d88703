"""Runs of several stages: the daily path, and the filling of dates that are missing or stale."""

import logging
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from churn_spark.definitions.errors import OtherDefinitionError
from churn_spark.definitions.periods import Days, grid
from churn_spark.definitions.project import Project
from churn_spark.run import run_stage
from churn_spark.stages import lacking
from churn_spark.stages.graph import BUILD_FEATURES, BUILD_LABELS, BUILD_NETWORKS, BUILD_TILES, SCORE, daily_stages
from churn_spark.stages.inputs import earliest, refuse_too_early
from churn_spark.stages.plan import Due, due
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS
from churn_spark.tables.ledger import Ledger
from churn_spark.tables.locks import held

log = logging.getLogger("churn_spark.chain")


def daily(project: Project, catalog: Catalog, as_of: date, options: Sequence[str] = ()) -> None:
    """Everything of one day, ingest to report; a stage already done for these inputs is skipped."""
    with held(catalog.place.locks, "job_daily", wait=0):
        for stage in daily_stages(project):
            day = stage.partition(as_of)
            if stage.per_date and not _due_on(project, catalog, stage, [day]):
                log.info("%s of %s is done for these inputs: skipped", stage.name, day)
                continue
            run_stage(stage, project, catalog, as_of, options)


def backfill(
    project: Project, catalog: Catalog, as_of: date, wanted: Days | None = None, dry_run: bool = False
) -> list[Due]:
    """Build the partitions that are missing or stale as known at an as-of date, and return what was due.

    Considered are the training snapshots, every date already built, and each day of `wanted`; dry_run only lists: what
    follows from another partition's rebuild is listed with it. NotReadyError: nothing was known at one of the dates.
    """
    catalog.refresh()
    refuse_too_early(project, catalog, snapshot_days(project, catalog.ledger, as_of, wanted), as_of)
    plan = everything_due(project, catalog, as_of, wanted)
    if dry_run or not plan:
        return plan
    with held(catalog.place.locks, "job_backfill", wait=0):
        run_stage(BUILD_TILES, project, catalog, as_of)
        catalog.refresh()
        months = _days(_due_on(project, catalog, BUILD_NETWORKS, network_days(project, catalog.ledger, as_of, wanted)))
        if months:
            run_stage(BUILD_NETWORKS, project, catalog, as_of, dates=months)
            catalog.refresh()
        days = _days(_due_on(project, catalog, BUILD_FEATURES, snapshot_days(project, catalog.ledger, as_of, wanted)))
        if days:
            run_stage(BUILD_FEATURES, project, catalog, as_of, dates=days)
        run_stage(BUILD_LABELS, project, catalog, as_of)
        for day in _days(_due_on(project, catalog, SCORE, score_days(project, catalog, as_of, wanted))):
            try:
                run_stage(SCORE, project, catalog, day)
            except OtherDefinitionError as error:  # such scores cannot be had again; every other failure ends the run
                log.warning("the scores of %s stay as they are: %s", day, error)
    return plan


def everything_due(project: Project, catalog: Catalog, as_of: date, wanted: Days | None = None) -> list[Due]:
    """All that is due as known at an as-of date, what follows from other rebuilds included."""
    ledger = catalog.ledger
    oldest = as_of - timedelta(days=project.retention.features_days)
    snapshots = snapshot_days(project, ledger, as_of, wanted)
    candidates: list[tuple[Stage, str, list[date]]] = []
    for source in project.event_sources:
        days = [day for day in ledger.partitions(source.events_table) if day <= as_of]
        candidates += [(BUILD_TILES, output, days) for output in source.compacted]
    candidates.append((BUILD_NETWORKS, "networks", network_days(project, ledger, as_of, wanted)))
    candidates.append((BUILD_FEATURES, "features", snapshots))
    matured = [day for day in snapshots if project.periods.matured_on(day) <= as_of]
    candidates.append((BUILD_LABELS, "labels", [day for day in matured if not lacking.label(project, ledger, day)]))
    candidates.append((SCORE, "risk_scores", score_days(project, catalog, as_of, wanted)))
    plan: list[Due] = []
    changing: dict[str, set[date]] = {}
    for stage, output, days in candidates:
        kept = [day for day in days if day >= stage.partition(oldest) or stage is BUILD_TILES]
        found = due(ledger, project, stage, output, kept)
        other = set(_days(item for item in found if item.kind != "columns"))
        following = _following(project, stage, output, set(kept) - other, changing)
        changing[output] = other | set(_days(following))
        plan += found + [item for item in following if item.day not in _days(found)]
    return plan


def snapshot_days(project: Project, ledger: Ledger, as_of: date, wanted: Days | None = None) -> list[date]:
    """The as-of dates that should have features: training snapshots, dates wanted, dates already built.

    Of the latter those before anything is known now (a source was left out) stay as they are.
    """
    oldest = as_of - timedelta(days=project.retention.features_days)
    first_known = earliest(project, ledger)
    built = set(ledger.partitions("features")) | {day for day in ledger.open("features") if day}
    days = {day for day in built if first_known and day >= first_known}
    days |= set(grid(project.snapshots.first, project.snapshots.every, as_of)) | set(wanted or ())
    return sorted(day for day in days if oldest <= day <= as_of)


def network_days(project: Project, ledger: Ledger, as_of: date, wanted: Days | None = None) -> list[date]:
    """The first days of months that should have networks, where features ask for them: those of all snapshots."""
    if not BUILD_NETWORKS.asked_for(project):
        return []
    days = {BUILD_NETWORKS.partition(day) for day in snapshot_days(project, ledger, as_of, wanted)}
    return sorted(days | {day for day in ledger.open("networks") if day and day <= as_of})


def score_days(project: Project, catalog: Catalog, as_of: date, wanted: Days | None = None) -> list[date]:
    """The as-of dates that should have scores: those already scored, and those wanted that had a champion in force.

    Only where there are features: scores outlive the snapshots they were made from.
    """
    ledger = catalog.ledger
    snapshots = {*snapshot_days(project, ledger, as_of, wanted)}
    days = set(ledger.partitions("risk_scores")) | {day for day in ledger.open("risk_scores") if day}
    if wanted:
        first = catalog.read(CHAMPIONS).agg({"effective_from": "min"}).first()
        in_force = first[0] if first else None
        days |= {day for day in wanted if in_force and day >= in_force}
    return sorted(days & snapshots)


def _due_on(project: Project, catalog: Catalog, stage: Stage, days: Iterable[date]) -> list[Due]:
    catalog.refresh()
    outputs = stage.writes(project)[:1]
    return [found for output in outputs for found in due(catalog.ledger, project, stage, output, days)]


def _following(
    project: Project, stage: Stage, output: str, days: Iterable[date], changing: dict[str, set[date]]
) -> list[Due]:
    """Partitions that become stale when those in `changing` are rebuilt."""
    found = []
    for day in sorted(days):
        for table, span in stage.reads(project, output, day).items():
            if any(changed in span for changed in changing.get(table, ())):
                found.append(Due(stage.name, output, day, "follows", f"{table} is rebuilt before it"))
                break
    return found


def _days(plan: Iterable[Due]) -> list[date]:
    return sorted({item.day for item in plan})
