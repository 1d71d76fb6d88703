"""The report of an as-of date: aggregates and the riskiest few out of the tables, told in one HTML file."""

import logging
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import reduce
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.periods import grid, known_from_needed
from churn_spark.definitions.project import Project, Run
from churn_spark.report import aggregates
from churn_spark.report.facts import COLUMNS, Champion, Done, Facts, empty
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts import intake, models, snapshots, tiles
from churn_spark.tables.ledger import OK, Entry
from churn_spark.tables.table import Table

log = logging.getLogger("churn_spark.report")

RISKIEST = 20
COSTLIEST = 10
SNAPSHOTS = 60
"""Newest training snapshots whose churn rate is told, so that a report costs the same in later years."""
AT_ONCE = 3
"""Queries side by side: each is small, most of its time is planning."""

Frames = dict[str, pd.DataFrame]


def report(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the report of the run's as-of date to the project's `report_path`."""
    try:
        from churn_spark.report.page import page
    except ModuleNotFoundError as error:
        raise ConfigError(f"the report needs {error.name}: pip install 'churn-spark[report]'") from error
    facts = gather(run, project, catalog)
    path = Path(project.report_path)
    write(path, page(facts))
    log.info("wrote the report of %s to %s", run.as_of, path.resolve())


def gather(run: Run, project: Project, catalog: Catalog) -> Facts:
    """Read what the report tells: at most aggregates, points of curves and the riskiest few reach the driver."""
    ledger = catalog.ledger
    wanted: dict[str, Callable[[], DataFrame]] = {
        **_scores(run, project, catalog),
        **_intake(run, project, catalog),
        **_learnt(run, project, catalog),
        **_labelled(run, project, catalog),
        **_models(run, project, catalog),
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found: Frames = dict(zip(wanted, pool.map(lambda read: read().toPandas(), wanted.values()), strict=True))
    champion = _champion(found.pop("champions", None), run)
    trained = _trained_on(found.get("metrics"), champion)
    if champion is not None and trained is not None:
        learnt, tested = _matured(project, catalog, trained), _tested_on(found["metrics"], trained)
        champion = replace(champion, trained_on=trained, snapshots=tuple(learnt), tested_on=tested)
    written = ledger.partition(snapshots.RISK_SCORES.name, run.as_of)
    scored = found.get("risks", pd.DataFrame())
    return Facts(
        project=project,
        run=run,
        arguments=catalog.arguments,
        risk_table=_in_sql(catalog, snapshots.RISK_SCORES),
        scored_dates=tuple(sorted(ledger.partitions(snapshots.RISK_SCORES.name))),
        score_run=written.run_id if written else None,
        scored_version=int(scored["model_version"].max()) if len(scored) else None,
        replayed=bool(len(scored) and scored["replayed"].any()),
        champion=champion,
        profiled_on=_newest(catalog, models.DATA_PROFILE, run.as_of),
        cleaned_days=_longest(project),
        runs=_runs(ledger.entries, run.as_of),
        **_of_training(found, trained),
    )


def write(path: Path, text: str) -> None:
    """Replace a file as a whole: a reader sees the old report or the new one, and only its owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _scores(run: Run, project: Project, catalog: Catalog) -> dict[str, Callable[[], DataFrame]]:
    day = [run.as_of]
    if run.as_of not in catalog.ledger.partitions(snapshots.RISK_SCORES.name):
        # Reading says whether the date is missing (told in the report) or half-written (NotReadyError).
        catalog.read(snapshots.RISK_SCORES, day)
        return {}
    scores = catalog.read(snapshots.RISK_SCORES, day)
    found: dict[str, Callable[[], DataFrame]] = {
        "riskiest": lambda: aggregates.riskiest(scores, RISKIEST),
        "risks": lambda: aggregates.risks(scores),
    }
    if project.scoring.value:
        found["costliest"] = lambda: aggregates.costliest(scores, COSTLIEST)
    centred = _newest(catalog, snapshots.SEGMENT_CENTRES, run.as_of)
    if project.segmentation and run.as_of in catalog.ledger.partitions(snapshots.SEGMENTS.name):
        segmented = catalog.read(snapshots.SEGMENTS, day)
        found["segments"] = lambda: aggregates.segments(segmented, scores)
    if project.segmentation and centred:
        names = (project.segmentation.recency, project.segmentation.frequency, project.segmentation.monetary)
        centres = catalog.read(snapshots.SEGMENT_CENTRES, [centred])
        found["centres"] = lambda: aggregates.centres(centres, names)
    return found


def _intake(run: Run, project: Project, catalog: Catalog) -> dict[str, Callable[[], DataFrame]]:
    found: dict[str, Callable[[], DataFrame]] = {}
    if _written(catalog, intake.DELIVERIES):
        taken = catalog.read(intake.DELIVERIES)
        found["deliveries"] = lambda: aggregates.deliveries(taken, project.sources, run.as_of)
        found["reasons"] = lambda: aggregates.reasons(taken, run.as_of)
    if _written(catalog, tiles.FIRST_SEEN):
        first_seen = catalog.read(tiles.FIRST_SEEN)
        found["history"] = lambda: aggregates.history(first_seen, run.as_of)
    window = known_from_needed(run.as_of, _longest(project))
    cleaned = [
        aggregates.cleaned(catalog.read(tiles.tiles(source), window), source)
        for source in project.event_sources
        if source.measures and _written(catalog, tiles.tiles(source))
    ]
    if cleaned:
        found["cleaned"] = lambda: reduce(DataFrame.unionAll, cleaned)
    return found


def _learnt(run: Run, project: Project, catalog: Catalog) -> dict[str, Callable[[], DataFrame]]:
    found: dict[str, Callable[[], DataFrame]] = {}
    for name, table in (("profile", models.DATA_PROFILE), ("limits", models.CLEANING_LIMITS)):
        newest = _newest(catalog, table, run.as_of)
        if newest:
            rows = catalog.read(table, [newest]).select(*COLUMNS[name])
            found[name] = lambda rows=rows: rows  # type: ignore[misc]
    return found


def _labelled(run: Run, project: Project, catalog: Catalog) -> dict[str, Callable[[], DataFrame]]:
    days = _matured(project, catalog, run.as_of)[-SNAPSHOTS:]
    if not days:
        return {}
    labels = catalog.read(snapshots.LABELS, days)
    return {"snapshots": lambda: aggregates.snapshots(labels, run.as_of)}


def _models(run: Run, project: Project, catalog: Catalog) -> dict[str, Callable[[], DataFrame]]:
    """Champions, metrics and curves of every training run up to the date: some hundred rows each."""
    found: dict[str, Callable[[], DataFrame]] = {}
    if _written(catalog, models.CHAMPIONS):
        champions = catalog.read(models.CHAMPIONS).where(F.col("model_name") == project.model_name)
        found["champions"] = lambda: champions.where(F.col("effective_from") <= F.lit(run.as_of))
    for name, table in (("metrics", models.MODEL_METRICS), ("curves", models.MODEL_CURVES)):
        days = [day for day in catalog.ledger.partitions(table.name) if day <= run.as_of]
        if days:
            rows = catalog.read(table, days).select("as_of_date", *COLUMNS[name])
            found[name] = lambda rows=rows: rows  # type: ignore[misc]
    return found


def _champion(champions: pd.DataFrame | None, run: Run) -> Champion | None:
    """The model in force: the last by effective_from, then event_id."""
    if champions is None or champions.empty:
        return None
    last = champions.sort_values(["effective_from", "event_id"]).iloc[-1]
    return Champion(
        last["model_name"], int(last["model_version"]), last["family"], last["effective_from"], last["reason"]
    )


def _trained_on(metrics: pd.DataFrame | None, champion: Champion | None) -> date | None:
    """The as-of date of the training run that registered the champion."""
    if metrics is None or champion is None:
        return None
    days = metrics[metrics["model_version"] == champion.version]["as_of_date"]
    return max(days) if len(days) else None


def _tested_on(metrics: pd.DataFrame, trained: date) -> tuple[date, ...]:
    """The snapshots of the untouched test: the parts its metrics are told by."""
    rows = metrics[(metrics["as_of_date"] == trained) & (metrics["scope"] == "test") & (metrics["segment"] != "all")]
    return tuple(sorted(date.fromisoformat(segment) for segment in set(rows["segment"])))


def _of_training(found: Frames, trained: date | None) -> Frames:
    """Metrics and curves of one training run only; nothing where there is none."""
    told = {name: rows for name, rows in found.items() if name not in ("metrics", "curves")}
    for name in ("metrics", "curves"):
        rows = found.get(name)
        told[name] = empty(name) if rows is None or trained is None else rows[rows["as_of_date"] == trained]
    return told


def _matured(project: Project, catalog: Catalog, as_of: date) -> list[date]:
    """Training snapshots whose labels are written and were known at a date: those a training run then learns from."""
    there = catalog.ledger.partitions(snapshots.LABELS.name)
    snapshot_grid = grid(project.snapshots.first, project.snapshots.every, project.periods.newest_matured(as_of))
    return [day for day in snapshot_grid if day in there]


def _runs(entries: list[Entry], as_of: date) -> tuple[Done, ...]:
    """The last run of each job that wrote something for a date up to this one, in the order they ended."""
    done = {e.job: e for e in entries if e.event == "end" and e.status == OK and e.as_of <= as_of}
    ordered = sorted(done.values(), key=lambda entry: entry.revision)
    return tuple(
        Done(e.job, e.run_id, e.as_of, e.at, e.seconds, e.code_version, e.settings_hash, e.options) for e in ordered
    )


def _written(catalog: Catalog, table: Table) -> bool:
    """Whether a table holds anything, by the ledger: asking the file system costs a look at each table's log."""
    return bool(catalog.ledger.partitions(table.name)) or catalog.ledger.partition(table.name, None) is not None


def _newest(catalog: Catalog, table: Table, as_of: date) -> date | None:
    return max((day for day in catalog.ledger.partitions(table.name) if day <= as_of), default=None)


def _longest(project: Project) -> int:
    """The days of knowledge that the features of a date see."""
    return max(project.features.longest, project.population.days, 1)


def _in_sql(catalog: Catalog, table: Table) -> str:
    address = catalog.place.of(table.name)
    return address if catalog.place.root is None else f"delta.`{address}`"
