"""The outbox as a table: what is known of each message, and the rows that are added to it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.outbox.message import Message, Outcome
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.outbox import ALERT_EVENTS, FAILED, OVER, QUEUED, SENT
from churn_spark.tables.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Known:
    """What the table says of a message. over: it is not to be sent (again); runs: how many have tried."""

    route: str
    day: date
    over: bool
    runs: int


def dispatched(project: Project, ledger: Ledger) -> list[date]:
    """The dates of which anything may have left the house, the file for the CRM too: what was decided then stays."""
    name = ALERT_EVENTS.name
    begun = {day for day, state in ledger.partitions(name).items() if state.rows}
    return sorted(begun | {day for day in ledger.open(name) if day})


def known_messages(catalog: Catalog, days: Days) -> dict[str, Known]:
    """Every message of the dates by its id: a few rows for each route, as `dispatch.most_single` bounds them."""
    events = catalog.read(ALERT_EVENTS, days).groupBy("message_id", "route", "as_of_date")
    states = events.agg(F.bool_or(F.col("status").isin(*OVER)).alias("over"), F.max("attempt").alias("runs"))
    return {
        row["message_id"]: Known(row["route"], row["as_of_date"], row["over"], row["runs"]) for row in states.collect()
    }


Event = tuple[str, date, *tuple[object, ...]]
"""A row of `alert_events`."""


class Outbox:
    """Adds events to the table within the transaction of one run; known: the messages of earlier runs."""

    def __init__(self, run: Run, catalog: Catalog, tx: Transaction, known: Mapping[str, Known]) -> None:
        self._run, self._spark, self._tx, self._known = run, catalog.spark, tx, known

    def queue(self, messages: Iterable[Message]) -> None:
        """Note that these are going to be sent: from this commit on none of them is lost."""
        at, run_id = datetime.now(UTC), self._run.run_id
        events = [self._event(message, QUEUED, 0, at, None) for message in messages]
        self._add(events, {"run_id": [run_id], "status": [QUEUED]})

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Note what became of these."""
        events = [
            self._event(o.message, FAILED if o.error else SENT, self._runs(o.message) + 1, o.at, o.error)
            for o in outcomes
        ]
        self._add(events, {"event_id": [str(event[0]) for event in events]})

    def close(self, days: Iterable[date]) -> None:
        """Take over dates, as an earlier run has left them unfinished or in another state; their events stay."""
        nothing = self._spark.createDataFrame([], ALERT_EVENTS.schema)
        self._tx.replace(ALERT_EVENTS, nothing, sorted(days), within={"event_id": ["none"]})

    def _add(self, events: list[Event], within: Mapping[str, list[str]]) -> None:
        """within: finds these events alone, so that nothing is replaced that was there."""
        if events:
            rows = self._spark.createDataFrame(events, ALERT_EVENTS.schema)
            self._tx.replace(ALERT_EVENTS, rows, sorted({event[1] for event in events}), within=within)

    def _event(self, message: Message, status: str, runs: int, at: datetime, error: str | None) -> Event:
        number = hashlib.sha256(f"{message.message_id}|{status}|{self._run.run_id}".encode()).hexdigest()[:32]
        return (
            number,
            message.as_of_date,
            message.message_id,
            message.route,
            message.customer_id,
            message.subject,
            status,
            runs,
            at,
            message.rows,
            error,
            self._run.run_id,
        )

    def _runs(self, message: Message) -> int:
        known = self._known.get(message.message_id)
        return known.runs if known else 0
