"""Features and segments: what was known of every customer of the population at each of the run's as-of dates."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from pyspark.sql import DataFrame

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.modelling import Segmentation
from churn_spark.definitions.periods import Days, listed, month, single_day
from churn_spark.definitions.project import Project, Run
from churn_spark.features.reach import read_by_snapshot
from churn_spark.features.segments import Centre, clustered, segments
from churn_spark.features.snapshot import snapshots
from churn_spark.lineage import unavailable
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import snapshot_dates
from churn_spark.lineage.snapshot_hashes import snapshot_rows
from churn_spark.stages.build_centres import BUILD_CENTRES
from churn_spark.stages.build_networks import BUILD_NETWORKS
from churn_spark.stages.build_tiles import BUILD_TILES
from churn_spark.stages.conditions import failures_named
from churn_spark.stages.refusals import refuse_ahead_of_ingest, refuse_due, refuse_past_data, refuse_too_early
from churn_spark.stages.snapshot_inputs import known
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY, NETWORKS, SEGMENT_CENTRES, SEGMENTS, features
from churn_spark.tables.table import Table
from churn_spark.tables.transaction import Transaction

log = logging.getLogger("churn_spark.build_features")


def build_features(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the features, and the segments where they are configured, of the run's as-of dates."""
    table = features(project.features)
    spans = {day: _reads(project, catalog.ledger, table.name, day) for day in run.dates}
    refuse_too_early(project, catalog, run.dates, run.as_of)
    refuse_ahead_of_ingest(catalog, run.dates)
    refuse_past_data(project, catalog, run.dates)
    _refuse_unknown_population(run, project, catalog)
    for span in spans.values():
        refuse_due([BUILD_TILES, BUILD_NETWORKS, BUILD_CENTRES], run, project, catalog, span)
    months = sorted({month(day) for day in run.dates})
    known_then = known(project, catalog, list(spans.values()), months if project.features.networked else [])
    lacked = {day: unavailable.features(project, catalog.ledger, table.name, day) for day in run.dates}
    rows = snapshots(known_then, project.sources, project.features, project.population, run.dates, project.left_on)
    rows = _without(rows, lacked)
    writes: dict[Table, Sequence[date]] = {table: run.dates}
    if project.segmentation:
        writes[SEGMENTS] = run.dates
    announced = catalog.transaction(run, writes, definitions=_definitions(project), unavailable={table.name: lacked})
    with announced as tx:
        log.info("features of %s", listed(run.dates))
        with failures_named(project):
            tx.replace(table, rows, run.dates)
        if project.segmentation:
            _write_segments(tx, run, project.segmentation, catalog, table)


def _without(rows: DataFrame, lacked: Mapping[date, Collection[str]]) -> DataFrame:
    """The snapshots with null for what those of some dates cannot have."""
    dates: dict[str, list[str]] = {}
    for day, names in lacked.items():
        for name in names:
            dates.setdefault(name, []).append(f"DATE'{day}'")
    if not dates:
        return rows
    known = (
        f"if(as_of_date in ({', '.join(dates[name])}), null, `{name}`) as `{name}`" if name in dates else f"`{name}`"
        for name in rows.columns
    )
    return rows.selectExpr(*known)


def _write_segments(tx: Transaction, run: Run, rule: Segmentation, catalog: Catalog, table: Table) -> None:
    """Give every customer its quintiles and the nearest centre of its month."""
    # Read back, because the plan that made the features is large.
    names = {rule.recency, rule.frequency, rule.monetary, *clustered(rule)}
    clustered_on = catalog.read(table, run.dates).select(*KEY, *sorted(names))
    centres = {first: _stored(catalog, rule, first) for first in sorted({month(day) for day in run.dates})}
    placed = segments(clustered_on, rule, {day: centres[month(day)] for day in run.dates})
    tx.replace(SEGMENTS, placed, run.dates)
    log.info("segments of %s", listed(run.dates))


def _stored(catalog: Catalog, rule: Segmentation, day: date) -> list[Centre]:
    """The centres of a date, each segment's coordinates in the order of the features clustered."""
    order = {name: n for n, name in enumerate(clustered(rule))}
    rows = catalog.read(SEGMENT_CENTRES, [day]).collect()
    centres = [Centre(row["segment"], row["feature"], row["centre"], row["mean"], row["std"]) for row in rows]
    return sorted(centres, key=lambda centre: (centre.segment, order[centre.feature]))


def _refuse_unknown_population(run: Run, project: Project, catalog: Catalog) -> None:
    for day in run.dates:
        if lacked := unavailable.population(project, catalog.ledger, day):
            raise NotReadyError(
                f"who was in the population at {day} is not known: {', '.join(sorted(lacked))} is null in rows taken"
                " before it was configured; take them again, as far as they are there: churn-spark"
                f" ingest {catalog.arguments} --as-of {run.as_of} --option add-columns"
            )


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """A snapshot comes from what its windows see, and from the networks and centres of the day's month."""
    spans = read_by_snapshot(project, day)
    if project.features.networked:
        spans[NETWORKS.name] = single_day(month(day))
    if project.segmentation:
        spans[SEGMENT_CENTRES.name] = single_day(month(day))
    return spans


def _definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each feature, and of who is in a snapshot and how segments are made."""
    return {features(project.features).name: {**project.features.hashes, **snapshot_rows(project)}}


def _dates(project: Project, catalog: Catalog, as_of: date, wanted: Days | None) -> dict[str, list[date]]:
    return {features(project.features).name: snapshot_dates(project, catalog.ledger, as_of, wanted)}


def _tables(project: Project) -> tuple[Table, ...]:
    return (features(project.features), *((SEGMENTS,) if project.segmentation else ()))


BUILD_FEATURES = Stage(
    name="build_features",
    summary="Compute the features and segments of the population at an as-of date.",
    work=build_features,
    writes=_tables,
    reads=_reads,
    definitions=_definitions,
    unavailable=unavailable.features,
    dates=_dates,
    per_date=True,
    daily=True,
    retention=True,
)
