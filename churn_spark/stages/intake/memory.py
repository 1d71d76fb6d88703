"""What the ledger remembers of earlier runs of ingest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from churn_spark.tables.ledger import NOTHING, OK, Ledger

ACCEPT = "accept-incomplete"


@dataclass(frozen=True, slots=True)
class Memory:
    """What a run of ingest goes by.

    completed: newest as-of date. accepted: newest as-of date at which missing deliveries were accepted. begun: when the
    run that took a delivery (`source/delivery`) began. half_written: deliveries of runs that broke off. history_open:
    no snapshot was built yet, so that history may still be loaded under its own dates.
    """

    completed: date | None
    accepted: date | None
    begun: Mapping[str, datetime]
    half_written: frozenset[str]
    history_open: bool


def remembered(ledger: Ledger) -> Memory:
    """Read the ledger for what ingest has done so far."""
    done = [e for e in ledger.entries if e.job == "ingest" and e.event == "end" and e.status in (OK, NOTHING)]
    return Memory(
        completed=ledger.completed("ingest"),
        accepted=max((entry.as_of for entry in done if ACCEPT in entry.options), default=None),
        begun={s: entry.at - timedelta(seconds=entry.seconds or 0.0) for entry in done for s in entry.subjects},
        half_written=frozenset(ledger.open_subjects("ingest")),
        history_open=not ledger.partitions("features"),
    )
