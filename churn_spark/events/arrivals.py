"""Which deliveries are due, which are missing, which have fewer rows than usual."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from statistics import median
from zoneinfo import ZoneInfo

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import Delivered
from churn_spark.events.deliveries import Delivery, File, InFiles

UNFINISHED = (
    *("._copying_", ".crdownload", ".download", ".filepart", ".inprogress", ".incomplete", ".part", ".partial"),
    *(".swp", ".temp", ".tmp", ".upload", ".uploading", ".writing", "~"),
)
"""Suffixes of files that a program is still writing."""
WEEKDAYS_COMPARED = 8
"""The most deliveries of the same weekday that a volume is compared with."""
LEAST_COMPARED = 4
"""The fewest such deliveries whose median may stop a run."""


def nominal_date(name: str, delivered: Delivered) -> date | None:
    """The date in a delivery's name; None where rows are dated one by one. DeliveryError: the name has no date."""
    if delivered.by != "file_name":
        return None
    pattern = re.compile(delivered.pattern)
    # A partial match would take files that programs leave beside the delivery: .md5, .bak, an upload under way.
    match = next(filter(None, (pattern.fullmatch(name, start) for start in range(len(name)))), None)
    if match is None and delivered.stamped:
        return None
    if match is None:
        raise DeliveryError(_without_date(name, pattern))
    try:
        return datetime.strptime(match["date"], delivered.date_format).date()
    except ValueError:
        raise DeliveryError(f"{name!r}: {match['date']!r} is no date by {delivered.date_format!r}") from None


def left_out(name: str, ignore: Iterable[str]) -> str | None:
    """Why a name is no delivery, whatever the pattern: an upload under way, or ignored; None: it may be a delivery."""
    if name.lower().endswith(UNFINISHED):
        return "uploads under way"
    return "named by delivered.ignore" if any(fnmatchcase(name, glob) for glob in ignore) else None


def _without_date(name: str, pattern: re.Pattern[str]) -> str:
    part = pattern.search(name)
    why = (
        f"goes on behind what the pattern {pattern.pattern!r} matches"
        if part
        else f"has no date by {pattern.pattern!r}"
    )
    remedy = "let the pattern match to the end of the name" if part else "change delivered.pattern"
    return f"{name!r} {why}; if it is no delivery leave it out with delivered.ignore, else {remedy}"


def stamped(name: str, file: File, zone: str) -> str:
    """The name of a delivery with the day, in a zone, on which its file was last modified."""
    return f"{name}@{file.modified.astimezone(ZoneInfo(zone)).date()}"


def delivery_at(name: str, is_folder: bool, file: File, delivered: Delivered, zone: str) -> Delivery | None:
    """A file or folder at a source as a delivery, without the files in a folder; None: deliveries are of the other
    kind.

    zone: of days of modification. DeliveryError: the name has no date.
    """
    if is_folder != (delivered.unit == "folder"):
        return None
    called = stamped(name, file, zone) if delivered.stamped else name
    return Delivery(called, InFiles((file,)), nominal_date(called, delivered))


def due(deliveries: Iterable[Delivery], delivered: Delivered, as_of: date) -> list[Delivery]:
    """Deliveries due at an as-of date, oldest first; deliveries without a nominal date always are."""
    lag = timedelta(days=delivered.lag_days)
    due_now = [each for each in deliveries if each.nominal is None or each.nominal + lag <= as_of]
    return sorted(due_now, key=lambda delivery: (delivery.nominal or date.min, delivery.name))


def missing(delivered: Delivered, nominal: Collection[date], as_of: date, first: date | None = None) -> list[date]:
    """Nominal dates without a delivery that the calendar expects by the as-of date.

    first: the first expected date where the calendar has none; None: the first delivered date.
    """
    if delivered.expected is None or not (nominal or delivered.expected.first):
        return []
    first = delivered.expected.first or first or min(nominal)
    days = (as_of - timedelta(days=delivered.lag_days) - first).days + 1
    expected = (first + timedelta(days=n) for n in range(max(0, days)))
    return [day for day in expected if delivered.expected.expects(day) and day not in nominal]


def usual_volume(before: Iterable[tuple[date, int]], day: date) -> float | None:
    """The median rows of the last deliveries of the same weekday before `day`; None: too few deliveries."""
    same = sorted(((d, rows) for d, rows in before if d < day and d.weekday() == day.weekday()), reverse=True)
    last: Sequence[int] = [rows for _, rows in same[:WEEKDAYS_COMPARED]]
    return float(median(last)) if len(last) >= LEAST_COMPARED else None
