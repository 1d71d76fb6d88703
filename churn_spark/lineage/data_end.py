"""Where the data end: no as-of date far beyond that is built, as everybody would look silent there."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.lineage.acceptance import accepted_dates
from churn_spark.lineage.ledger import Ledger

SILENT = 7
"""Days without a delivery that are nothing unusual, of whatever source."""
COMPARED = 8
"""How many of the last gaps between deliveries tell what is usual."""
WITHOUT_AS_OF = "today"
"""What a run notes among its options where the command line left out the as-of date."""


@dataclass(frozen=True, slots=True)
class DataEnd:
    """last: the newest nominal date there is. until: the last as-of date for which that is new enough."""

    last: date
    until: date


def data_end(project: Project, ledger: Ledger, sources: Iterable[Source] | None = None) -> DataEnd | None:
    """Where the deliveries of some sources (of all sources of events) end, taken together; None: none has a date.

    Days on which nothing is expected, or that were accepted as missing, are no end.
    """
    completed = ledger.completed("ingest") or date.max
    asked = project.event_sources if sources is None else sources
    delivered = {source: [day for day in ledger.nominal_dates(source.name) if day <= completed] for source in asked}
    return end_of(delivered, {source: accepted_dates(ledger, source) for source in delivered})


def end_of(
    delivered: Mapping[Source, Collection[date]], accepted: Mapping[Source, Collection[date]] | None = None
) -> DataEnd | None:
    """The same of nominal dates by source."""
    ends = [_end(source, days, (accepted or {}).get(source, ())) for source, days in delivered.items() if days]
    return DataEnd(max(end.last for end in ends), max(end.until for end in ends)) if ends else None


def _end(source: Source, days: Collection[date], accepted: Collection[date]) -> DataEnd:
    """A source may be silent for a week, or twice as long as it lately was between two deliveries."""
    ordered, expected = sorted(set(days)), source.delivered.expected
    gaps = [(later - earlier).days for earlier, later in pairwise(ordered[-COMPARED - 1 :])]
    last = following = ordered[-1]
    while (following := following + timedelta(days=1)) in accepted or (expected and not expected.expects(following)):
        last = following
    silent = max(SILENT, 2 * max(gaps, default=0))
    return DataEnd(last, last + timedelta(days=source.delivered.lag_days + silent))


def past_data(project: Project, ledger: Ledger, days: Iterable[date]) -> list[date]:
    """Those of some as-of dates that lie too far beyond the end of the data."""
    end = data_end(project, ledger)
    return sorted(day for day in days if end and day > end.until)


def newest_buildable(project: Project, ledger: Ledger) -> date | None:
    """The newest as-of date that ingest has completed and that can be built; None: no ingest ran."""
    completed, end = ledger.completed("ingest"), data_end(project, ledger)
    return next_day(end) if completed and end and completed > end.until else completed


def described(end: DataEnd) -> str:
    """Where the data end, for a message."""
    return f"the data end on {end.last} (the newest delivery of events)"


def next_day(end: DataEnd) -> date:
    """The as-of date that has all of the data and nothing beyond."""
    return end.last + timedelta(days=1)
