"""Dispatch: what was decided at a date goes to people and systems, each message at least once.

A message, and the file for the CRM, is queued in `alert_events` before it is sent, and noted as sent or failed
afterwards. A crash in between sends it again under the same id; nothing is lost.
"""

import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from churn_spark.definitions.dispatch import FILE, Dispatch
from churn_spark.definitions.errors import ConfigError, DispatchError
from churn_spark.definitions.project import Project, Run
from churn_spark.outbox.addresses import address_problems, addresses
from churn_spark.outbox.message import Message, Outcome
from churn_spark.spark_internals.errors import JavaError, reason
from churn_spark.stages.crm_export import export
from churn_spark.stages.decided_rows import exports, handed_over, refuse_missing
from churn_spark.stages.outbox_events import Outbox
from churn_spark.stages.outgoing import NEW_ROUTE, Outgoing, held_back, outgoing
from churn_spark.stages.outstanding import held_states, outstanding
from churn_spark.stages.past_dates import PAST
from churn_spark.stages.stage import DRY_RUN, REDECIDE, Option, Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.outbox import ALERT_EVENTS

log = logging.getLogger("churn_spark.dispatch")

FIRST_LINES = 3


def dispatch(run: Run, project: Project, catalog: Catalog) -> None:
    """Send what was decided at the run's as-of date and what earlier dates still have to send.

    Raises DispatchError once everything else is sent, if messages could not be.
    """
    settings = _settings(project)
    refuse_missing(project, catalog, settings, run.as_of)
    left = outstanding(catalog, run.as_of, settings.retry_days)
    ways = outgoing(run, project, catalog, settings, left)
    if DRY_RUN in run.options:
        _show(settings, ways)
        return
    _refuse_addresses(settings, project)
    held = held_back(ways, left.held)
    closing = {day for day in catalog.ledger.open(ALERT_EVENTS.name) if day}
    closing |= {day for day, names in held.items() if names != left.held.get(day, frozenset())}
    days = closing | {message.as_of_date for way in ways.values() for message in way.messages}
    failed: dict[str, str] = {}
    if days:
        with catalog.transaction(run, {ALERT_EVENTS: sorted(days)}, states=held_states(held)) as tx:
            outbox = Outbox(run, catalog, tx, left.known)
            if closing:
                outbox.close(closing)
            outbox.queue(message for way in ways.values() for message in way.new)
            failed = _carry(project, catalog, settings, ways, outbox)
    _refuse_unsent(settings, ways, failed, run.as_of, catalog.arguments)


def _carry(
    project: Project,
    catalog: Catalog,
    settings: Dispatch,
    ways: Mapping[str, Outgoing],
    outbox: Outbox,
) -> dict[str, str]:
    """Carry everything and note what becomes of each message; what failed, by way."""
    failed: dict[str, str] = {}
    sent, errors = Counter[str](), dict[str, Counter[str]]()
    for outcomes in _outcomes(project, catalog, settings, ways):
        outbox.note(outcomes)
        for outcome in outcomes:
            if outcome.error is None:
                sent[outcome.message.route] += 1
            else:
                errors.setdefault(outcome.message.route, Counter())[outcome.error] += 1
    for name, way in ways.items():
        count = len(way.messages)
        if name != FILE:
            log.info("%s: %d of %d messages sent", name, sent[name], count)
        if sent[name] < count:
            reasons = "; ".join(error for error, _ in errors[name].most_common(3))
            what = "files were not written" if name == FILE else "messages were not sent"
            failed[name] = f"{count - sent[name]:,} of {count:,} {what} ({reasons})"
    return failed


def _outcomes(
    project: Project, catalog: Catalog, settings: Dispatch, ways: Mapping[str, Outgoing]
) -> Iterator[Sequence[Outcome]]:
    """What became of everything, file by file and then batch by batch."""
    for message in ways[FILE].messages if FILE in ways else ():
        yield [_written(project, catalog, message)]
    if any(ways[route.name].messages for route in settings.routes):
        from churn_spark.outbox.sending import send  # apprise, which only those who send need

        targets = {route.name: (addresses(route, os.environ), ways[route.name].messages) for route in settings.routes}
        yield from send(targets, settings)


