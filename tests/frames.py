"""Typed DataFrames built from a base row, so that a test names only the values that matter to it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

# ISO texts are read as what they look like; every other type follows from the Python value.
TYPES: dict[type, T.DataType] = {
    bool: T.BooleanType(),
    int: T.LongType(),
    float: T.DoubleType(),
    str: T.StringType(),
    bytes: T.BinaryType(),
    date: T.DateType(),
    datetime: T.TimestampType(),
    Decimal: T.DecimalType(38, 10),
}


def rows(spark: SparkSession, base: Mapping[str, Any] | T.StructType, *overrides: Mapping[str, Any]) -> DataFrame:
    """One row an override: the base row with the override's values in their place; the base row alone without any.

    base: a row, from whose values the types come: a text that is an ISO date or an ISO time (with a T) is one, a
    DataType instead of a value is a typed null. Or a schema, whose row is all nulls. An override with a column that
    the base does not have, or a value of another type, is an error.
    """
    types = _types(base)
    default = {name: None if isinstance(base, T.StructType) else _value(base[name], types[name]) for name in types}
    made = []
    for override in overrides or ({},):
        if unknown := override.keys() - types.keys():
            raise KeyError(f"{sorted(unknown)} not in the base row, which has {list(types)}")
        made.append(tuple((default | {k: _value(v, types[k]) for k, v in override.items()}).values()))
    return spark.createDataFrame(made, T.StructType([T.StructField(name, kind) for name, kind in types.items()]))


def no_rows(spark: SparkSession, base: Mapping[str, Any] | T.StructType) -> DataFrame:
    """An empty DataFrame with the base row's columns and types."""
    return rows(spark, base).limit(0)


def _types(base: Mapping[str, Any] | T.StructType) -> dict[str, T.DataType]:
    if isinstance(base, T.StructType):
        return {field.name: field.dataType for field in base.fields}
    return {name: _type(value) for name, value in base.items()}


def _type(value: Any) -> T.DataType:
    if isinstance(value, T.DataType):
        return value
    if isinstance(value, str):
        return TYPES[type(_read(value))]
    if isinstance(value, list):
        return T.ArrayType(_type(value[0]) if value else T.StringType())
    if isinstance(value, Mapping):
        return T.StructType([T.StructField(name, _type(item)) for name, item in value.items()])
    return TYPES[type(value)]


def _value(value: Any, kind: T.DataType) -> Any:
    if isinstance(value, T.DataType):
        return None
    if isinstance(kind, T.DateType) and isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(kind, T.TimestampType) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _read(text: str) -> str | date | datetime:
    for kind in (date, datetime) if len(text) == 10 or "T" in text else ():
        try:
            return kind.fromisoformat(text)
        except ValueError:
            continue
    return text
