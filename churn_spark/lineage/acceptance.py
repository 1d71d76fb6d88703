"""What options of ingest accept as missing or incomplete: one source and date (or delivery) at a time."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import nominal_date
from churn_spark.lineage.ledger import Ledger

ACCEPT = "accept-incomplete"
WRITTEN = f"{ACCEPT}=SOURCE@DATE"
PATTERN = rf"{ACCEPT}=(?P<source>\w+)@(?P<what>.+)"
VERSIONS = re.compile(r"(?P<first>\d{1,9})\.\.(?P<last>\d{1,9})")
_SPAN = re.compile(r"(?P<first>\d{4}-\d\d-\d\d)(?:\.\.(?P<last>\d{4}-\d\d-\d\d))?")


@dataclass(frozen=True, slots=True)
class Accepted:
    """Nominal dates that may be missing or incomplete, and names of such deliveries (of versions: numbers)."""

    dates: frozenset[date] = frozenset()
    deliveries: frozenset[str] = frozenset()

    def covers(self, delivery: str, nominal: date | None) -> bool:
        """Whether a delivery that is there may be incomplete."""
        return delivery in self.deliveries or nominal in self.dates


def accepted(options: Iterable[str], source: str) -> Accepted:
    """What some options accept of a source."""
    dates: set[date] = set()
    deliveries: set[str] = set()
    for text in options:
        match = re.fullmatch(PATTERN, text)
        if match is None or match["source"] != source:
            continue
        span, versions = span_of(match["what"]), VERSIONS.fullmatch(match["what"])
        if versions:
            deliveries.update(map(str, range(int(versions["first"]), int(versions["last"]) + 1)))
        elif span is None:
            deliveries.add(match["what"])
        else:
            first, last = span
            dates.update(first + timedelta(days=n) for n in range((last - first).days + 1))
    return Accepted(frozenset(dates), frozenset(deliveries))


def accepted_dates(ledger: Ledger, source: Source) -> frozenset[date]:
    """The nominal dates of a source that options of completed runs of ingest accept as missing or incomplete.

    Names that were accepted under another pattern say nothing now.
    """
    by_options = accepted(ledger.options("ingest"), source.name)
    dates = set(by_options.dates)
    for name in by_options.deliveries:
        with suppress(DeliveryError):
            dates |= {day for day in [nominal_date(name, source.delivered)] if day}
    return frozenset(dates)


def span_of(text: str) -> tuple[date, date] | None:
    """The first and last date that an option names; None: it names no date. ConfigError: such a date does not exist."""
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    try:
        first = date.fromisoformat(match["first"])
        return first, date.fromisoformat(match["last"]) if match["last"] else first
    except ValueError:
        raise ConfigError(f"{ACCEPT}: {text} is not a date of the calendar; write YYYY-MM-DD or FIRST..LAST") from None
