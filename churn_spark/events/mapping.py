"""What the configuration's expressions make of the raw columns: ids, times, measures, categories, attributes."""

from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.project import Privacy
from churn_spark.definitions.sources import Source
from churn_spark.events.attempt import PREFIX, value
from churn_spark.events.zones import reading_times_in

VERSION = 1
"""Rises when the same configuration makes something else of a row."""

EARLIEST, LATEST = "1900-01-01", "2199-12-31"
"""Days outside are no dates of a customer's life: such a time counts as missing (no_time)."""

_SEPARATOR, _NOTHING = "\x1f", "\x00"
"""Between and instead of the parts of a hashed id; rows whose texts hold such characters are refused."""


def expressions(source: Source) -> dict[str, str]:
    """The SQL expressions attempted on every row, by the names their values and failures go by."""
    found = {"customer_id": source.customer_id}
    if source.kind == "events":
        found["event_time"] = source.event_time
        found["event_id"] = f"array({', '.join(f'cast(({part}) as string)' for part in identity(source))})"
    if source.counterparty:
        found["counterparty"] = source.counterparty
    if source.delivered.by == "column":
        found["nominal_date"] = f"`{source.delivered.column}`"
    found |= {f"value_{column.name}": column.expression for column in source.values}
    return found | {f"check_{check.name}": check.expression for check in source.checks}


def mapping_hash(source: Source, zone: str, privacy: Privacy) -> str:
    """The hash of which rows of a source there are, whose and when: how they are read, ids, times, checks, zones, and
    the key that ids are hidden under.

    Rows taken under another hash mean something else. What only decides when a delivery is due or known is left out,
    and so are the columns, which have hashes of their own.
    """
    columns = {"counterparty", *(f"value_{column.name}" for column in source.values)}
    rows = {name: expression for name, expression in expressions(source).items() if name not in columns}
    hidden = () if privacy.mode == "none" else (privacy.mode, privacy.key_id)
    read = (source.kind, source.format, source.options, source.time_zone, zone)
    return definition_hash(VERSION, read, rows, source.identifiers, *hidden)


@cache
def column_hashes(source: Source) -> dict[str, str]:
    """The hash of what the counterparty and each measure, category and attribute of a source is made into."""
    limits = {m.name: (m.scale, m.max_abs) for m in source.measures} | {a.name: a.type for a in source.attributes}
    found = {c.name: definition_hash(VERSION, c.expression, limits.get(c.name)) for c in source.values}
    return found | ({"counterparty": definition_hash(VERSION, source.counterparty)} if source.counterparty else {})


def judged_by(source: Source) -> dict[str, str]:
    """What decides the columns of a row, and with its checks whether it is good: types of raw columns, and hashes."""
    return {f"raw {name}": kind for name, kind in source.schema} | column_hashes(source)


def identity(source: Source) -> tuple[str, ...]:
    """What an event is recognised by: the declared expressions, else the whole row."""
    return source.event_id or tuple(f"`{name}`" for name, _ in source.schema)


def with_time(tried: DataFrame, zone: str) -> DataFrame:
    """Add `event_time` (instant) and `event_date` (in the zone); a calendar date stays that date in every zone."""
    found, is_date = value("event_time"), isinstance(_value_type(tried, "event_time"), T.DateType)
    if not is_date:
        tried = tried.withColumn("event_time", found.try_cast("timestamp"))
    with reading_times_in(tried.sparkSession, zone):
        if is_date:
            tried = tried.withColumn("event_time", found.cast("timestamp"))
        return tried.withColumn("event_date", _plausible(F.col("event_time").cast("date")))


def dated(source: Source) -> Column | None:
    """The nominal date row by row (null: undated); None where it is the delivery's."""
    if source.delivered.by == "file_name":
        return None
    if source.delivered.by == "column":
        return _plausible(value("nominal_date").try_cast("date"))
    return F.col("event_date") if source.kind == "events" else F.lit(None).cast("date")


def values(source: Source) -> dict[str, Column]:
    """The columns of the source's table by name; null where there is no value or it does not fit."""
    found = {"customer_id": _text("customer_id")}
    if source.kind == "events":
        found["event_id"] = _event_id(source)
    if source.counterparty:
        found["counterparty"] = _text("counterparty")
    found |= {m.name: value(f"value_{m.name}").try_cast(f"decimal(18,{m.scale})") for m in source.measures}
    found |= {c.name: value(f"value_{c.name}").cast("string") for c in source.categories}
    return found | {a.name: value(f"value_{a.name}").try_cast(a.type) for a in source.attributes}


def _text(name: str) -> Column:
    """Text of an expression; null where it is empty."""
    text = value(name).cast("string")
    return F.when(F.trim(text) != "", text)


def _event_id(source: Source) -> Column:
    """A single expression as it is; several hashed together (128 bits of SHA-256)."""
    parts = value("event_id")
    if len(source.event_id) == 1:
        return F.when(F.trim(parts[0]) != "", parts[0])
    text = F.array_join(parts, _SEPARATOR, _NOTHING)
    return F.when(F.exists(parts, lambda part: part.isNotNull()), F.substring(F.sha2(text, 256), 1, 32))


def _plausible(day: Column) -> Column:
    return F.when(day.between(F.lit(EARLIEST).cast("date"), F.lit(LATEST).cast("date")), day)


def _value_type(tried: DataFrame, name: str) -> T.DataType:
    struct = tried.schema[PREFIX + name].dataType
    return struct["v"].dataType if isinstance(struct, T.StructType) else struct
