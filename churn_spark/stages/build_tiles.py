"""Tiles and contacts: the events of every knowledge date that has none yet, or stale ones, cleaned and compacted."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.periods import Days, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events.cleaning import clean, needs_history
from churn_spark.features.partners import contacts
from churn_spark.features.tiles import compact, first_seen
from churn_spark.stages import lacking, reads
from churn_spark.stages.meanings import tile_definitions
from churn_spark.stages.plan import obtainable, why
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.models import CLEANING_LIMITS
from churn_spark.tables.contracts.tiles import FIRST_SEEN, tiles
from churn_spark.tables.contracts.tiles import contacts as contacts_table
from churn_spark.tables.ledger import Ledger

log = logging.getLogger("churn_spark.build_tiles")

MANY = 5_000_000
"""Events from which on their tiles wait on disk."""


def build_tiles(run: Run, project: Project, catalog: Catalog) -> None:
    """Build the tiles and contacts of every source for the knowledge dates up to the run's as-of date that are due."""
    due = {source: dates_to_build(project, catalog.ledger, source, run.as_of) for source in project.event_sources}
    due = {source: days for source, days in due.items() if days}
    if not due:
        log.info("every knowledge date has its tiles")
        return
    for source, days in due.items():
        _refuse_dropping(source, days, catalog.ledger)
    with ExitStack() as held:
        cleaned = {source: _cleaned(source, days, project, catalog) for source, days in due.items()}
        built = {
            source: compact(rows, source).persist(_where(source, due[source], catalog))
            for source, rows in cleaned.items()
        }
        for source, rows in built.items():
            held.callback(rows.unpersist)
            _refuse_too_many_values(rows, source)
        met = {source: contacts(rows) for source, rows in cleaned.items() if source.counterparty}
        _write(run, project, catalog, due, built, met)


def _write(
    run: Run,
    project: Project,
    catalog: Catalog,
    due: Mapping[Source, Sequence[date]],
    built: Mapping[Source, DataFrame],
    met: Mapping[Source, DataFrame],
) -> None:
    firsts = _first_seen_days(catalog.ledger, due)
    writes = {tiles(source): days for source, days in due.items()}
    writes |= {contacts_table(source): due[source] for source in met}
    writes[FIRST_SEEN] = firsts
    lacked = {
        source.tiles_table: {day: lacking.tiles(project, catalog.ledger, source.tiles_table, day) for day in days}
        for source, days in due.items()
    }
    catalog.begin(run, writes, definitions=tile_definitions(project), lacking=lacked)
    for source, days in due.items():
        log.info("tiles of %s for %s", source.name, listed(days))
        catalog.replace(tiles(source), built[source], run, days)
        if source in met:
            log.info("contacts of %s", source.name)
            catalog.replace(contacts_table(source), met[source], run, days)
    log.info("first days of customers")
    learnt = reduce(DataFrame.unionByName, (_first_seen(source, firsts, catalog) for source in due))
    catalog.replace(FIRST_SEEN, learnt, run, firsts, within={"source": [source.name for source in due]})


def dates_to_build(project: Project, ledger: Ledger, source: Source, as_of: date) -> list[date]:
    """The knowledge dates whose tiles or contacts are missing, half-written, stale or of another definition."""
    outputs = {name: meant for name, meant in tile_definitions(project).items() if name in source.compacted}
    days = sorted(day for day in ledger.partitions(source.events_table) if day <= as_of)
    return [
        day
        for day in days
        if any(
            why(
                ledger,
                name,
                day,
                reads.tiles(project, name, day),
                obtainable(meant, lacking.tiles(project, ledger, name, day)),
            )
            for name, meant in outputs.items()
        )
    ]


def _where(source: Source, days: Sequence[date], catalog: Catalog) -> StorageLevel:
    """Where tiles wait to be written: many events' would be missing the memory that aggregating them takes."""
    stored = catalog.ledger.partitions(source.events_table)
    events = sum(stored[day].rows for day in days if day in stored)
    return StorageLevel.DISK_ONLY if events > MANY else StorageLevel.MEMORY_AND_DISK


def _refuse_dropping(source: Source, days: Sequence[date], ledger: Ledger) -> None:
    """ConfigError where rows would be dropped for want of a column that nobody asked for when they were taken."""
    dropping = {column.name for column in source.columns if column.cleaning.missing == "drop"}
    if not dropping:
        return
    lacked = {day: found for day in days if (found := dropping & lacking.of_partition(ledger, source, day))}
    if lacked:
        names = ", ".join(sorted(set().union(*lacked.values())))
        raise ConfigError(
            f"sources.{source.name}: cleaning.missing: drop of {names} would drop rows known from {listed(lacked)},"
            " taken before it was configured; take them again (ingest --option add-columns), or where they are gone"
            " clean it otherwise (null, indicator)"
        )


def _refuse_too_many_values(built: DataFrame, source: Source) -> None:
    exact = [category for category in source.categories if category.distinct and not category.approximate]
    if not exact:
        return
    most = built.agg(*(F.max(F.size(f"{category.name}_values")).alias(category.name) for category in exact)).first()
    for category in exact:
        found = most[category.name] if most else None
        if found is not None and found > category.max_values:
            raise ConfigError(
                f"sources.{source.name}.categories.{category.name}: a customer has {found:,} different values on one"
                f" day, more than max_values ({category.max_values:,}); exact counting keeps every one of them: set"
                " approximate: true, or raise max_values"
            )


def _first_seen_days(ledger: Ledger, due: Mapping[Source, Sequence[date]]) -> list[date]:
    """The first of the dates due and all later ones with tiles: what was news on them depends on what came before."""
    start = min(day for days in due.values() for day in days)
    later = {day for source in due for day in ledger.partitions(source.tiles_table) if day >= start}
    return sorted(later.union(*due.values()))


def _first_seen(source: Source, days: Sequence[date], catalog: Catalog) -> DataFrame:
    rows = catalog.read(tiles(source), days).select("customer_id", "event_date", "known_from")
    known = catalog.read(FIRST_SEEN, Days(reads.EVER, min(days))).where(F.col("source") == source.name)
    return first_seen(rows, source.name, known)


def _cleaned(source: Source, days: Sequence[date], project: Project, catalog: Catalog) -> DataFrame:
    """The cleaned events of some knowledge dates."""
    spans = [reads.events_span(project, source, day) for day in days]
    history = Days(min(span.first for span in spans), max(span.end for span in spans))
    rows = catalog.read(events(source), history if needs_history(source) else days)
    cleaned = clean(rows, catalog.read(CLEANING_LIMITS), source, project.features.longest)
    return cleaned.where(F.col("known_from").isin(list(days)))
