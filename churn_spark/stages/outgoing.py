"""What is to leave the house at a date: the messages of each route, and the file for the CRM."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from churn_spark.definitions.dispatch import FILE, Dispatch, Route
from churn_spark.definitions.errors import DispatchError
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project, Run
from churn_spark.outbox.message import Message, message_id
from churn_spark.stages.crm_export import file_name
from churn_spark.stages.decided_rows import exports, handed_over, messages
from churn_spark.stages.outbox_events import Known, known_messages
from churn_spark.stages.stage import REDECIDE
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.dispatch")


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


def ways(project: Project, settings: Dispatch) -> list[str]:
    """The names of all ways out, the file for the CRM first: it takes the least time."""
    return [*([FILE] if exports(project) else []), *(route.name for route in settings.routes)]


def known_at(project: Project, catalog: Catalog, settings: Dispatch, as_of: date) -> dict[str, Known]:
    """The messages that may still be sent at a date; warns of those of the day before that were never sent."""
    first = as_of - timedelta(days=settings.retry_days)
    found = known_messages(catalog, Days(first - timedelta(days=1), as_of + timedelta(days=1)))
    if past := [message for message in found.values() if message.day < first and not message.over]:
        log.warning("%d messages of %s could not be sent and are given up", len(past), past[0].day)
    left = {message.route for message in found.values() if not message.over}
    if gone := left.difference(ways(project, settings)):
        log.warning("%s: no longer in the configuration; queued messages of it stay unsent", ", ".join(sorted(gone)))
    return {number: message for number, message in found.items() if message.day >= first}


def outgoing(
    run: Run, project: Project, catalog: Catalog, settings: Dispatch, known: Mapping[str, Known]
) -> dict[str, Outgoing]:
    """What each way has to carry, in the order of `ways`."""
    way_of = {route.name: _messages(project, catalog, settings, route, run.as_of, known) for route in settings.routes}
    file = {FILE: _files(run, catalog, known)} if exports(project) else {}
    return file | way_of


def _files(run: Run, catalog: Catalog, known: Mapping[str, Known]) -> Outgoing:
    """The file of the as-of date, once, and those of earlier dates that were announced and not noted as written."""
    left = {message.day for message in known.values() if message.route == FILE and not message.over}
    done = {message.day for message in known.values() if message.route == FILE and message.over}
    fresh = run.as_of not in left and (run.as_of not in done or REDECIDE in run.options)
    new = [_file(catalog, run.as_of)] if fresh else []
    return Outgoing(new, [_file(catalog, day) for day in sorted(left, reverse=True)])


def _file(catalog: Catalog, day: date) -> Message:
    return Message(message_id(FILE, day), FILE, day, None, file_name(day), "", handed_over(catalog, day).count())


def _messages(
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
