"""Tiles: the events of every knowledge date that has none yet, or stale ones, cleaned and compacted in one pass."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events.cleaning import clean, needs_history
from churn_spark.features.definitions import tile_definitions
from churn_spark.features.tiles import compact, first_seen
from churn_spark.stages import reads
from churn_spark.stages.plan import why
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.models import CLEANING_LIMITS
from churn_spark.tables.contracts.tiles import FIRST_SEEN, tiles
from churn_spark.tables.ledger import Ledger

log = logging.getLogger("churn_spark.build_tiles")


def build_tiles(run: Run, project: Project, catalog: Catalog) -> None:
    """Build the tiles of every source for the knowledge dates up to the run's as-of date that are due."""
    due = {source: dates_to_build(project, catalog.ledger, source, run.as_of) for source in project.event_sources}
    due = {source: days for source, days in due.items() if days}
    if not due:
        log.info("every knowledge date has its tiles")
        return
    firsts = _first_seen_days(catalog.ledger, due)
    catalog.begin(
        run, {**{tiles(s): days for s, days in due.items()}, FIRST_SEEN: firsts}, (), tile_definitions(project)
    )
    for source, days in due.items():
        catalog.replace(tiles(source), _tiles(source, days, project, catalog), run, days)
        log.info("tiles of %s for %s", source.name, listed(days))
    learnt = reduce(DataFrame.unionByName, (_first_seen(source, firsts, catalog) for source in due))
    catalog.replace(FIRST_SEEN, learnt, run, firsts, within={"source": [source.name for source in due]})


def dates_to_build(project: Project, ledger: Ledger, source: Source, as_of: date) -> list[date]:
    """The knowledge dates with events whose tiles are missing, half-written, stale or of another definition."""
    output = source.tiles_table
    definitions = tile_definitions(project)[output]
    days = sorted(day for day in ledger.partitions(source.events_table) if day <= as_of)
    return [day for day in days if why(ledger, output, day, reads.tiles(project, output, day), definitions)]


def _first_seen_days(ledger: Ledger, due: Mapping[Source, Sequence[date]]) -> list[date]:
    """The first of the dates due and all later ones with tiles: what was news on them depends on what came before."""
    start = min(day for days in due.values() for day in days)
    later = {day for source in due for day in ledger.partitions(source.tiles_table) if day >= start}
    return sorted(later.union(*due.values()))


def _first_seen(source: Source, days: Sequence[date], catalog: Catalog) -> DataFrame:
    rows = catalog.read(tiles(source), days).select("customer_id", "event_date", "known_from")
    known = catalog.read(FIRST_SEEN, Days(reads.EVER, min(days))).where(F.col("source") == source.name)
    return first_seen(rows, source.name, known)


def _tiles(source: Source, days: Sequence[date], project: Project, catalog: Catalog) -> DataFrame:
    spans = [reads.events_span(project, source, day) for day in days]
    history = Days(min(span.first for span in spans), max(span.end for span in spans))
    rows = catalog.read(events(source), history if needs_history(source) else days)
    cleaned = clean(rows, catalog.read(CLEANING_LIMITS), source, project.features.longest)
    return compact(cleaned.where(F.col("known_from").isin(list(days))), source)
