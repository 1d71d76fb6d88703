"""Learns the values that cleaning needs, from what was known on dates of the past, and describes every column."""

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame

from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.periods import Days, days_up_to, grid, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events import statistics
from churn_spark.events.days import days_of_events
from churn_spark.events.mapping import column_hashes
from churn_spark.lineage.due import reason_due
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.stage import Option, Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.profile import CLEANING_LIMITS, DATA_PROFILE
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from churn_spark.tables.table import Table

log = logging.getLogger("churn_spark.profile")


LEARN_HISTORY = "learn-history"
"""Option: learn limits for the history that was not cleaned, though its tiles and snapshots must be built again."""


def profile(run: Run, project: Project, catalog: Catalog) -> None:
    """Learn the cleaning limits that are due, in force from the next tiles on; profile the data as known at the run.

    What was built and scored with former limits stays as it is.
    """
    sources = [
        source
        for source in project.event_sources
        if source.columns and any(day <= run.as_of for day in catalog.ledger.partitions(source.events_table))
    ]
    if not sources:
        log.info("no events with measures or categories are known at %s", run.as_of)
        return
    due = dates_to_learn(project, catalog.ledger, run.as_of, LEARN_HISTORY in run.options)
    if left := sorted(set(dates_to_learn(project, catalog.ledger, run.as_of, history=True)) - set(due)):
        log.warning(
            "rows known before the first limits stay uncleaned, and snapshots that reach them teach nothing; --option"
            " %s learns limits from %s on, which makes what was built from them due",
            LEARN_HISTORY,
            left[0],
        )
    writes: dict[Table, list[date]] = {DATA_PROFILE: [run.as_of], **({CLEANING_LIMITS: due} if due else {})}
    counts = {source: _counts(source, catalog, run.as_of, due).persist() for source in sources}
    try:
        with catalog.transaction(run, writes, definitions=definitions(project)) as tx:
            if due:
                learnt = [statistics.limits(counts[s], s, due) for s in sources if s.learns]
                tx.replace(CLEANING_LIMITS, _together(learnt), due)
                log.info("learnt cleaning limits, in force from %s", listed(due))
            profiles = [statistics.profile(counts[source], source, run.as_of) for source in sources]
            profiles += [_days(source, catalog, run.as_of) for source in sources]
            tx.replace(DATA_PROFILE, _together(profiles), [run.as_of])
        log.info("profiled %d columns", sum(len(source.columns) for source in sources))
    finally:
        for frame in counts.values():
            frame.unpersist()


def dates_to_learn(project: Project, ledger: Ledger, as_of: date, history: bool = False) -> list[date]:
    """The dates from which limits are to be in force that are to be learnt now; none where no column learns.

    At first, before anything was scored, those of the whole history, every `relearn_days` days from its first
    knowledge date. Later one: `relearn_days` after the last, the first date whose tiles are not built yet. Limits of
    another definition are learnt again for their own dates. history: those of the history before the first limits.
    """
    learning = [source for source in project.event_sources if source.learns]
    known = [day for source in learning for day in ledger.partitions(source.events_table)]
    if not known:
        return []
    every, name = project.relearn_days, CLEANING_LIMITS.name
    stored, meant = ledger.partitions(name), definitions(project)[CLEANING_LIMITS.name]
    due = {day for day in ledger.open(name) if day}
    due |= {day for day, state in stored.items() if reason_due(ledger, name, day, {}, meant)}
    first_dates = grid(min(known) + timedelta(days=every), every, as_of)
    built = [day for source in learning for day in ledger.partitions(source.tiles_table)]
    following = max([as_of, *(day + timedelta(days=1) for day in built)])
    if history or not (stored or ledger.partitions(RISK_SCORES.name)):
        before = min(stored, default=date.max)
        due |= {day for day in first_dates or (as_of,) if day < before}
    elif not stored or as_of >= max(stored) + timedelta(days=every):
        due.add(following)
    return sorted(due)


def _counts(source: Source, catalog: Catalog, as_of: date, due: Iterable[date]) -> DataFrame:
    rows = catalog.read(events(source), days_up_to(as_of))
    return statistics.value_counts(rows, source, sorted({as_of, *due}))


def _days(source: Source, catalog: Catalog, as_of: date) -> DataFrame:
    """The first and last day of a source's events, and how many rows lie far before the rest, which is also logged."""
    by_day = catalog.read(events(source), days_up_to(as_of)).groupBy("event_date").count().collect()
    if not by_day:
        return catalog.spark.createDataFrame([], DATA_PROFILE.schema)
    days = days_of_events({row["event_date"]: row["count"] for row in by_day})
    log.info("%s: %s rows of %s to %s", source.name, f"{days.rows:,}", days.first, days.last)
    if days.before:
        log.warning(
            "%s: %s rows lie before a gap of more than a year that ends on %s, the first on %s. If these dates are"
            " placeholders, set sources.%s.starts to the first day with data, which refuses rows before it",
            source.name,
            f"{days.before:,}",
            days.rest,
            days.first,
            source.name,
        )
    rows = [(as_of, source.name, "*", *statistic) for statistic in days.statistics]
    return catalog.spark.createDataFrame(rows, DATA_PROFILE.schema)


def _together(frames: list[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """Limits learnt on a day come from all rows known by then."""
    return {source.events_table: days_up_to(day) for source in project.event_sources}


def definitions(project: Project) -> dict[str, dict[str, str]]:
    """The hash of each column that is cleaned with learnt values, and of how."""
    learning = ((s, c) for s in project.event_sources for c in s.columns if c.cleaning.learns)
    hashes = {f"{s.name}.{c.name}": definition_hash(column_hashes(s)[c.name], c.cleaning) for s, c in learning}
    return {CLEANING_LIMITS.name: hashes}


PROFILE = Stage(
    name="profile",
    summary="Learn cleaning values and describe the data.",
    work=profile,
    writes=lambda project: (CLEANING_LIMITS, DATA_PROFILE),
    reads=_reads,
    definitions=definitions,
    schedule="0 4 1 * *",
    options=(Option(LEARN_HISTORY, LEARN_HISTORY),),
)
