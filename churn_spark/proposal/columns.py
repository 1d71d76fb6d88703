"""The type of a column by its values, how it is read, and figures that distinguish ids, numbers and categories."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from churn_spark.definitions.expressions import quoted
from churn_spark.proposal.marks import marked, question_of_points
from churn_spark.proposal.samples import Sample
from churn_spark.proposal.times import FIRST_YEAR, LAST_YEAR, Times, epoch_times, times

NULLS = ("NULL", "null", "NA", "N/A", "n/a", "NaN", "nan", "None", "none", "\\N", "?", "-")
"""Texts that mean no value in a column of numbers or times."""
CLEARLY = ("NULL", "null", "N/A", "\\N")
"""Those of them that mean no value even in a column without others."""
KEYWORDS = {"all", "and", "any", "as", "between", "by", "case", "cast", "current_date", "distinct", "else", "end",
            "exists", "false", "from", "group", "in", "interval", "is", "like", "not", "null", "on", "or", "order",
            "select", "table", "then", "true", "user", "when", "where", "with"}  # fmt: skip
"""Names that SQL does not read as a column without backticks."""
MOST_DECIMALS = 6
NUMBERS = ("int", "bigint", "smallint", "tinyint", "double", "float", "decimal")
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_LONG = re.compile(r"[+-]?\d{19}")
"""More digits than a number can store."""
_POINT = re.compile(r"[+-]?\d{1,12}(\.\d{0,6})?")
_FLOAT = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """A raw column. type: by Spark's names. values: texts, numbers or times, None where there is none.

    distinct: share of distinct values among the values that are not null; different: their number; largest: largest
    absolute value; decimals: most decimals of a number. times: its values as times; nulls: texts that mean no value,
    most frequent first; marks: the group mark and the decimal mark of numbers that Spark does not read; question:
    another way to read them.
    """

    name: str
    type: str
    values: tuple[Any, ...]
    distinct: float
    different: int
    decimals: int = 0
    largest: float = 0.0
    times: Times | None = None
    nulls: tuple[str, ...] = ()
    marks: str = ""
    question: str = ""

    @property
    def filled(self) -> float:
        return sum(value is not None for value in self.values) / len(self.values) if self.values else 0.0

    @property
    def sql(self) -> str:
        """The column in an expression."""
        plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.name) and self.name.lower() not in KEYWORDS
        return self.name if plain else quoted(self.name)

    @property
    def numeric(self) -> bool:
        return bool(self.marks) or self.type.startswith(NUMBERS)

    @property
    def whole(self) -> bool:
        """Whether all its numbers are whole ones, however they are written."""
        return self.numeric and not self.marks and self.decimals == 0

    @property
    def words(self) -> set[str]:
        """The words of its name, in lower case."""
        return set(re.findall(r"[a-zäöüß]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()))


def columns_of(sample: Sample) -> list[Column]:
    """The columns of a sample, in their order."""
    days = [sample.dates[file] for file in sample.file_of]
    separator = sample.options.get("sep", ",")
    return [
        _stored(name, sample.types[name], values) if name in sample.types else _read(name, values, days, separator)
        for name, values in sample.columns.items()
    ]


def _stored(name: str, kind: str, values: list[Any]) -> Column:
    there = [value for value in values if value is not None]
    if kind in ("date", "timestamp", "timestamp_ntz"):
        moments = tuple(_as_time(value) for value in there)
        return _made(name, kind, values, times=Times(kind, None, moments, 1.0) if moments else None)
    if kind == "string":
        read = times([str(value) for value in there])
        # Texts in Parquet have no reading options.
        return _made(name, kind, values, times=read if read and not read.pattern else None)
    if kind.startswith(NUMBERS):
        numbers = [value for value in there if isinstance(value, int | float | Decimal)]
        return _number(name, kind, values, [float(value) for value in numbers], _decimals(numbers))
    return _made(name, kind, values)


def _as_time(value: Any) -> datetime | None:
    """A time within the years FIRST_YEAR to LAST_YEAR; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(value)).replace(tzinfo=None)  # a text: a partition of a Delta table
    except ValueError:
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def _read(name: str, values: list[Any], days: list[date | None], separator: str) -> Column:
    """A column of a text file, with the narrowest type that fits all its values."""
    if any(isinstance(value, bool) for value in values):
        return _made(name, "boolean", values)
    texts: list[str | None] = [None if value is None else str(value).strip() or None for value in values]
    nulls = _nulls(texts)
    texts = [None if text in nulls else text for text in texts]
    there = [text for text in texts if text is not None]
    if there and all(text.lower() in ("true", "false") for text in there):
        return _made(name, "boolean", texts, nulls)
    if (read := times(there, [day for day, text in zip(days, texts, strict=True) if text is not None])) is not None:
        return _made(name, read.kind, texts, nulls, times=read)
    return _of_numbers(name, texts, there, nulls, separator) or _made(name, "string", texts, nulls)


