"""Centres of segments: once a month, from the population of its first day, in whichever order dates are built."""

import logging
from collections.abc import Collection
from datetime import date
from multiprocessing.pool import ThreadPool

from pyspark import inheritable_thread_target
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Segmentation
from churn_spark.definitions.periods import Days, listed, month
from churn_spark.definitions.project import Project, Run
from churn_spark.features.reach import only_for_segments, read_by_snapshot
from churn_spark.features.segments import Centre, clustered, fit
from churn_spark.features.snapshot import snapshots
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import month_dates
from churn_spark.lineage.snapshot_hashes import snapshot_rows
from churn_spark.stages.build_tiles import BUILD_TILES
from churn_spark.stages.conditions import failures_named
from churn_spark.stages.refusals import refuse_ahead_of_ingest, refuse_due
from churn_spark.stages.snapshot_inputs import known
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY, SEGMENT_CENTRES

log = logging.getLogger("churn_spark.build_centres")

FITS_AT_ONCE = 4


def build_centres(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the centres of the months of the run's as-of dates that are missing, stale or of another definition."""
    rule, ledger, name = project.segmentation, catalog.ledger, SEGMENT_CENTRES.name
    if rule is None:
        log.info("no segmentation is configured")
        return
    asked = sorted({month(day) for day in run.dates})
    months = BUILD_CENTRES.to_build(project, ledger, name, asked)
    if not months:
        log.info("the centres of %s are there", listed(asked))
        return
    refuse_ahead_of_ingest(catalog, months)
    spans = [_reads(project, ledger, name, m) for m in months]
    for span in spans:
        refuse_due([BUILD_TILES], run, project, catalog, span)
    narrow, fitted = only_for_segments(project), {m: fitted_on(project, ledger, m) for m in months}
    known_then = known(narrow, catalog, spans, [])
    days = sorted(set(fitted.values()))
    everybody = snapshots(known_then, narrow.sources, narrow.features, narrow.population, days, narrow.left_on)
    names = sorted({rule.recency, rule.frequency, rule.monetary, *clustered(rule)})
    population = everybody.select(*KEY, *names).persist()
    try:
        with failures_named(project):
            centres = _fitted(population, rule, days)
    finally:
        population.unpersist()
    rows = [(m, c.segment, c.feature, c.centre, c.mean, c.std) for m, day in fitted.items() for c in centres[day]]
    with catalog.transaction(run, {SEGMENT_CENTRES: months}, definitions=_definitions(project)) as tx:
        tx.replace(SEGMENT_CENTRES, catalog.spark.createDataFrame(rows, SEGMENT_CENTRES.schema), months)
    log.info("centres of %s", listed(months))
    if empty := [m for m, day in fitted.items() if not centres[day]]:
        log.warning("nobody was in the population on the first day of %s: its segments are null", listed(empty))


def _fitted(population: DataFrame, rule: Segmentation, days: Collection[date]) -> dict[date, list[Centre]]:
    """The centres of each date; several dates at a time, since k-means is many passes over few rows."""

    @inheritable_thread_target(population.sparkSession)
    def centres(day: date) -> list[Centre]:
        return fit(population.where(F.col("as_of_date") == F.lit(day)), rule)

    with ThreadPool(FITS_AT_ONCE) as pool:
        return dict(zip(days, pool.map(centres, days, chunksize=1), strict=True))


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """The centres of a month come from what the features they cluster look at on the date they are fitted on."""
    return read_by_snapshot(only_for_segments(project), fitted_on(project, ledger, day))


def fitted_on(project: Project, ledger: Ledger, day: date) -> date:
    """The as-of date whose population a month's centres are fitted on: its first day, or the first one known at all.

    It follows from the calendar and the data, so that segments do not depend on which dates were built before.
    """
    known = (ledger.first_filled(source.events_table) for source in project.event_sources)
    return max(month(day), min(filter(None, known), default=month(day)))


def _definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of how centres are fitted, on whom, and of the features they are fitted on."""
    return {SEGMENT_CENTRES.name: {**only_for_segments(project).features.hashes, **snapshot_rows(project)}}


def _dates(project: Project, catalog: Catalog, as_of: date, wanted: Days | None) -> dict[str, list[date]]:
    name = SEGMENT_CENTRES.name
    return {name: month_dates(project, catalog.ledger, [name], as_of, wanted)}


BUILD_CENTRES = Stage(
    name="build_centres",
    summary="Fit the centres of segments, once a month.",
    work=build_centres,
    writes=lambda project: (SEGMENT_CENTRES,),
    reads=_reads,
    definitions=_definitions,
    dates=_dates,
    per_date=True,
    monthly=True,
    daily=True,
    needed=lambda project: project.segmentation is not None,
)
