"""A summary of a source's first load: days, rows per day, rows refused and why.

It costs nothing, as ingest has counted all of it. Dates that were read wrongly show here, before anything is built.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from statistics import median

from churn_spark.definitions.periods import listed
from churn_spark.definitions.sources import Source
from churn_spark.stages.intake.reconciliation import Reconciliation


def first_look(
    source: Source,
    reconciliations: Collection[Reconciliation],
    event_dates: Collection[date],
    examples: Mapping[str, str],
) -> Iterator[str]:
    """Sentences about the deliveries of a first load; event_dates: days of accepted events, examples: by reason."""
    read = sum(reconciliation.read for reconciliation in reconciliations)
    by_day: Counter[date] = Counter()
    for reconciliation in reconciliations:
        if reconciliation.nominal_date and reconciliation.dated_by_row is None:
            by_day[reconciliation.nominal_date] += reconciliation.read
    if by_day:
        yield f"deliveries of {_range(by_day)}: {_rows_per_day(by_day)}{_missing_days(by_day)}"
    if event_dates:
        yield f"events of {_range(event_dates)}{_missing_days(event_dates)}"
    elif source.kind == "events":
        yield "no event was accepted"
    yield from _refused(source, reconciliations, read, examples)


def _range(days: Collection[date]) -> str:
    first, last = min(days), max(days)
    return f"{first}" if first == last else f"{first} to {last}"


def _rows_per_day(by_day: Mapping[date, int]) -> str:
    counts = sorted(by_day.values())
    if len(counts) == 1:
        return f"{counts[0]:,} rows"
    return f"rows per day {counts[0]:,} at least, {median(counts):,.0f} in the median, {counts[-1]:,} at most"


def _missing_days(days: Collection[date]) -> str:
    """How many days between the first and the last are missing, and the first of them."""
    given, first = set(days), min(days)
    missing = [day for n in range((max(days) - first).days) if (day := first + timedelta(days=n)) not in given]
    if not missing:
        return "; no day in between is without" if len(given) > 1 else ""
    return f"; {len(missing):,} days in between are without: {listed(missing, 3)}"


def _refused(
    source: Source, reconciliations: Collection[Reconciliation], read: int, examples: Mapping[str, str]
) -> Iterator[str]:
    reasons: Counter[str] = Counter()
    for reconciliation in reconciliations:
        reasons.update(reconciliation.reasons)
    for reason, rows in reasons.most_common():
        shown = f", such as {examples[reason]}" if examples.get(reason) else ""
        yield f"{rows / read:.1%} of the rows ({rows:,} of {read:,}) are {reason}{shown}"
