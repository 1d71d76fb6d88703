"""Features and segments: what was known of every customer of the population at each of the run's as-of dates."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from multiprocessing.pool import ThreadPool

from pyspark import inheritable_thread_target
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.modelling import Segmentation
from churn_spark.definitions.periods import Days, hull, listed, month
from churn_spark.definitions.project import Project, Run
from churn_spark.features.segments import Centre, clustered, fit, fitted_on, segments
from churn_spark.features.snapshot import Known, snapshots
from churn_spark.stages import lacking, reads
from churn_spark.stages.inputs import churn_events, refuse_tiles_due, refuse_too_early
from churn_spark.stages.meanings import SEGMENTATION, network_definitions, snapshot_definitions
from churn_spark.stages.plan import why
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import customers
from churn_spark.tables.contracts.snapshots import KEY, NETWORKS, SEGMENT_CENTRES, SEGMENTS, features
from churn_spark.tables.contracts.tiles import FIRST_SEEN, contacts, tiles
from churn_spark.tables.table import Table

log = logging.getLogger("churn_spark.build_features")

FITS_AT_ONCE = 4


def build_features(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the features, and the segments where they are configured, of the run's as-of dates."""
    spans = {day: reads.features(project, "features", day) for day in run.dates}
    refuse_too_early(project, catalog, run.dates, run.as_of)
    for span in spans.values():
        refuse_tiles_due(run, project, catalog, span)
    _refuse_unknown_population(run, project, catalog)
    months = sorted({month(day) for day in run.dates}) if project.features.networked else []
    _refuse_networks_due(project, catalog, months)
    table = features(project.features)
    known = _known(project, catalog, list(spans.values()), months)
    lacked = {day: lacking.features(project, catalog.ledger, table.name, day) for day in run.dates}
    found = snapshots(known, project.sources, project.features, project.population, run.dates)
    found = _without(found, lacked)
    fitted = _fitted(run.dates, _with_centres(project, catalog)) if project.segmentation else {}
    _begin(run, project, catalog, table, fitted, lacked)
    log.info("features of %s", listed(run.dates))
    catalog.replace(table, found, run, run.dates)
    if project.segmentation:
        _write_segments(run, project.segmentation, catalog, table, fitted)


def _without(found: DataFrame, lacked: Mapping[date, Collection[str]]) -> DataFrame:
    """The snapshots with null for what those of some dates cannot have."""
    dates: dict[str, list[str]] = {}
    for day, names in lacked.items():
        for name in names:
            dates.setdefault(name, []).append(f"DATE'{day}'")
    if not dates:
        return found
    known = (
        f"if(as_of_date in ({', '.join(dates[name])}), null, `{name}`) as `{name}`" if name in dates else f"`{name}`"
        for name in found.columns
    )
    return found.selectExpr(*known)


def _begin(
    run: Run,
    project: Project,
    catalog: Catalog,
    table: Table,
    fitted: Mapping[date, date],
    lacked: Mapping[date, Collection[str]],
) -> None:
    writes: dict[Table, Sequence[date]] = {table: run.dates}
    if project.segmentation:
        writes |= {SEGMENTS: run.dates, SEGMENT_CENTRES: _refitted(fitted)}
    catalog.begin(run, writes, definitions=snapshot_definitions(project), lacking={table.name: lacked})


def _with_centres(project: Project, catalog: Catalog) -> set[date]:
    """The dates with centres of today's segmentation; a date without customers has none."""
    name = SEGMENT_CENTRES.name
    meant = snapshot_definitions(project)[name][SEGMENTATION]
    stored = catalog.ledger.partitions(name).items()
    return {day for day, part in stored if part.rows and part.definitions.get(SEGMENTATION) == meant}


def _fitted(days: Sequence[date], stored: set[date]) -> dict[date, date]:
    """The date whose centres each date takes; centres of the run's own dates are fitted again."""
    found: dict[date, date] = {}
    for day in sorted(days):
        found[day] = fitted_on(day, stored | set(found.values()))
    return found


def _refitted(fitted: Mapping[date, date]) -> list[date]:
    return sorted({centres for day, centres in fitted.items() if centres in fitted})


