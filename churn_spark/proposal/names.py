"""File names: the date in them, and the rest without it; valid names for a configuration."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from itertools import chain, count

FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json",
           ".parquet": "parquet"}  # fmt: skip
"""The format of a file by how its name ends."""
ENDINGS = tuple(FORMATS)
PACKED = (".gz", ".bz2")
_DATES = (
    (r"\d{4}-\d{2}-\d{2}", ("%Y-%m-%d",)),
    (r"\d{4}_\d{2}_\d{2}", ("%Y_%m_%d",)),
    (r"\d{4}\.\d{2}\.\d{2}", ("%Y.%m.%d",)),
    (r"\d{2}\.\d{2}\.\d{4}", ("%d.%m.%Y",)),
    (r"\d{2}-\d{2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{2}_\d{2}_\d{4}", ("%d_%m_%Y", "%m_%d_%Y")),
    (r"\d{8}", ("%Y%m%d", "%d%m%Y", "%m%d%Y")),
    (r"\d{4}-\d{2}", ("%Y-%m",)),
    (r"\d{6}", ("%Y%m", "%y%m%d")),
)
_YEARS = range(1990, 2101)


@dataclass(frozen=True, slots=True)
class FileDates:
    """The date in all names of a group: a pattern with a group `date`, its format, and the date of each name.

    others: further formats that fit all names.
    """

    pattern: str
    date_format: str
    dates: tuple[date, ...]
    others: tuple[str, ...] = ()

    @property
    def monthly(self) -> bool:
        """Whether the names contain months, not days."""
        return "%d" not in self.date_format


def stem(name: str) -> str:
    """The common part of a group's names: without date, ending, and time or number at the end."""
    bare = name.lower()
    for ending in (*PACKED, *ENDINGS):
        bare = bare.removesuffix(ending)
    for digits, _ in _DATES:
        without, dates = re.subn(rf"(?<!\d){digits}(?!\d)", "", bare)
        if dates:
            bare = without
            break
    words = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")
    return re.sub(r"((^|_)\d+)+$", "", words)


def globs(names: Sequence[str], own: Sequence[str]) -> list[str]:
    """Globs that match the names but none of `own`, with `*` for a date; otherwise the names themselves."""
    patterns: dict[str, None] = {}
    for name in names:
        glob = next(
            (got for digits, _ in _DATES if (got := re.sub(rf"(?<!\d){digits}(?!\d)", "*", name)) != name), name
        )
        bare = glob == name or any(fnmatchcase(one, glob) for one in own)
        patterns[name if bare else glob] = None
    return list(patterns)


def file_dates(names: Sequence[str]) -> FileDates | None:
    """The date in each of the names; None where one has no date."""
    for digits, formats in _DATES:
        matches = [re.search(rf"(?<!\d){digits}(?!\d)", name) for name in names]
        if not all(matches):
            continue
        texts = [match[0] for match in matches if match]
        fitting = [(one, parsed) for one in formats if (parsed := _all(texts, one))]
        if fitting:
            # If two formats fit, the one with dates closer together.
            fitting.sort(key=lambda pair: max(pair[1]) - min(pair[1]))
            chosen, dates = fitting[0]
            return FileDates(_pattern(names, digits), chosen, tuple(dates), tuple(other for other, _ in fitting[1:]))
    return None


def _all(texts: Sequence[str], date_format: str) -> list[date] | None:
    try:
        dates = [datetime.strptime(text, date_format).date() for text in texts]
    except ValueError:
        return None
    return dates if all(day.year in _YEARS for day in dates) else None


def _pattern(names: Sequence[str], digits: str) -> str:
    """The names as a regular expression: in full where they only differ in the date, otherwise by their ending."""
    around = {tuple(re.split(rf"(?<!\d){digits}(?!\d)", name, maxsplit=1)) for name in names}
    if len(around) != 1:
        endings = {re.sub(r"^[^.]*", "", after) for _, after in around}
        ending = endings.pop() if len(endings) == 1 else ""
        return rf"(?<!\d)(?P<date>{digits})(?!\d).*{re.escape(ending)}"
    before, after = next(iter(around))
    return rf"^{re.escape(before)}(?P<date>{digits}){re.escape(after)}$".replace(r"\-", "-")


def as_name(text: str, taken: Sequence[str] = ()) -> str:
    """A valid name for the configuration (lower-case letters, digits and _) that is not `taken`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    name = re.sub(r"[^a-z0-9]+", "_", snake).strip("_") or "column"
    name = name if name[0].isalpha() else f"c_{name}"
    further = (f"{name}_{n}" for n in count(2))
    return next(one for one in chain([name], further) if one not in taken)
