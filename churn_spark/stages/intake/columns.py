"""The columns a file has, compared with the declared ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import Source

_WIDER = ("tinyint", "smallint", "int", "bigint", "float", "double")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file in its order: `read_as` names unknown ones so that they clash with nothing."""

    read_as: tuple[str, ...]
    unknown: frozenset[str]


def compared(found: Sequence[str], source: Source, path: str) -> Columns:
    """The file's columns beside the declared ones; DeliveryError names one that is missing or stands twice."""
    declared = [name for name, _ in source.schema]
    lost = [name for name in declared if name not in found]
    if lost:
        there = ", ".join(found) or "no header at all"
        raise DeliveryError(
            f"{path}: the declared columns {', '.join(lost)} are not in it (it has {there}); have it delivered again or"
            f" change sources.{source.name}.schema"
        )
    twice = sorted({name for name in found if name in declared and list(found).count(name) > 1})
    if twice:
        raise DeliveryError(f"{path}: {', '.join(twice)} stands more than once in its header; have it delivered again")
    read_as = tuple(name if name in declared else f"_unknown_{n}" for n, name in enumerate(found))
    return Columns(read_as, frozenset(found) - frozenset(declared))


def fitting(found: T.StructType, source: Source, path: str) -> list[Column]:
    """The declared columns of typed files, cast where nothing is lost; DeliveryError names one of another type."""
    types = {field.name: field.dataType for field in found}
    columns, other = [], []
    for name, declared in source.schema:
        is_type = types[name].simpleString()
        if not _fits(is_type, declared.replace(" ", "")):
            other.append(f"{name} is {is_type}, declared {declared}")
        columns.append(F.col(f"`{name}`").cast(declared).alias(name))
    if other:
        raise DeliveryError(
            f"{path}: {'; '.join(other)}; have it delivered again or change sources.{source.name}.schema"
        )
    return columns


def _fits(found: str, declared: str) -> bool:
    """Whether every value of a type is one of the declared type."""
    if declared in ("string", found):
        return True
    if found in _WIDER and declared in _WIDER:
        return _WIDER.index(found) <= _WIDER.index(declared)
    if found.startswith("decimal(") and declared.startswith("decimal("):
        (digits, scale), (most, kept) = _digits(found), _digits(declared)
        return kept >= scale and most - kept >= digits - scale
    return found in ("date", "timestamp", "timestamp_ntz") and declared in ("timestamp", "timestamp_ntz")


def _digits(decimal: str) -> tuple[int, int]:
    digits, _, scale = decimal.removeprefix("decimal(").rstrip(")").partition(",")
    return int(digits), int(scale or 0)
