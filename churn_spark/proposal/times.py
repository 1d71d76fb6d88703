"""Texts that are times: their format, as a pattern for Spark, and their values."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

_TIME = re.compile(
    r"(?P<a>\d{1,4})(?P<sep>[-./])(?P<b>\d{1,2})(?P=sep)(?P<c>\d{1,4})"
    r"(?:(?P<between>[ T])(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?P<f>\.\d{1,9})?)?"
    r"(?P<half> ?[AaPp][Mm])?(?P<zone> ?(?:Z|[+-]\d{2}(?::?\d{2})?))?)?"
)
_WHOLE = re.compile(r"\d{8}(\d{6})?")
_EPOCH = ((1_000_000_000, 2_200_000_000, "timestamp_seconds"), (10**12, 22 * 10**11, "timestamp_millis"))
FIRST = {"ymd": "the year", "dmy": "the day", "mdy": "the month"}
FIRST_YEAR, LAST_YEAR = 1900, 2199
LEAST = 0.9
"""Least share of times among the values of a column of times."""


@dataclass(frozen=True, slots=True)
class Times:
    """A column of times: its type, the pattern for Spark (None: not needed), the values, and the share that are times.

    function: for numbers since 1970, the SQL function that converts them. question: another order of day and month
    also fits, or the years have two digits.
    """

    kind: str
    pattern: str | None
    values: tuple[datetime | None, ...]
    share: float
    function: str | None = None
    question: str = ""


def times(texts: Sequence[str], days: Sequence[date | None] = (), today: date | None = None) -> Times | None:
    """A column of texts as times; None where they are not times. texts: without empty ones.

    days: the date of the file of each text. Where day, month and year can be read in two ways, the one nearer to the
    dates of the files is taken; without such dates, the one nearer to the year of today.
    """
    if not texts:
        return None
    whole = [text for text in texts if _WHOLE.fullmatch(text)]
    if len(whole) >= LEAST * len(texts):
        return _undivided(texts)
    matches = [_TIME.fullmatch(text) for text in texts]
    there = [match for match in matches if match]
    if len(there) < LEAST * len(texts):
        return None
    read = [(order, [_value(match, order) for match in matches]) for order in ("ymd", "dmy", "mdy")]
    counted = [(sum(value is not None for value in values), order, values) for order, values in read]
    best = max(count for count, _, _ in counted)
    if best < LEAST * len(texts):
        return None
    fitting = [(order, values) for count, order, values in counted if count == best]
    fitting.sort(key=lambda read: _apart(read[1], days, (today or date.today()).year))
    order, values = fitting[0]
    others = [other for other, _ in fitting[1:] if there[0]["sep"] != "." or other != "mdy"]
    questions = [f"{' or '.join(FIRST[other] for other in others)} first also fits"] if others else []
    if _short_years(there):
        questions.append("the years have two digits, which Spark reads as 2000 to 2099")
    return Times(_kind(there), _pattern(there, order), tuple(values), best / len(texts), question="; ".join(questions))


def _short_years(matches: Sequence[re.Match[str]]) -> bool:
    return not any(len(match[part]) == 4 for match in matches for part in "ac")


def _apart(values: Sequence[datetime | None], days: Sequence[date | None], year: int) -> int:
    """The total distance of times from the dates of their files, in days; without such dates, from the year, in"
    " years."""
    if not any(days):
        return sum(abs(value.year - year) for value in values if value)
    pairs = zip(values, days, strict=True)
    return sum(abs((value.date() - day).days) for value, day in pairs if value and day)


def epoch_times(values: Iterable[float]) -> Times | None:
    """A column of numbers as seconds or milliseconds since 1970; None where it cannot be either."""
    numbers = list(values)
    for low, high, function in _EPOCH:
        if numbers and all(low <= number < high and number == int(number) for number in numbers):
            unit = 1 if function == "timestamp_seconds" else 1000
            moments = tuple(datetime.fromtimestamp(number / unit, UTC).replace(tzinfo=None) for number in numbers)
            return Times("timestamp", None, moments, 1.0, function)
    return None


def _undivided(texts: Sequence[str]) -> Times | None:
    long = all(len(text) == 14 for text in texts)
    values = [_parsed(text, "%Y%m%d%H%M%S" if long else "%Y%m%d") for text in texts]
    share = sum(value is not None and 1990 <= value.year <= 2100 for value in values) / len(texts)
    if share < LEAST:
        return None
    pattern, kind = ("yyyyMMddHHmmss", "timestamp_ntz") if long else ("yyyyMMdd", "date")
    return Times(kind, pattern, tuple(values), share)


def _parsed(text: str, written: str) -> datetime | None:
    try:
        return datetime.strptime(text, written)
    except ValueError:
        return None


def _value(match: re.Match[str] | None, order: str) -> datetime | None:
    if match is None:
        return None
    part = dict(zip(order, (match["a"], match["b"], match["c"]), strict=True))
    year = int(part["y"])
    if len(part["y"]) == 2:
        year += 2000
    hour = int(match["h"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if "p" in match["half"].lower() else 0)
    try:
        moment = datetime(year, int(part["m"]), int(part["d"]), hour, int(match["m"] or 0), int(match["s"] or 0))
    except ValueError:
        return None
    return moment if FIRST_YEAR <= year <= LAST_YEAR else None


def _kind(matches: Sequence[re.Match[str]]) -> str:
    if all(match["between"] is None for match in matches):
        return "date"
    return "timestamp" if any(match["zone"] for match in matches) else "timestamp_ntz"


def _pattern(matches: Sequence[re.Match[str]], order: str) -> str | None:
    """The pattern for Spark; None for ISO dates and times with seconds, which need none."""
    one, iso = matches[0], order == "ymd" and matches[0]["sep"] == "-" and not _short_years(matches)
    if iso and all((match["between"] is None or match["s"]) and not match["half"] for match in matches):
        return None
    letters = {}
    for letter, part in zip(order, "abc", strict=True):
        short = any(len(match[part]) == 1 for match in matches)
        width = len(one[part]) if letter == "y" else (1 if short else 2)
        letters[letter] = {"y": "y", "m": "M", "d": "d"}[letter] * width
    pattern = one["sep"].join(letters[letter] for letter in order)
    if one["between"] is None:
        return pattern
    hour = ("h" if one["half"] else "H") * (1 if any(len(match["h"] or "00") == 1 for match in matches) else 2)
    pattern += ("'T'" if one["between"] == "T" else " ") + f"{hour}:mm"
    pattern += ":ss" if one["s"] else ""
    pattern += f".{'S' * (len(one['f']) - 1)}" if one["f"] else ""
    pattern += (" a" if one["half"].startswith(" ") else "a") if one["half"] else ""
    return pattern + ("XXX" if one["zone"] else "")
