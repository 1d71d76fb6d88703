"""What is to leave the house at a date: the messages of each route, and the file for the CRM."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from churn_spark.definitions.dispatch import FILE, Dispatch, Route
from churn_spark.definitions.errors import DispatchError
from churn_spark.definitions.project import Project, Run
from churn_spark.outbox.message import Message, message_id
from churn_spark.stages.crm_export import file_name
from churn_spark.stages.decided_rows import exports, handed_over, messages
from churn_spark.stages.outstanding import Outstanding
from churn_spark.stages.past_dates import PAST, gone_out_since
from churn_spark.stages.stage import REDECIDE
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.dispatch")

NEW_ROUTE = "new-route="
"""Option: send over a route on a date of which messages have left already over others."""


@dataclass(slots=True)
class Outgoing:
    """The messages of one way that are to be sent, and why some of them cannot be.

    held: dates whose messages cannot be made now, with the reason; later runs try again. refused: why what is new at
    the as-of date is not sent unless an option asks for it.
    """

    new: list[Message] = field(default_factory=list)
    again: list[Message] = field(default_factory=list)
    held: dict[date, str] = field(default_factory=dict)
    refused: str | None = None

    @property
    def messages(self) -> list[Message]:
        """Those never tried first, so that one which always fails keeps none of them from its turn."""
        return [*self.new, *self.again]

    @property
    def faults(self) -> list[str]:
        """Why messages are not even tried."""
        return [*self.held.values(), *([self.refused] if self.refused else [])]


def outgoing(
    run: Run, project: Project, catalog: Catalog, settings: Dispatch, outstanding: Outstanding
) -> dict[str, Outgoing]:
    """What each way has to carry: the file for the CRM first, as it takes the least time, then the routes."""
    ways = {FILE: _files(run, catalog, outstanding)} if exports(project) else {}
    for route in settings.routes:
        ways[route.name] = _messages(run, project, catalog, settings, route, outstanding)
    later = None if PAST in run.options else gone_out_since(project, catalog.ledger, run.as_of)
    known = {message.route for message in outstanding.known.values() if message.day == run.as_of}
    held = outstanding.held.get(run.as_of, frozenset())
    for name, way in ways.items():
        others = [message for message in way.new if message.as_of_date != run.as_of]
        if len(others) == len(way.new) or name in held:
            continue
        if fault := _refused(run, catalog.arguments, name, known, later):
            way.refused, way.new = fault, others
    if gone := outstanding.routes.difference(ways):
        log.warning("%s: no longer in the configuration; queued messages of it stay unsent", ", ".join(sorted(gone)))
    return ways


def _refused(run: Run, arguments: str, name: str, known: Collection[str], later: date | None) -> str | None:
    """Why what a way has new at the as-of date is not sent; known: the ways over which something of it has left."""
    if later:
        why, option = f"{later} has gone out since, so what was decided then is out of date", PAST
    elif known and name not in known and not {REDECIDE, NEW_ROUTE + name} & run.options:
        others = ", ".join(sorted(known))
        why = f"it is new at a date that has gone out over {others} already: under another name all would arrive twice"
        option = NEW_ROUTE + name
    else:
        return None
    command = f"churn-spark dispatch {arguments} --as-of {run.as_of} --option {option}"
    return f"nothing new of {run.as_of} was sent, as {why}. If it is meant: {command}"


def _files(run: Run, catalog: Catalog, outstanding: Outstanding) -> Outgoing:
    """The file of the as-of date, once, and those of earlier dates that were announced and not noted as written."""
    files = [message for message in outstanding.known.values() if message.route == FILE]
    left = {message.day for message in files if not message.over}
    fresh = run.as_of not in left and (run.as_of not in {file.day for file in files} or REDECIDE in run.options)
    new = [_file(catalog, run.as_of)] if fresh else []
    return Outgoing(new, [_file(catalog, day) for day in sorted(left, reverse=True)])


def _file(catalog: Catalog, day: date) -> Message:
    return Message(message_id(FILE, day), FILE, day, None, file_name(day), "", handed_over(catalog, day).count())


def _messages(
    run: Run, project: Project, catalog: Catalog, settings: Dispatch, route: Route, outstanding: Outstanding
) -> Outgoing:
    """What a route has to send: all of the as-of date and of dates held back, of other dates what was queued."""
    way, known = Outgoing(), outstanding.known
    left = outstanding.left(route.name)
    whole = {run.as_of}
    # The brief of a day is of no use once there is that of the next.
    if route.form != "brief":
        whole |= {day for day, names in outstanding.held.items() if route.name in names}
    earlier = set() if route.form == "brief" else {known[number].day for number in left}
    for day in sorted(whole | earlier, reverse=True):
        try:
            made = messages(project, catalog, settings, route, day)
        except DispatchError as error:
            way.held[day] = str(error)
            continue
        way.new += [message for message in made if day in whole and message.message_id not in known]
        way.again += [message for message in made if message.message_id in left]
    way.again.sort(key=lambda message: known[message.message_id].runs)
    missing = {number for number in left if known[number].day not in way.held} - {one.message_id for one in way.again}
    if missing:
        log.warning("%s: %d queued messages are no longer among its rows and stay unsent", route.name, len(missing))
    return way


def held_back(ways: Mapping[str, Outgoing], before: Mapping[date, frozenset[str]]) -> dict[date, frozenset[str]]:
    """By date the routes whose messages could not be made, as it is after a run; before: as it was."""
    now = {name: set(way.held) for name, way in ways.items()}
    days = {*before, *(day for held in now.values() for day in held)}
    return {
        day: frozenset(
            {name for name, held in now.items() if day in held} | (before.get(day, frozenset()) - now.keys())
        )
        for day in days
    }
