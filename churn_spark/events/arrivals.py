"""Deliveries as values: which are due, which are missing, which are thinner than usual."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import Delivered

WEEKDAYS_COMPARED = 8
"""How many deliveries of the same weekday a volume is compared with, at most."""
LEAST_COMPARED = 4
"""With fewer of them a median says too little to stop a run."""


@dataclass(frozen=True, slots=True)
class File:
    """A file at a source. path: for readers; uri: its encoded form, by which Spark names a row's file."""

    path: str
    uri: str
    bytes: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery as it lies at the source. complete: holds `_SUCCESS` (folders). commit: a version's log file."""

    name: str
    files: tuple[File, ...]
    nominal: date | None
    complete: bool = True
    commit: File | None = None

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def content(self) -> tuple[File, ...]:
        """The files whose bytes tell the content: those of a version are named, with all they hold, in its commit."""
        return (self.commit,) if self.commit else self.files

    @property
    def modified(self) -> datetime | None:
        return max((file.modified for file in self.content), default=None)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery as the table `deliveries` tells of it. columns: what its rows were judged by; None: not known."""

    name: str
    fingerprint: str
    bytes: int | None
    nominal: date | None
    taken_on: date
    history: bool
    read: int
    known_from: tuple[date, ...] = ()
    ignored: tuple[str, ...] = ()
    incomplete: bool = False
    mapping: str | None = None
    columns: Mapping[str, str] | None = None

    def lacking(self, wanted: Mapping[str, str]) -> frozenset[str]:
        """The columns of `wanted`, with what they are made from, that it does not have so."""
        known = self.columns
        return frozenset(name for name, made in wanted.items() if known is not None and known.get(name) != made)

    def unlike(self, wanted: Mapping[str, str]) -> frozenset[str]:
        """Those of them that it has otherwise."""
        return frozenset(name for name in self.lacking(wanted) if name in (self.columns or ()))


@dataclass(frozen=True, slots=True)
class Taking:
    """A delivery that a run takes (again): history says whether rows up to `history_until` skip `taken_on`."""

    found: Found
    taken_on: date
    history: bool
    fingerprint: str
    before: Taken | None = None

    @property
    def name(self) -> str:
        return self.found.name


def nominal_date(name: str, delivered: Delivered) -> date | None:
    """The date in a delivery's name; None where rows are dated one by one. DeliveryError when there is none."""
    if delivered.by != "file_name":
        return None
    match = re.search(delivered.pattern, name)
    if match is None:
        raise DeliveryError(
            f"{name!r} has no date by the pattern {delivered.pattern!r}; move it away, or change delivered.pattern"
        )
    try:
        return datetime.strptime(match["date"], delivered.date_format).date()
    except ValueError:
        raise DeliveryError(f"{name!r}: {match['date']!r} is no date by {delivered.date_format!r}") from None


def due(found: Iterable[Found], delivered: Delivered, as_of: date) -> list[Found]:
    """Deliveries that should be there at an as-of date, oldest first; those without a date of their own always are."""
    lag = timedelta(days=delivered.lag_days)
    there = [f for f in found if f.nominal is None or f.nominal + lag <= as_of]
    return sorted(there, key=lambda found: (found.nominal or date.min, found.name))


def missing(delivered: Delivered, nominal: Collection[date], as_of: date, accepted_until: date | None) -> list[date]:
    """Nominal dates the calendar expects by the as-of date without a delivery, the holes accepted before left out.

    accepted_until: newest as-of date at which a run was told to accept what was missing.
    """
    if delivered.expected is None or not (nominal or delivered.expected.first):
        return []
    first = delivered.expected.first or min(nominal)
    days = (as_of - timedelta(days=delivered.lag_days) - first).days + 1
    expected = (first + timedelta(days=n) for n in range(max(0, days)))
    lag = timedelta(days=delivered.lag_days)
    return [
        day
        for day in expected
        if delivered.expected.expects(day)
        and day not in nominal
        and (accepted_until is None or day + lag > accepted_until)
    ]


def usual_volume(before: Iterable[tuple[date, int]], day: date) -> float | None:
    """The median rows of the last deliveries of the same weekday before `day`; None when they are too few."""
    same = sorted(((d, rows) for d, rows in before if d < day and d.weekday() == day.weekday()), reverse=True)
    last: Sequence[int] = [rows for _, rows in same[:WEEKDAYS_COMPARED]]
    return float(median(last)) if len(last) >= LEAST_COMPARED else None
