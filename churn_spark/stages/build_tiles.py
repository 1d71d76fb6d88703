"""Tiles and contacts: events, cleaned and compacted, of every knowledge date whose tiles are missing or stale."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.lookups import lookup_definitions
from churn_spark.definitions.periods import EVER, Days, days_up_to, hull, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events.cleaning import clean, history_span, needs_history
from churn_spark.features.partners import contacts
from churn_spark.features.tiles import compact, first_seen
from churn_spark.lineage import unavailable
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.tile_hashes import ROWS, rows_hash, tile_hashes
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.profile import CLEANING_LIMITS
from churn_spark.tables.contracts.tiles import FIRST_SEEN, tiles
from churn_spark.tables.contracts.tiles import contacts as contacts_table
from churn_spark.tables.table import Table

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
        source.tiles_table: {day: unavailable.tiles(project, catalog.ledger, source.tiles_table, day) for day in days}
        for source, days in due.items()
    }
    with catalog.transaction(run, writes, definitions=definitions(project), unavailable=lacked) as tx:
        for source, days in due.items():
            log.info("tiles of %s for %s", source.name, listed(days))
            tx.replace(tiles(source), built[source], days)
            if source in met:
                log.info("contacts of %s", source.name)
                tx.replace(contacts_table(source), met[source], days)
        log.info("first days of customers")
        learnt = reduce(DataFrame.unionByName, (_first_seen(source, firsts, catalog) for source in due))
        tx.replace(FIRST_SEEN, learnt, firsts, within={"source": [source.name for source in due]})


def dates_to_build(project: Project, ledger: Ledger, source: Source, as_of: date) -> list[date]:
    """The knowledge dates whose tiles or contacts are missing, half-written, stale or of another definition."""
    days = _known_dates(ledger, source, as_of)
    return sorted({day for output in source.compacted for day in BUILD_TILES.to_build(project, ledger, output, days)})


def _known_dates(ledger: Ledger, source: Source, as_of: date) -> list[date]:
    return sorted(day for day in ledger.partitions(source.events_table) if day <= as_of)


def _where(source: Source, days: Sequence[date], catalog: Catalog) -> StorageLevel:
    """The storage level of tiles that wait to be written: in memory, those of many events would take the space that
    aggregation needs."""
    stored = catalog.ledger.partitions(source.events_table)
    events = sum(stored[day].rows for day in days if day in stored)
    return StorageLevel.DISK_ONLY if events > MANY else StorageLevel.MEMORY_AND_DISK


def _refuse_dropping(source: Source, days: Sequence[date], ledger: Ledger) -> None:
    """ConfigError where rows would be dropped for lacking a value of a column configured after they were taken."""
    dropping = {column.name for column in source.columns if column.cleaning.missing == "drop"}
    if not dropping:
        return
    incomplete = unavailable.incomplete_days(ledger, source)
    without = {name: set(days).intersection(incomplete.get(name, ())) for name in dropping}
    if dropped := set().union(*without.values()):
        names = ", ".join(sorted(name for name in without if without[name]))
        raise ConfigError(
            f"sources.{source.name}: cleaning.missing: drop of {names} would drop rows known from {listed(dropped)},"
            " taken before it was configured; take them again (ingest --option add-columns), or where they are gone"
            " clean it otherwise (null, indicator)"
        )


def _refuse_too_many_values(built: DataFrame, source: Source) -> None:
    exact = [category for category in source.categories if category.distinct and not category.approximate]
    if not exact:
        return
    most = built.agg(*(F.max(F.size(f"{category.name}_values")).alias(category.name) for category in exact)).first()
    for category in exact:
        count = most[category.name] if most else None
        if count is not None and count > category.max_values:
            raise ConfigError(
                f"sources.{source.name}.categories.{category.name}: a customer has {count:,} different values on one"
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
    known = catalog.read(FIRST_SEEN, Days(EVER, min(days))).where(F.col("source") == source.name)
    return first_seen(rows, source.name, known)


def _cleaned(source: Source, days: Sequence[date], project: Project, catalog: Catalog) -> DataFrame:
    """The cleaned events of some knowledge dates."""
    history = hull(history_span(source, day, project.features.longest) for day in days)
    rows = catalog.read(events(source), history if needs_history(source) else days)
    cleaned = clean(rows, catalog.read(CLEANING_LIMITS), source, project.features.longest)
    return cleaned.where(F.col("known_from").isin(list(days)))


def reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """Tiles and contacts of a knowledge date come from its events and the newest cleaning limits by then.

    Where cleaning looks for a last known value, from the events of the longest window before too.
    """
    sources = [source for source in project.event_sources if output in (*source.compacted, FIRST_SEEN.name)]
    spans = {source.events_table: history_span(source, day, project.features.longest) for source in sources}
    if any(column.cleaning.learns for source in sources for column in source.columns):
        spans[CLEANING_LIMITS.name] = days_up_to(day)
    return spans


def definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of what tiles keep, and of the rows of tiles and contacts."""
    sources, longest = project.event_sources, project.features.longest
    hashes = {source.tiles_table: tile_hashes(source, project.zone, longest) for source in sources}
    for source in project.partnered_sources:
        partner = source.counterparty, *lookup_definitions(source.lookups, [source.counterparty or ""])
        hashes[source.contacts_table] = {ROWS: definition_hash(rows_hash(source, project.zone), *partner)}
    hashes[FIRST_SEEN.name] = {f"({source.name})": rows_hash(source, project.zone) for source in sources}
    return hashes


def _dates(project: Project, catalog: Catalog, as_of: date, wanted: Days | None) -> dict[str, list[date]]:
    """Every knowledge date of a source's events."""
    return {
        output: _known_dates(catalog.ledger, source, as_of)
        for source in project.event_sources
        for output in source.compacted
    }


def _tables(project: Project) -> tuple[Table, ...]:
    met = (contacts_table(source) for source in project.partnered_sources)
    return (*(tiles(source) for source in project.event_sources), *met, FIRST_SEEN)


BUILD_TILES = Stage(
    name="build_tiles",
    summary="Compact events to one row per customer, day and knowledge date.",
    work=build_tiles,
    writes=_tables,
    reads=reads,
    definitions=definitions,
    unavailable=unavailable.tiles,
    dates=_dates,
    daily=True,
)
