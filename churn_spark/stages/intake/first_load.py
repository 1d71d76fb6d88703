"""Refuses first loads whose knowledge dates are undecided: past rows without `history_until`, or no as-of date.

Both stop ingest before anything is written, with the setting or option that decides.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.lineage.data_end import WITHOUT_AS_OF, end_of, next_day
from churn_spark.stages.intake.backdating import ADD_HISTORY, LONG_AGO, NO_HISTORY
from churn_spark.stages.intake.earlier_runs import EarlierRuns

log = logging.getLogger("churn_spark.ingest")

Dates = Mapping[Source, Collection[date]]
"""Nominal dates of selected deliveries, by source; empty where they are known only after reading rows."""


def refuse_undecided_history(run: Run, project: Project, earlier: EarlierRuns, dates: Dates) -> None:
    """Refuse a first load where it is undecided from when its rows count as known.

    DeliveryError: the data end long ago and --as-of was left out. ConfigError: `history_until` is missing.
    """
    _refuse_missing_as_of(run, earlier, {source: days for source, days in dates.items() if source.kind == "events"})
    first = {source: days for source, days in dates.items() if not earlier.arrivals[source.name] and days}
    options = {*earlier.options, *run.options}
    without_option = {source: days for source, days in first.items() if f"{NO_HISTORY}={source.name}" not in options}
    undecided = [text for source, days in without_option.items() for text in _undecided(run, source, days)]
    if undecided:
        why = "nothing was taken, as it is undecided from when past rows count as known"
        raise ConfigError("\n".join((f"{project.origin}: {why}:", *undecided)))
    for source, days in without_option.items():
        _log_after_history(run, source, days)


def _refuse_missing_as_of(run: Run, earlier: EarlierRuns, dates: Dates) -> None:
    end = end_of(dates)
    if earlier.completed is not None or end is None or run.as_of <= end.until or not all(dates.values()):
        return
    if WITHOUT_AS_OF in run.options:
        raise DeliveryError(
            f"the newest events are of {end.last}, and --as-of was left out, which means {run.as_of}; nothing was"
            f" taken. For data of the past give the day after their end: --as-of {next_day(end)}. If today is meant:"
            f" --as-of {run.as_of}"
        )
    log.warning(
        "the newest events are of %s: at --as-of %s nothing can be built, only up to %s",
        end.last,
        run.as_of,
        end.until,
    )


def _undecided(run: Run, source: Source, days: Collection[date]) -> Iterable[str]:
    if source.delivered.history_until is None and (late := _late(run, source, days)):
        yield (
            f"sources.{source.name}.delivered.history_until is missing, and the first load goes back to {min(late)}:"
            f" all of it would count as known from {run.as_of} only, and no earlier snapshot would hold any of it."
            f" If it was known on its own dates, set history_until:"
            f" {max(day for day in days if day <= run.as_of)}. If it was not: --option"
            f" {NO_HISTORY}={source.name}"
        )


def _log_after_history(run: Run, source: Source, days: Collection[date]) -> None:
    until = source.delivered.history_until
    if until and (late := [day for day in _late(run, source, days) if day > until]):
        log.warning(
            "%s: what is dated %s to %s lies after history_until (%s) and counts as known from %s only. If it was known"
            " on its own dates, set sources.%s.delivered.history_until: %s and add --option %s=%s",
            source.name,
            min(late),
            max(late),
            until,
            run.as_of,
            source.name,
            max(days),
            ADD_HISTORY,
            source.name,
        )


def _late(run: Run, source: Source, days: Collection[date]) -> list[date]:
    """The dates whose delivery is more than `LONG_AGO` days overdue at the run's as-of date."""
    return [day for day in days if day < run.as_of - timedelta(days=LONG_AGO + source.delivered.lag_days)]
