"""Learns the values that cleaning needs, from what was known on dates of the past, and describes every column."""

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame

from churn_spark.definitions.periods import grid, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events import statistics
from churn_spark.stages import reads
from churn_spark.stages.meanings import limits_definitions
from churn_spark.stages.plan import why
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.models import CLEANING_LIMITS, DATA_PROFILE
from churn_spark.tables.table import Table

log = logging.getLogger("churn_spark.profile")


def profile(run: Run, project: Project, catalog: Catalog) -> None:
    """Learn the cleaning limits of every learning date up to the run's that is due; profile the data as known at it.

    The learning dates follow the first knowledge date every `relearn_days` days, whenever this runs.
    """
    sources = [
        source
        for source in project.event_sources
        if source.columns and any(day <= run.as_of for day in catalog.ledger.partitions(source.events_table))
    ]
    if not sources:
        log.info("no events with measures or categories are known at %s", run.as_of)
        return
    due = dates_to_learn(project, catalog, run.as_of)
    writes: dict[Table, list[date]] = {DATA_PROFILE: [run.as_of], **({CLEANING_LIMITS: due} if due else {})}
    counts = {source: _counts(source, catalog, run.as_of, due).persist() for source in sources}
    try:
        catalog.begin(run, writes, definitions=limits_definitions(project))
        if due:
            learnt = [statistics.limits(counts[s], s, day) for s in sources if s.learns for day in due]
            catalog.replace(CLEANING_LIMITS, _together(learnt), run, due)
            log.info("learnt cleaning limits of %s", listed(due))
        told = [statistics.profile(counts[source], source, run.as_of) for source in sources]
        catalog.replace(DATA_PROFILE, _together(told), run, [run.as_of])
        log.info("profiled %d columns", sum(len(source.columns) for source in sources))
    finally:
        for frame in counts.values():
            frame.unpersist()


def dates_to_learn(project: Project, catalog: Catalog, as_of: date) -> list[date]:
    """The learning dates up to `as_of` whose limits are missing or stale; none where no column learns."""
    learning = [source for source in project.event_sources if source.learns]
    known = [day for source in learning for day in catalog.ledger.partitions(source.events_table)]
    if not known:
        return []
    every = project.relearn_days
    days = grid(min(known) + timedelta(days=every), every, as_of)
    name, meant = CLEANING_LIMITS.name, limits_definitions(project)[CLEANING_LIMITS.name]
    return [day for day in days if why(catalog.ledger, name, day, reads.profile(project, name, day), meant)]


def _counts(source: Source, catalog: Catalog, as_of: date, due: Iterable[date]) -> DataFrame:
    rows = catalog.read(events(source), reads.until(as_of))
    return statistics.value_counts(rows, source, sorted({as_of, *due}))


def _together(frames: list[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)
