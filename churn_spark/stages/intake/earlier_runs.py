"""Earlier runs of ingest, from the ledger."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from churn_spark.lineage.ledger import NOTHING, OK, Arrival, Ledger
from churn_spark.stages.intake.recovery import rolled_back_deliveries


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """Facts about earlier runs of ingest.

    completed: their newest as-of date. options: all options of completed runs. arrivals: by source and delivery. begun:
    start of the run that took a delivery (`source/delivery`). broken_off: deliveries of runs that did not end; lost: of
    runs whose commits were lost. running: whether snapshots exist already, which did not know history loaded now.
    """

    completed: date | None
    options: Collection[str]
    arrivals: Mapping[str, Mapping[str, Arrival]]
    begun: Mapping[str, datetime]
    broken_off: frozenset[str]
    lost: frozenset[str]
    running: bool


def read_earlier_runs(ledger: Ledger, sources: Collection[str]) -> EarlierRuns:
    """Read earlier runs of ingest from the ledger."""
    done = [e for e in ledger.entries if e.job == "ingest" and e.event == "end" and e.status in (OK, NOTHING)]
    broken_off, lost = ledger.open_subjects("ingest")
    return EarlierRuns(
        completed=ledger.completed("ingest"),
        options=ledger.options("ingest"),
        arrivals={name: ledger.arrivals(name) for name in sources},
        begun={s: entry.at - timedelta(seconds=entry.seconds or 0.0) for entry in done for s in entry.subjects},
        broken_off=frozenset(broken_off | rolled_back_deliveries(ledger)),
        lost=frozenset(lost),
        running=bool(ledger.partitions("features")),
    )
