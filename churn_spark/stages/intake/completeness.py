"""Checks that the deliveries a source's calendar expects are there, or accepted as missing."""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Run
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import missing
from churn_spark.events.deliveries import Delivery, TakenDelivery
from churn_spark.lineage.acceptance import ACCEPT, Accepted, accepted
from churn_spark.stages.intake.acceptance import as_options
from churn_spark.stages.intake.plans import Plan

log = logging.getLogger("churn_spark.ingest")


def refuse_incomplete(
    source: Source, run: Run, new: Iterable[Delivery], known: Iterable[TakenDelivery | Delivery], acceptance: Accepted
) -> frozenset[str]:
    """The incomplete deliveries, all accepted; DeliveryError: something missing or incomplete was not accepted.

    Where rows are dated one by one, missing dates are checked after reading (see `refuse_missing_dates`).
    """
    delivered = source.delivered
    nominal = {delivery.nominal for delivery in known if delivery.nominal is not None}
    missing_dates = missing(delivered, nominal, run.as_of) if delivered.by == "file_name" else []
    incomplete = [delivery for delivery in new if delivered.require_success and not delivery.complete]
    dates_not_accepted = [day for day in missing_dates if day not in acceptance.dates]
    not_accepted = [delivery for delivery in incomplete if not acceptance.covers(delivery.name, delivery.nominal)]
    problems = [f"expected but missing: {listed(dates_not_accepted)}"] if dates_not_accepted else []
    problems += [f"without _SUCCESS: {', '.join(delivery.name for delivery in not_accepted)}"] if not_accepted else []
    if problems:
        days = {*dates_not_accepted, *(delivery.nominal for delivery in not_accepted if delivery.nominal)}
        by_name = [
            f"--option {ACCEPT}={source.name}@{delivery.name}" for delivery in not_accepted if not delivery.nominal
        ]
        raise _incomplete_error(source, problems, filter(None, (as_options(source.name, days), *by_name)))
    if delivered.by == "file_name":
        _log_acceptance(source, run, missing_dates, incomplete)
    return frozenset(delivery.name for delivery in incomplete)


def refuse_missing_dates(plan: Plan, run: Run, read: Mapping[str, Collection[date]]) -> None:
    """DeliveryError: no row has an expected date, in a source whose rows are dated one by one.

    read: the nominal dates of accepted rows, by selected delivery. Where the calendar has no first date, the first
    load's first date is it: later rows with old dates do not make past dates expected.
    """
    source = plan.source
    if source.delivered.by == "file_name" or source.delivered.expected is None:
        return
    dates = {name: set(arrival.known) for name, arrival in plan.arrivals.items()} | {
        n: set(dates_of_rows) for n, dates_of_rows in read.items()
    }
    first_taken_on = min((taken.taken_on for taken in plan.taken.values()), default=None)
    first_load = {name for name, taken in plan.taken.items() if taken.taken_on == first_taken_on} or set(read)
    first = min((day for name in first_load for day in dates.get(name, ())), default=None)
    missing_dates = missing(source.delivered, set().union(*dates.values()), run.as_of, first)
    if not_accepted := [day for day in missing_dates if day not in plan.accepted.dates]:
        problem = f"expected but missing: {listed(not_accepted)}"
        if source.delivered.expected.first is None:
            raise _no_first_date_error(source, problem)
        raise _incomplete_error(source, [problem], [as_options(source.name, not_accepted)])
    _log_acceptance(
        source, run, missing_dates, [chosen.delivery for chosen in plan.selected if chosen.name in plan.incomplete]
    )


def _incomplete_error(source: Source, problems: Iterable[str], options: Iterable[str]) -> DeliveryError:
    return DeliveryError(
        f"{source.name} at {source.path}, {'; '.join(problems)}; wait for it, correct"
        f" sources.{source.name}.delivered, or accept that it is missing: {' '.join(options)}"
    )


def _no_first_date_error(source: Source, problem: str) -> DeliveryError:
    """The error where the first row decides from when dates are expected: a wrong date there makes years of missing
    dates, which should not be accepted.
    """
    refused = f"; sources.{source.name}.starts refuses earlier rows" if source.kind == "events" else ""
    return DeliveryError(
        f"{source.name} at {source.path}, {problem}; wait for these dates, or set the first expected date (now the"
        f" first of any row): sources.{source.name}.delivered.expected.first{refused}"
    )


def _log_acceptance(
    source: Source, run: Run, missing_dates: Collection[date], incomplete: Collection[Delivery]
) -> None:
    """Log what this run accepts as missing, and accepted dates that are not missing."""
    acceptance = accepted(run.options, source.name)
    if accepted_dates := acceptance.dates.intersection(missing_dates):
        log.warning(
            "%s: no delivery of %s, as accepted: labels that depend on these dates are left out",
            source.name,
            listed(accepted_dates),
        )
    if accepted_names := [
        delivery.name for delivery in incomplete if acceptance.covers(delivery.name, delivery.nominal)
    ]:
        log.warning("%s: no _SUCCESS in %s, as accepted", source.name, ", ".join(accepted_names))
    not_needed = acceptance.dates.difference(missing_dates, (delivery.nominal for delivery in incomplete))
    if not_needed and source.delivered.min_volume_share is None:
        log.warning("%s: nothing is missing of %s, so there was nothing to accept", source.name, listed(not_needed))
