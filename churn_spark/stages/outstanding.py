"""What dispatch has left to do: messages that were queued and not sent, and routes that were held back."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from churn_spark.definitions.periods import Days
from churn_spark.lineage.entry import NOTHING, OK
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.outbox_events import Known, known_messages
from churn_spark.stages.stage import DRY_RUN
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.outbox import ALERT_EVENTS

log = logging.getLogger("churn_spark.dispatch")

HELD = "held back: "
"""In the ledger, how the state of a date begins of which some routes could not make their messages."""


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What earlier runs have left within the days on which it is still tried.

    known: every message by its id. held: by date the routes whose messages could not even be made.
    """

    known: Mapping[str, Known]
    held: Mapping[date, frozenset[str]]

    def left(self, route: str) -> set[str]:
        """The ids of the messages of a route that are still to be sent."""
        return {number for number, message in self.known.items() if message.route == route and not message.over}

    @property
    def routes(self) -> frozenset[str]:
        """The routes that have left something."""
        left = {message.route for message in self.known.values() if not message.over}
        return frozenset(left).union(*self.held.values())


def outstanding(catalog: Catalog, as_of: date, retry_days: int) -> Outstanding:
    """What may still be sent at a date; warns of all that has become too old for it since the run before."""
    first = as_of - timedelta(days=retry_days)
    before = _run_before(catalog.ledger, as_of)
    since = min(first, before - timedelta(days=retry_days)) if before else first
    days = Days(since, as_of + timedelta(days=1))
    found = known_messages(catalog, days)
    held = {day: names for day, names in held_routes(catalog.ledger).items() if day in days}
    lost = Counter((one.day, one.route) for one in found.values() if one.day < first and not one.over)
    for (day, route), count in sorted(lost.items()):
        log.warning("%s: %d messages of %s could not be sent and are given up", route, count, day)
    for day, names in sorted(held.items()):
        if day < first:
            log.warning("%s: all messages of %s were held back and are given up", ", ".join(sorted(names)), day)
    return Outstanding(
        {number: message for number, message in found.items() if message.day >= first},
        {day: names for day, names in held.items() if day >= first},
    )


def _run_before(ledger: Ledger, as_of: date) -> date | None:
    """The newest earlier as-of date of a run that has seen to what was outstanding then."""
    job = ALERT_EVENTS.written_by[0]
    ended = (entry for entry in ledger.entries if entry.job == job and entry.status in (OK, NOTHING))
    return max((entry.as_of for entry in ended if entry.as_of < as_of and DRY_RUN not in entry.options), default=None)


def held_routes(ledger: Ledger) -> dict[date, frozenset[str]]:
    """By date the routes that could not make their messages in the run that saw to it last.

    What a killed run announced does not take back what was held before it: it may not have come to queue anything.
    """
    name = ALERT_EVENTS.name
    ended = ((day, partition.state) for day, partition in ledger.partitions(name).items())
    begun = ((day, entry.states.get(name, {}).get(day)) for day, entry in ledger.open(name).items() if day)
    held: dict[date, frozenset[str]] = {}
    for day, state in (*ended, *begun):
        if state and state.startswith(HELD):
            held[day] = held.get(day, frozenset()).union(state.removeprefix(HELD).split(", "))
    return held


def held_states(held: Mapping[date, frozenset[str]]) -> dict[str, dict[date, str]]:
    """What `held_routes` reads, as the states of a transaction."""
    return {ALERT_EVENTS.name: {day: HELD + ", ".join(sorted(names)) for day, names in held.items() if names}}
