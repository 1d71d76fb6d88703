"""Whether past rows of a source count as known from their own dates (a history) or from the day they were taken.

The first load of a source with `history_until` is a history, also when the source is added to a running project. The
choice is logged before anything is written. It can be changed later, which takes the deliveries again.
"""

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.nearest import unknown
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.events.deliveries import Delivery, SelectedDelivery, TakenDelivery
from churn_spark.stages.intake.earlier_runs import EarlierRuns

log = logging.getLogger("churn_spark.ingest")

ADD_HISTORY, NO_HISTORY = "add-history", "no-history"
PATTERNS = {ADD_HISTORY: rf"{ADD_HISTORY}=\w+", NO_HISTORY: rf"{NO_HISTORY}=\w+"}
LONG_AGO = 7
"""Days: a first load with older deliveries must say whether they are a history."""


@dataclass(frozen=True, slots=True)
class HistoryChoice:
    """new: whether new deliveries are a history. requested: whether all are to be one, by option; None: no option."""

    new: bool
    requested: bool | None = None

    def is_history(self, before: TakenDelivery | None) -> bool:
        """Whether a delivery is a history: `known_from` of rows up to `history_until` ignores the day it was taken."""
        if self.requested is not None:
            return self.requested
        return before.history if before else self.new


def refuse_wrong_history(options: Iterable[str], project: Project) -> None:
    """ConfigError: a source does not exist, has no `history_until`, or is given with both options."""
    names = [source.name for source in project.sources]
    requested: dict[str, str] = {}
    for text in sorted(options):
        if not any(re.fullmatch(pattern, text) for pattern in PATTERNS.values()):
            continue
        option, _, name = text.partition("=")
        if name not in names:
            raise ConfigError(f"--option {text}: {unknown('source', name, names)}")
        if option == ADD_HISTORY and project.source(name).delivered.history_until is None:
            raise ConfigError(
                f"--option {text}: sources.{name}.delivered.history_until is missing: the last date of rows that"
                " count as known from their own dates"
            )
        if name in requested:
            raise ConfigError(f"--option {text}: contradicts --option {requested[name]}")
        requested[name] = text


def history_choice(source: Source, run: Run, taken: Mapping[str, TakenDelivery], earlier: EarlierRuns) -> HistoryChoice:
    """The choice by options and earlier runs; a first load with `history_until` is a history."""
    if f"{NO_HISTORY}={source.name}" in run.options:
        return HistoryChoice(False, requested=False)
    if source.delivered.history_until is None:
        return HistoryChoice(False)
    if f"{ADD_HISTORY}={source.name}" in run.options:
        return HistoryChoice(True, requested=True)
    return HistoryChoice(not earlier.running or not taken)


def with_other_history(
    known: Iterable[Delivery], taken: Mapping[str, TakenDelivery], choice: HistoryChoice, source: Source
) -> list[Delivery]:
    """The deliveries taken before that become a history, or cease to be one."""
    names = _names_with_other_history(taken, choice, source)
    return [delivery for delivery in known if delivery.name in names]


def log_unavailable(
    source: Source, taken: Mapping[str, TakenDelivery], available: Collection[str], choice: HistoryChoice
) -> None:
    """Log how many of these deliveries cannot be taken again."""
    if missing := len(_names_with_other_history(taken, choice, source) - set(available)):
        log.warning(
            "%s: %d deliveries are no longer at the source and keep their knowledge dates", source.name, missing
        )


def _names_with_other_history(taken: Mapping[str, TakenDelivery], choice: HistoryChoice, source: Source) -> set[str]:
    if choice.requested is None:
        return set()
    differs = _lacks_history if choice.requested else _has_history
    return {name for name, delivery in taken.items() if differs(delivery, source.delivered)}


def _has_history(delivery: TakenDelivery, delivered: Delivered) -> bool:
    history_until = delivered.history_until
    return delivery.history and (delivery.nominal is None or history_until is None or delivery.nominal <= history_until)


def _lacks_history(delivery: TakenDelivery, delivered: Delivered) -> bool:
    """Whether a delivery's knowledge dates differ from those of a history by `history_until` and `lag_days`."""
    history_until, known_since = delivered.history_until, min(delivery.known_from, default=delivery.taken_on)
    if delivery.nominal is None or history_until is None:
        return not delivery.history
    if delivery.nominal > history_until:
        return delivery.history and known_since < delivery.taken_on
    if not delivery.known_from:
        return not delivery.history
    if delivered.by == "file_name":
        return not delivery.history or known_since != delivery.nominal + timedelta(days=delivered.lag_days)
    return not delivery.history or max(delivery.known_from) >= delivery.taken_on


def log_history(source: Source, selected: Collection[SelectedDelivery], earlier: EarlierRuns) -> None:
    """Log from when new deliveries count as known, where a project is running already."""
    new = [chosen for chosen in selected if chosen.before is None]
    history_until = source.delivered.history_until
    nominal_dates = [chosen.delivery.nominal for chosen in new if chosen.delivery.nominal]
    old = [day for day in nominal_dates if history_until and day <= history_until]
    if earlier.running and earlier.arrivals[source.name] and old and not any(chosen.history for chosen in new):
        log.warning(
            "%s: deliveries of %s are dated up to history_until but count as known from today, as the source was loaded"
            " before. To count them from their own dates: --option %s=%s",
            source.name,
            listed(old),
            ADD_HISTORY,
            source.name,
        )
    new_source = earlier.running and not earlier.arrivals[source.name] and any(chosen.history for chosen in new)
    if new_source and history_until and min(nominal_dates, default=history_until) <= history_until:
        log.warning(
            "%s is new in a running project: its deliveries up to %s count as known from their own dates, so earlier"
            " snapshots are due. To count them from today only: --option %s=%s",
            source.name,
            history_until,
            NO_HISTORY,
            source.name,
        )
