"""Columns computed by the configuration's expressions: ids, times, measures, categories, attributes."""

from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.hashing import definition_hash
from churn_spark.definitions.lookups import lookup_definitions
from churn_spark.definitions.project import Privacy
from churn_spark.definitions.reading import canonical_options
from churn_spark.definitions.sources import Source
from churn_spark.events.attempt import PREFIX, value
from churn_spark.events.zones import reading_times_in

VERSION = 3
"""Rises when the same configuration gives other values."""

EARLIEST, LATEST = "1900-01-01", "2199-12-31"
"""A time on a day outside this range counts as missing (no_time)."""

_SEPARATOR, _NOTHING = "\x1f", "\x00"
"""Separator of the parts of a hashed id, and stand-in for null: control characters cannot occur in the parts."""


def expressions(source: Source) -> dict[str, str]:
    """The SQL expressions attempted on every row, by the names of their values and failures."""
    by_name = {"customer_id": source.customer_id}
    if source.event_time:
        by_name["event_time"] = source.event_time
    if source.kind == "events":
        by_name["event_id"] = f"array({', '.join(f'cast(({part}) as string)' for part in identity(source))})"
    if source.counterparty:
        by_name["counterparty"] = source.counterparty
    if source.delivered.by == "column":
        by_name["nominal_date"] = _nominal(source)
    if source.where:
        by_name["where"] = source.where
    by_name |= {f"value_{column.name}": column.expression for column in source.values}
    return by_name | {f"check_{check.name}": check.expression for check in source.checks}


def _nominal(source: Source) -> str:
    """The raw column that holds a row's nominal date, or a SQL expression."""
    column = source.delivered.column or ""
    return quoted(column) if column in source.names else column


def mapping_hash(source: Source, zone: str, privacy: Privacy) -> str:
    """The hash of everything that decides a source's rows, their customers and times: reading, ids, times, checks,
    zones, and the key of pseudonyms.

    Rows taken under another hash are not comparable. Settings that only decide when a delivery is due or known are not
    part of it, nor are columns, which have hashes of their own.
    """
    columns = {"counterparty", *(f"value_{column.name}" for column in source.values)}
    rows = {name: expression for name, expression in expressions(source).items() if name not in columns}
    hidden = () if privacy.mode == "none" else (privacy.mode, privacy.key_id)
    read = (
        source.kind,
        source.format,
        canonical_options(source.format, source.options),
        source.time_zone,
        zone,
        str(source.starts),
        source.control_characters,
    )
    return definition_hash(
        VERSION, read, rows, source.identifiers, *hidden, *lookup_definitions(source.lookups, rows.values())
    )


@cache
def column_hashes(source: Source) -> dict[str, str]:
    """The hash of the definition of the counterparty and each measure, category and attribute of a source."""
    kinds: dict[str, tuple[object, ...]] = {m.name: (m.scale, m.max_abs) for m in source.measures}
    kinds |= {a.name: (a.type, a.identifier) for a in source.attributes}
    made_from = {c.name: c.expression for c in source.values}
    lookups = {name: lookup_definitions(source.lookups, [sql]) for name, sql in made_from.items()}
    hashes = {n: definition_hash(VERSION, sql, kinds.get(n), *lookups[n]) for n, sql in made_from.items()}
    if source.counterparty:
        partner = source.counterparty
        hashes["counterparty"] = definition_hash(VERSION, partner, *lookup_definitions(source.lookups, [partner]))
    return hashes


def column_definitions(source: Source) -> dict[str, str]:
    """Definitions by which rows of deliveries compare: the types of raw columns, and the hashes of our columns."""
    return {f"raw {name}": kind for name, kind in source.schema} | column_hashes(source)


def identity(source: Source) -> tuple[str, ...]:
    """The SQL expressions that identify an event: those declared, else all raw columns."""
    return source.event_id or tuple(quoted(name) for name, _ in source.schema)


def with_time(tried: DataFrame, zone: str) -> DataFrame:
    """Add `event_time` (instant) and `event_date` (in the zone); a calendar date stays that date in every zone."""
    time, is_date = value("event_time"), isinstance(_value_type(tried, "event_time"), T.DateType)
    if not is_date:
        tried = tried.withColumn("event_time", time.try_cast("timestamp"))
    with reading_times_in(tried.sparkSession, zone):
        if is_date:
            tried = tried.withColumn("event_time", time.cast("timestamp"))
        return tried.withColumn("event_date", _plausible(F.col("event_time").cast("date")))


def nominal_date_by_row(source: Source) -> Column | None:
    """The nominal date of each row (null: undated); None: the delivery's date counts."""
    if source.delivered.by == "file_name":
        return None
    if source.delivered.by == "column":
        return _plausible(value("nominal_date").try_cast("date"))
    return F.col("event_date") if source.kind == "events" else F.lit(None).cast("date")


def values(source: Source) -> dict[str, Column]:
    """The columns of the source's table by name; null: no value, or a value that does not fit."""
    columns = {"customer_id": _text("customer_id")}
    if source.kind == "events":
        columns["event_id"] = _event_id(source)
    if source.counterparty:
        columns["counterparty"] = _text("counterparty")
    columns |= {m.name: value(f"value_{m.name}").try_cast(f"decimal(18,{m.scale})") for m in source.measures}
    columns |= {c.name: _text(f"value_{c.name}") for c in source.categories}
    texts = {a.name: _text(f"value_{a.name}") for a in source.attributes if a.type == "string"}
    return columns | {a.name: value(f"value_{a.name}").try_cast(a.type) for a in source.attributes} | texts


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