def _of_numbers(
    name: str, texts: list[str | None], there: list[str], nulls: tuple[str, ...], separator: str
) -> Column | None:
    """A column of numbers; None where a value is not a number, or would lose leading zeros or digits as one."""

    def all_are(pattern: re.Pattern[str]) -> bool:
        return bool(there) and all(pattern.fullmatch(text) for text in there)

    if written := marked(there, separator):
        plain = [text.replace(written.marks[0], "").replace(written.marks[1], ".") for text in there]
        column = _number(name, "string", texts, [float(text) for text in plain], _decimals(plain), nulls)
        return replace(column, marks=written.marks, question=written.question)
    if not all_are(_FLOAT) or any(re.match(r"[+-]?0\d", text) or _LONG.match(text) for text in there):
        return None
    numbers = [float(text) for text in there]
    if all_are(_WHOLE):
        kind = "int" if max(map(abs, numbers)) < 2**31 / 10 else "bigint"
        return _number(name, kind, texts, numbers, 0, nulls)
    decimals = _decimals(there)
    # Other programs write whole numbers with a decimal point where a column has missing values.
    exact = all_are(_POINT) and decimals > 0
    kind = f"decimal(18,{max(decimals, 2)})" if exact else "double"
    return replace(_number(name, kind, texts, numbers, decimals, nulls), question=question_of_points(there))


def _nulls(texts: Sequence[str | None]) -> tuple[str, ...]:
    """Texts that mean no value in a column whose other texts are numbers or times, most frequent first."""
    counted = Counter(text for text in texts if text in NULLS)
    if not counted:
        return ()
    by_frequency = tuple(sorted(filter(None, counted), key=lambda text: (-counted[text], text)))
    others = [text for text in texts if text and text not in NULLS]
    if not others:
        return tuple(text for text in by_frequency if text in CLEARLY)
    numbers = all(_FLOAT.fullmatch(text) for text in others) or marked(others, ",")
    return by_frequency if numbers or times(others) is not None else ()


def _number(
    name: str, kind: str, values: Sequence[Any], numbers: list[float], decimals: int, nulls: tuple[str, ...] = ()
) -> Column:
    since = epoch_times(numbers) if decimals == 0 else None
    made = _made(name, kind, values, nulls, times=since)
    finite = [abs(number) for number in numbers if isfinite(number)]
    return replace(made, decimals=decimals, largest=max(finite, default=0.0))


def _made(
    name: str, kind: str, values: Sequence[Any], nulls: tuple[str, ...] = (), times: Times | None = None
) -> Column:
    there = [value for value in values if value is not None]
    different = len({str(value) for value in there})
    share = different / len(there) if there else 0.0
    return Column(name, kind, tuple(values), share, different, nulls=nulls, times=times)


def _decimals(values: Sequence[Any]) -> int:
    """The largest number of decimals, without trailing zeros; at most MOST_DECIMALS."""
    exponents = [Decimal(str(value)).normalize().as_tuple().exponent for value in values]
    return min(MOST_DECIMALS, max([0, *(-one for one in exponents if isinstance(one, int))]))


def share_on_file_date(column: Column, sample: Sample) -> float | None:
    """The share of times on the date of their file or the day before; None where files have no dates."""
    if column.times is None or not any(sample.dates):
        return None
    rows = [n for n, value in enumerate(column.values) if value is not None]
    pairs = [(moment, sample.dates[sample.file_of[row]]) for row, moment in zip(rows, column.times.values, strict=True)]
    near = [0 <= (day - moment.date()).days <= 1 for moment, day in pairs if moment and day]
    return sum(near) / len(near) if near else None


def span(column: Column) -> tuple[date, date] | None:
    """First and last day of the times; None where there are none."""
    days = [moment.date() for moment in column.times.values if moment] if column.times else []
    return (min(days), max(days)) if days else None


def longer_than(column: Column, days: int) -> bool:
    """Whether the times span more than so many days."""
    first_and_last = span(column)
    return first_and_last is not None and first_and_last[1] - first_and_last[0] > timedelta(days=days)
