"""Stored values read as their declared types: the same value, or null together with its text."""

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.definitions.stored_types import FLOATS, NOTHING, WHOLE, conversion

_EXACT = {"float": 2**24, "double": 2**53}
"""From here on not every whole number is a floating-point number of the type."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A stored column as its declared type.

    value: null where the stored value does not fit; unfit: its text there, else null; None: every value fits.
    """

    value: Column
    unfit: Column | None = None


def cell(column: Column, stored: str, declared: str) -> Cell | None:
    """A column of a stored type read as a declared type; None: the types are not convertible.

    Local times are of the session's zone.
    """
    kind = conversion(stored, declared)
    if kind is None:
        return None
    if kind == "as_is":
        return Cell((F.lit(None) if stored == NOTHING else column).cast(declared))
    if kind == "digits":
        value = _of_digits(_digits(column, stored), declared)
    else:
        converted = column.try_cast(declared)
        value = F.when(converted.try_cast(stored) == column, converted)
    return Cell(value, F.when(column.isNotNull() & value.isNull(), column.cast("string")))


def _digits(number: Column, stored: str) -> Column:
    """The digits of a whole number that its type represents exactly; null for other numbers."""
    if stored in WHOLE:
        return number.cast("string")
    if stored in FLOATS:
        whole = (F.abs(number) < F.lit(_EXACT[stored])) & (number % F.lit(1.0) == 0)
        return F.when(whole, number.try_cast("bigint").cast("string"))
    text = F.regexp_replace(number.cast("string"), r"\.0+$", "")
    return F.when(~text.contains("."), text)


def _of_digits(digits: Column, declared: str) -> Column:
    if declared == "boolean":
        return F.when(digits.isin("0", "1"), digits == "1")
    return digits.try_cast(declared)
