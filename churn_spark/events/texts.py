"""Dates, times and numbers written as text: read completely and exactly, or not at all.

Spark's own cast reads `2026` as 1 January and `12:30` as a time of today, and drops the offset of a local time, any
text after a day, and decimals beyond those of the type.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

_DAY = r"\d{4}-\d{1,2}-\d{1,2}"
_TIME = rf"{_DAY}[ T]\d{{1,2}}:\d{{1,2}}(:\d{{1,2}}([.]\d{{1,9}})?)?"
# No abbreviations: BST is Dhaka's time to Java, CST Chicago's.
_ZONE = r"Z|(UTC|GMT)?([+-]\d{1,2}(:?\d{2})?)?|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+"
_LOCAL, _ANY = f"^({_DAY}|{_TIME})$", f"^({_DAY}|{_TIME} ?({_ZONE}))$"
_WITH_EXPONENT = r"^[+-]?(\d*)[.]?(\d*)[eE]([+-]?\d{1,9})$"


def as_type(text: Column, kind: str, pattern: str | None = None) -> Column:
    """Text as a value of a Spark type; null: it is no such value. Times without a zone are in the session's zone.

    pattern: of a date or time, as the reading option gives it; None: ISO 8601, also with a blank between day and time.
    """
    text = F.trim(text)
    if kind == "date":
        return _date(text, pattern)
    if kind == "timestamp":
        return _instant(text, pattern)
    if kind == "timestamp_ntz":
        shown = _shown(_instant(text, pattern))
        return shown if pattern is not None else F.when(text.rlike(_LOCAL), text.try_cast(kind)).otherwise(shown)
    if kind.startswith("decimal"):
        return _decimal(text, kind)
    if kind in ("float", "double"):
        return F.when(~text.rlike("[0-9.][dDfF]$"), text.try_cast(kind))  # Java's way to write a literal
    return text.try_cast(kind)


def _date(text: Column, pattern: str | None) -> Column:
    if pattern is not None:
        return F.try_to_timestamp(text, F.lit(pattern)).cast("date")
    local = F.when(text.rlike(_LOCAL), text.try_cast("timestamp_ntz").cast("date"))
    return local.otherwise(_instant(text, None).cast("date"))


def _instant(text: Column, pattern: str | None) -> Column:
    if pattern is not None:
        return F.try_to_timestamp(text, F.lit(pattern))
    return F.when(text.rlike(_ANY), text.try_cast("timestamp"))


def _shown(instant: Column) -> Column:
    """The local time of an instant; null for the second of two instants with the same local time."""
    local = instant.cast("timestamp_ntz")
    return F.when(local.cast("timestamp") == instant, local)


def _decimal(text: Column, kind: str) -> Column:
    scale = kind.removeprefix("decimal(").rstrip(")").partition(",")[2]
    beyond = text.rlike(rf"\..{{{int(scale or 0)}}}.*[^0\s]")
    with_exponent = text.rlike("[eE]")
    return F.when(F.when(with_exponent, _decimals(text) <= int(scale or 0)).otherwise(~beyond), text.try_cast(kind))


def _decimals(text: Column) -> Column:
    """The number of decimals of a number with an exponent; null: no such number."""
    whole, fraction, exponent = (F.regexp_extract(text, _WITH_EXPONENT, group) for group in (1, 2, 3))
    digits = F.concat(whole, fraction)
    zeros = F.length(digits) - F.length(F.regexp_replace(digits, "0+$", ""))
    return F.when(~digits.rlike("[1-9]"), 0).otherwise(F.length(fraction) - zeros - exponent.try_cast("int"))