def _write_segments(run: Run, rule: Segmentation, catalog: Catalog, table: Table, fitted: Mapping[date, date]) -> None:
    """Fit the centres that are due, then give every customer its quintiles and its nearest centre."""
    # Read back, because the plan that made the features is large and k-means runs it many times.
    names = {rule.recency, rule.frequency, rule.monetary, *clustered(rule)}
    found = catalog.read(table, run.dates).select(*KEY, *sorted(names)).persist()
    try:
        anew = _fitted_anew(found, rule, _refitted(fitted))
        rows = [(day, c.segment, c.feature, c.centre, c.mean, c.std) for day, centres in anew.items() for c in centres]
        catalog.replace(SEGMENT_CENTRES, catalog.spark.createDataFrame(rows, SEGMENT_CENTRES.schema), run, list(anew))
        in_force = {day: anew.get(centres) or _stored(catalog, rule, centres) for day, centres in fitted.items()}
        catalog.replace(SEGMENTS, segments(found, rule, in_force), run, run.dates)
    finally:
        found.unpersist()
    log.info("segments of %s; centres fitted on %s", listed(run.dates), listed(anew) or "none of them")


def _fitted_anew(found: DataFrame, rule: Segmentation, days: Sequence[date]) -> dict[date, list[Centre]]:
    """The centres of each date; several dates at a time, since k-means is many passes over few rows."""

    @inheritable_thread_target(found.sparkSession)
    def centres(day: date) -> list[Centre]:
        return fit(found.where(F.col("as_of_date") == F.lit(day)), rule)

    with ThreadPool(FITS_AT_ONCE) as pool:
        return dict(zip(days, pool.map(centres, days, chunksize=1), strict=True))


def _stored(catalog: Catalog, rule: Segmentation, day: date) -> list[Centre]:
    """The centres of a date, each segment's coordinates in the order of the features clustered."""
    order = {name: n for n, name in enumerate(clustered(rule))}
    rows = catalog.read(SEGMENT_CENTRES, [day]).collect()
    centres = [Centre(row["segment"], row["feature"], row["centre"], row["mean"], row["std"]) for row in rows]
    return sorted(centres, key=lambda centre: (centre.segment, order[centre.feature]))


def _known(project: Project, catalog: Catalog, spans: Sequence[Mapping[str, Days]], months: Collection[date]) -> Known:
    def read(name: str) -> bool:
        return all(name in span for span in spans)

    def all_of(name: str) -> Days:
        return hull(span[name] for span in spans)

    sources = project.event_sources
    leaving, churned = project.features.leaving_partners, None
    if leaving and leaving.after is None:
        churned = churn_events(project, catalog, leaving, all_of(project.source(leaving.sources[0]).events_table))
    return Known(
        tiles={s.name: catalog.read(tiles(s), all_of(s.tiles_table)) for s in sources if read(s.tiles_table)},
        first_seen=catalog.read(FIRST_SEEN, all_of("first_seen")),
        customers=catalog.read(customers(project), all_of("customers")) if project.customer_sources else None,
        contacts={
            s.name: catalog.read(contacts(s), all_of(s.contacts_table)) for s in sources if read(s.contacts_table)
        },
        churned=churned,
        networks=catalog.read(NETWORKS, months) if months else None,
    )


def _refuse_unknown_population(run: Run, project: Project, catalog: Catalog) -> None:
    for day in run.dates:
        if lacked := lacking.population(project, catalog.ledger, day):
            raise NotReadyError(
                f"who was in the population at {day} is not known: {', '.join(sorted(lacked))} is null in versions of"
                f" customers taken before it was configured; take them again, as far as they are there: churn-spark"
                f" ingest {catalog.arguments} --as-of {run.as_of} --option add-columns"
            )


def _refuse_networks_due(project: Project, catalog: Catalog, months: Collection[date]) -> None:
    """NotReadyError when the networks of a month are missing, half-written, stale or of another definition."""
    for day in months:
        span, meant = reads.networks(project, NETWORKS.name, day), network_definitions(project)[NETWORKS.name]
        if reason := why(catalog.ledger, NETWORKS.name, day, span, meant):
            raise NotReadyError(
                f"{NETWORKS.name} of {day}: {reason[1]}; build them: churn-spark build-networks {catalog.arguments}"
                f" --as-of {day}"
            )
