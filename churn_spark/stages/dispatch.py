"""Dispatch: alerts and interventions of a date go to people and systems, each message at least once.

A message is queued in `alert_events` before it is sent, and noted as sent or failed afterwards. A crash in between
sends it again under the same id; nothing is lost.
"""

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from churn_spark.definitions.dispatch import Dispatch, Route
from churn_spark.definitions.errors import ConfigError, DispatchError
from churn_spark.definitions.periods import Days, single_day
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.outbox.addresses import address_problems, addresses
from churn_spark.outbox.message import Message
from churn_spark.stages.decided_rows import messages, refuse_missing
from churn_spark.stages.outbox_events import Known, Outbox, known_messages
from churn_spark.stages.stage import Option, Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.outbox import ALERT_EVENTS

log = logging.getLogger("churn_spark.dispatch")

DRY_RUN = "dry-run"
"""Option: show what would go out, and send and write nothing."""
FIRST_LINES = 3


@dataclass(slots=True)
class Outgoing:
    """The messages of one route that are to be sent, and why some of them cannot be."""

    new: list[Message] = field(default_factory=list)
    again: list[Message] = field(default_factory=list)
    refused: str | None = None

    @property
    def messages(self) -> list[Message]:
        """Those never tried first, so that one which always fails keeps none of them from its turn."""
        return [*self.new, *self.again]


def dispatch(run: Run, project: Project, catalog: Catalog) -> None:
    """Send what was decided at the run's as-of date and what earlier dates still have to send.

    Raises DispatchError once everything else is sent, if messages could not be.
    """
    settings = _settings(project)
    refuse_missing(project, catalog, settings, run.as_of)
    known = _known(catalog, settings, run.as_of)
    outgoing = {route.name: _outgoing(project, catalog, settings, route, run.as_of, known) for route in settings.routes}
    if DRY_RUN in run.options:
        _show(settings, outgoing)
        return
    _refuse_addresses(project)
    unfinished = {day for day in catalog.ledger.open(ALERT_EVENTS.name) if day}
    days = unfinished | {message.as_of_date for way in outgoing.values() for message in way.messages}
    failures = {name: way.refused for name, way in outgoing.items() if way.refused}
    if days:
        with catalog.transaction(run, {ALERT_EVENTS: sorted(days)}) as tx:
            outbox = Outbox(run, catalog, tx, known)
            if unfinished:
                outbox.close(unfinished)
            outbox.queue(message for way in outgoing.values() for message in way.new)
            _send(settings, outgoing, outbox, failures)
    if failures:
        raise _failed(settings, failures, run.as_of, catalog.arguments)


def _known(catalog: Catalog, settings: Dispatch, as_of: date) -> dict[str, Known]:
    """The messages that may still be sent at a date; warns of those of the day before that were never sent."""
    first = as_of - timedelta(days=settings.retry_days)
    found = known_messages(catalog, Days(first - timedelta(days=1), as_of + timedelta(days=1)))
    if past := [message for message in found.values() if message.day < first and not message.over]:
        log.warning("%d messages of %s could not be sent and are given up", len(past), past[0].day)
    names = {route.name for route in settings.routes}
    if gone := {message.route for message in found.values() if not message.over} - names:
        log.warning("%s: no longer in dispatch.routes; its queued messages stay unsent", ", ".join(sorted(gone)))
    return {number: message for number, message in found.items() if message.day >= first}


def _outgoing(
    project: Project, catalog: Catalog, settings: Dispatch, route: Route, as_of: date, known: Mapping[str, Known]
) -> Outgoing:
    """What a route has to send: all of the as-of date, and of earlier dates what is queued and was not sent."""
    way = Outgoing()
    left = {number for number, message in known.items() if message.route == route.name and not message.over}
    # The brief of a day is of no use once there is that of the next.
    earlier = set() if route.form == "brief" else {known[number].day for number in left}
    for day in sorted({as_of, *earlier}, reverse=True):
        try:
            made = messages(project, catalog, settings, route, day)
        except DispatchError as error:
            way.refused = str(error)
            continue
        way.new += [message for message in made if day == as_of and message.message_id not in known]
        way.again += [message for message in made if message.message_id in left]
    way.again.sort(key=lambda message: known[message.message_id].runs)
    if gone := left - {message.message_id for message in way.again}:
        log.warning("%s: %d queued messages are no longer among its rows and stay unsent", route.name, len(gone))
    return way


def _send(settings: Dispatch, outgoing: Mapping[str, Outgoing], outbox: Outbox, failures: dict[str, str]) -> None:
    """Send over all routes, note what becomes of each message, and add what failed to `failures`, by route."""
    from churn_spark.outbox.sending import send  # apprise, which only those who dispatch need

    targets = {r.name: (addresses(r, os.environ), outgoing[r.name].messages) for r in settings.routes}
    sent, errors = Counter[str](), dict[str, Counter[str]]()
    for outcomes in send(targets, settings):
        outbox.note(outcomes)
        for outcome in outcomes:
            if outcome.error is None:
                sent[outcome.message.route] += 1
            else:
                errors.setdefault(outcome.message.route, Counter())[outcome.error] += 1
    for name, way in outgoing.items():
        count = len(way.messages)
        log.info("%s: %d of %d messages sent", name, sent[name], count)
        if sent[name] < count:
            reasons = "; ".join(error for error, _ in errors[name].most_common(3))
            failures[name] = f"{count - sent[name]:,} of {count:,} messages were not sent ({reasons})"


def _failed(settings: Dispatch, failures: Mapping[str, str], as_of: date, arguments: str) -> DispatchError:
    routes = "; ".join(f"{name}: {text}" for name, text in failures.items())
    return DispatchError(
        f"{routes}. All else was sent. Each run until {settings.retry_days} days after the date tries again:"
        f" churn-spark dispatch {arguments} --as-of {as_of}"
    )


def _show(settings: Dispatch, outgoing: Mapping[str, Outgoing]) -> None:
    for route in settings.routes:
        way = outgoing[route.name]
        if way.refused:
            log.warning("%s: %s", route.name, way.refused)
        log.info("%s: %d messages would go out (%s of %s)", route.name, len(way.messages), route.form, route.decided)
        if way.messages:
            first = way.messages[0]
            log.info("%s: the first: %s", route.name, first.subject)
            for line in [] if first.markup else first.body.splitlines()[:FIRST_LINES]:
                log.info("%s:   %s", route.name, line)


def _settings(project: Project) -> Dispatch:
    if project.dispatch is None:
        raise ConfigError(f"{project.origin}: dispatch is missing: say by dispatch.routes who gets what")
    return project.dispatch


def _refuse_addresses(project: Project) -> None:
    """ConfigError where the environment has no addresses of a route, or wrong ones."""
    if problems := address_problems(_settings(project), os.environ):
        raise ConfigError("\n".join(f"{project.origin}: {problem}" for problem in problems))


def _preflight(project: Project, options: Sequence[str], as_of: date) -> None:
    _settings(project)
    if DRY_RUN not in options:
        _refuse_addresses(project)


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """What leaves at a date was decided at that date."""
    return {route.decided: single_day(day) for route in (project.dispatch.routes if project.dispatch else ())}


DISPATCH = Stage(
    name="dispatch",
    summary="Send alerts and interventions of an as-of date to people and systems.",
    work=dispatch,
    writes=lambda project: (ALERT_EVENTS,),
    reads=_reads,
    daily=True,
    acts=True,
    needed=lambda project: project.dispatch is not None,
    retention=True,
    options=(Option(DRY_RUN, DRY_RUN),),
    preflight=_preflight,
)
