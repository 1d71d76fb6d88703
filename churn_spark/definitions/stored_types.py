"""Which stored type may be read as which declared type, and how, for formats with types (Parquet, Delta).

A value is taken only if the declared type can represent exactly that value; it is never rounded or truncated.
"""

import re
from typing import Literal

Conversion = Literal["as_is", "digits", "there_and_back"]
"""as_is: every value fits. digits: whole numbers that the stored type represents exactly, by their digits.
there_and_back: values that are the same after a cast to the declared type and back."""

NOTHING = "void"
"""The stored type of a column of nulls only."""

WHOLE = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
"""Types of whole numbers from narrow to wide, with the digits of their largest value."""
FLOATS = {"float": 7, "double": 15}
"""Types of floating-point numbers, with the decimal digits that each keeps of any number."""
TEXTS = (*WHOLE, "boolean", "date", "timestamp_ntz", "binary")
"""Types whose values have exactly one text (of bytes: UTF-8). The text of an instant depends on a zone."""
DECLARABLE = ("string", "boolean", "decimal", "date", "timestamp", "timestamp_ntz", "binary")
TIMES: dict[tuple[str, str], Conversion] = {
    ("date", "timestamp"): "as_is",
    ("date", "timestamp_ntz"): "as_is",
    ("timestamp_ntz", "timestamp"): "as_is",
    ("timestamp", "timestamp_ntz"): "there_and_back",
    ("timestamp", "date"): "there_and_back",
    ("timestamp_ntz", "date"): "there_and_back",
}
"""Conversions of dates, local times and instants by stored and declared type; local times are in the source's zone."""


def declarable(stored: str) -> bool:
    """Whether a configuration may declare a column with its stored type."""
    kind = _kind(_plain(stored))
    return kind in (*WHOLE, *FLOATS, *DECLARABLE) or kind.startswith(("array<", "map<", "struct<"))


def conversion(stored: str, declared: str) -> Conversion | None:
    """How values of a stored type are read as a declared type; None: the types are not convertible.

    Types are Spark's, as `decimal(12,2)`; letter case and spaces do not matter.
    """
    stored, declared = _plain(stored), _plain(declared)
    if stored in {declared, NOTHING}:
        return "as_is"
    kind, wanted = _kind(stored), _kind(declared)
    if wanted == "string":
        return "as_is" if kind in TEXTS else "digits" if kind in (*FLOATS, "decimal") else None
    if wanted == "binary":
        return "as_is" if kind == "string" else None
    if kind in (*WHOLE, *FLOATS, "decimal"):
        return _of_number(stored, declared)
    return TIMES.get((kind, wanted))


def _of_number(stored: str, declared: str) -> Conversion | None:
    kind, wanted = _kind(stored), _kind(declared)
    if wanted == "boolean":
        return "digits"
    if wanted in WHOLE:
        return "as_is" if kind in WHOLE and WHOLE[kind] <= WHOLE[wanted] else "digits"
    if wanted in FLOATS:
        fits = WHOLE[kind] <= FLOATS[wanted] if kind in WHOLE else (kind, wanted) == ("float", "double")
        return "as_is" if fits else "there_and_back"
    if wanted == "decimal":
        (most, most_scale), (digits, scale) = _digits(declared), _digits(stored)
        fits = kind not in FLOATS and most_scale >= scale and most - most_scale >= digits - scale
        return "as_is" if fits else "there_and_back"
    return None


def _digits(kind: str) -> tuple[int, int]:
    """Digits in all and after the point."""
    match = re.fullmatch(r"decimal\((\d+),?(\d*)\)", kind)
    return (int(match[1]), int(match[2] or 0)) if match else (WHOLE.get(kind, 0), 0)


def _plain(kind: str) -> str:
    return kind.lower().replace(" ", "")


def _kind(kind: str) -> str:
    return kind.partition("(")[0] if kind.startswith(("decimal(", "char(", "varchar(")) else kind