def _written(project: Project, catalog: Catalog, message: Message) -> Outcome:
    """Write the file of a date from what is planned for it."""
    day, playbook = message.as_of_date, project.interventions
    assert playbook
    assert playbook.export
    try:
        where = export(handed_over(catalog, day), playbook.export, day, project.origin)
    except (ConfigError, OSError) as refused:
        return Outcome(message, str(refused), datetime.now(UTC))
    except JavaError as error:  # a file system that is down holds up no message
        return Outcome(message, reason(error), datetime.now(UTC))
    log.info("%s: the actions are in %s", day, where)
    return Outcome(message, None, datetime.now(UTC))


def _refuse_unsent(
    settings: Dispatch, ways: Mapping[str, Outgoing], failed: Mapping[str, str], as_of: date, arguments: str
) -> None:
    """DispatchError where anything was not sent, by way, with what becomes of it."""
    each = {name: [*way.faults, *([failed[name]] if name in failed else [])] for name, way in ways.items()}
    texts = [f"{name}: {'; '.join(faults)}" for name, faults in each.items() if faults]
    if not texts:
        return
    again = (
        f" Each run until {settings.retry_days} days after the date tries again (a brief: on its date):"
        f" churn-spark dispatch {arguments} --as-of {as_of}"
    )
    tried = failed or any(way.held for way in ways.values())
    raise DispatchError(f"{'; '.join(texts)}. All else was sent.{again if tried else ''}")


def _show(settings: Dispatch, ways: Mapping[str, Outgoing]) -> None:
    file = ways.get(FILE, Outgoing())
    for fault in file.faults:
        log.warning("%s: %s", FILE, fault)
    for message in file.messages:
        log.info("%s: %s with %d customers would be written", FILE, message.subject, message.rows)
    for route in settings.routes:
        way = ways[route.name]
        for fault in way.faults:
            log.warning("%s: %s", route.name, fault)
        log.info("%s: %d messages would go out (%s of %s)", route.name, len(way.messages), route.form, route.decided)
        if way.messages:
            first = way.messages[0]
            log.info("%s: the first: %s", route.name, first.subject)
            for line in [] if first.markup else first.body.splitlines()[:FIRST_LINES]:
                log.info("%s:   %s", route.name, line)


def _settings(project: Project) -> Dispatch:
    """The routes, none where only the CRM gets a file."""
    if project.dispatch is None and not exports(project):
        raise ConfigError(
            f"{project.origin}: dispatch is missing: say by dispatch.routes who gets what, or by interventions.export"
            " where the file for the CRM is to be"
        )
    return project.dispatch or Dispatch(())


def _refuse_addresses(settings: Dispatch, project: Project) -> None:
    """ConfigError where the environment has no addresses of a route, or wrong ones."""
    problems = address_problems(settings, os.environ) if settings.routes else []
    if problems:
        raise ConfigError("\n".join(f"{project.origin}: {problem}" for problem in problems))


def _preflight(project: Project, options: Sequence[str], as_of: date) -> None:
    settings = _settings(project)
    if DRY_RUN not in options:
        _refuse_addresses(settings, project)


DISPATCH = Stage(
    name="dispatch",
    summary="Send alerts and interventions of an as-of date to people and systems, and write the file for the CRM.",
    work=dispatch,
    writes=lambda project: (ALERT_EVENTS,),
    daily=True,
    acts=True,
    needed=lambda project: project.dispatch is not None or exports(project),
    retention=True,
    options=(
        Option(DRY_RUN, DRY_RUN),
        Option(REDECIDE, REDECIDE),
        Option(PAST, PAST),
        Option(f"{NEW_ROUTE}ROUTE", rf"{NEW_ROUTE}\S+"),
    ),
    preflight=_preflight,
)
"""It reads no table of its own, but whatever the stages before it have made of the date: so it comes after all."""
