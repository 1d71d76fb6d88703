"""Events of any DataFrame as the engine takes them: days, knowledge dates, numbers in whole units.

Measures become whole numbers of 10^-scale, so that sums are exact and do not depend on the order of rows. The scale is
read off the values: as many decimals as they have, and no more than leave the largest within the engine's range.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.api.given_source import GivenSource
from churn_spark.definitions.columns import LARGEST_SQUARED, SQUARE_BITS
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.nearest import unknown

DECIMALS = (0, 2, 4, 6)
"""Numbers of decimals that are tried; values with more than the last get as many as fit."""
MANY_DECIMALS = 30
LARGEST_TOTAL = 2.0**62
"""The largest sum of all absolute values, in units: no window of any customer then leaves 64 bits."""
LARGEST_SQUARES = LARGEST_TOTAL * 2.0**SQUARE_BITS


@dataclass(frozen=True, slots=True)
class Named:
    """The columns that say whose an event is, when it happened, since when it is known, and which of several it is."""

    customer: str
    time: str
    known_from: str | None = None
    event_id: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.customer, self.time, self.known_from, self.event_id)))


def refuse_missing_columns(columns: Collection[str], named: Named, given: GivenSource) -> None:
    """ValueError for a column that events do not have, with those they have."""
    roles = {"customer": named.customer, "time": named.time, "known_from": named.known_from, "event_id": named.event_id}
    for role, name in roles.items():
        if name is not None and name not in columns:
            raise ValueError(f"{unknown('column', name, columns, 'events')}. Say which one it is: {role}=...")
    for name in (*given.measures.values(), *given.categories.values()):
        if name not in columns:
            raise ValueError(unknown("column", name, columns, "events"))


def refuse_unfit_columns(events: DataFrame, named: Named, given: GivenSource) -> None:
    """ValueError for a column whose type does not fit what it is used for."""
    times = [name for name in (named.time, named.known_from) if name]
    needed: list[tuple[str, tuple[type[T.DataType], ...], str]]
    needed = [(named.customer, (T.StringType, T.IntegralType), "a text or a whole number")]
    needed += [(name, (T.DateType, T.TimestampType, T.TimestampNTZType), "a date or a timestamp") for name in times]
    needed += [(name, (T.NumericType,), "a number") for name in given.measures.values()]
    needed += [(name, (T.AtomicType,), "a single value") for name in given.categories.values()]
    for name, fitting, what in needed:
        if not isinstance(type_ := events.schema[name].dataType, fitting):
            raise ValueError(f"{name} is of type {type_.simpleString()}, not {what}: convert it first")


def keyed(events: DataFrame, named: Named, given: GivenSource) -> DataFrame:
    """The events under the engine's names: measures as doubles (NaN is null), categories as texts.

    `known_from` is null only where the events' own is.
    """
    time = F.col(quoted(named.time))
    numbers = ((short, F.col(quoted(column)).cast("double")) for short, column in given.measures.items())
    return events.select(
        F.col(quoted(named.customer)).cast("string").alias("customer_id"),
        (F.col(quoted(named.event_id)).cast("string") if named.event_id else F.lit("")).alias("event_id"),
        time.cast("timestamp").alias("event_time"),
        time.cast("date").alias("event_date"),
        _known_from(events, named).alias("known_from"),
        *(F.when(~F.isnan(value), value).alias(short) for short, value in numbers),
        *(F.col(quoted(column)).cast("string").alias(short) for short, column in given.categories.items()),
    )


def within(first: date | None, last: date) -> Column:
    """Whether a keyed event can matter: known by `last`, and not before `first` (None: however old)."""
    known = F.col("known_from") <= F.lit(last)
    return known if first is None else known & (F.col("event_date") >= F.lit(first))


def in_units(rows: DataFrame, measures: Mapping[str, str], seen: Column) -> tuple[DataFrame, dict[str, int]]:
    """The keyed events that are seen, measures in whole units, as `tiles.compact` takes them; and scales by measure.

    It reads the events once, for the range of each measure. measures: the column of events by short name, for messages.
    Raises ValueError where customer, time or knowledge date is null, or a number is beyond the engine's range.
    """
    empty = [F.count_if(F.col(name).isNull()).alias(name) for name in ("customer_id", "event_date", "known_from")]
    ranges = [column for short in measures for column in _range(short)]
    looked_at = rows.where(F.coalesce(seen, F.lit(True)) | F.col("customer_id").isNull())
    scanned = looked_at.agg(*empty, *ranges).collect()[0]
    for name, what in (("customer_id", "customer"), ("event_date", "time"), ("known_from", "known_from")):
        if scanned[name]:
            raise ValueError(
                f"{scanned[name]:,} events have no {what} (it is null): leave them out or fill it, for example"
                f" events.where(F.col(...).isNotNull())"
            )
    scales = {short: _scale(column, short, scanned) for short, column in measures.items()}
    units = {short: F.rint(F.col(short) * F.lit(10.0**scale)).cast("bigint") for short, scale in scales.items()}
    clean = {f"{short}_{flag}": F.lit(0).cast("bigint") for short in measures for flag in ("missing", "outlier")}
    return rows.where(seen).withColumns({**units, **clean}), scales


def _known_from(events: DataFrame, named: Named) -> Column:
    """The first as-of date that may use an event: the day after it happened, or later as its own column says.

    A date is taken as it is; of a timestamp, at which the event arrived, the day after it.
    """
    next_day = F.date_add(F.col(quoted(named.time)).cast("date"), 1)
    if named.known_from is None:
        return next_day
    known = F.col(quoted(named.known_from))
    arrived = not isinstance(events.schema[named.known_from].dataType, T.DateType)
    own = F.date_add(known.cast("date"), 1) if arrived else known
    return F.when(known.isNotNull(), F.greatest(next_day, own))


def _range(short: str) -> list[Column]:
    """Largest absolute value, sum of absolute values, and decimals of a measure."""
    value = F.col(short)
    decimals = F.when(value.isNull() | (value == F.rint(value)), 0)
    for number in DECIMALS[1:]:
        decimals = decimals.when(F.rint(value * F.lit(10.0**number)) / F.lit(10.0**number) == value, number)
    return [
        F.max(F.abs(value)).alias(f"{short}_largest"),
        F.sum(F.abs(value)).alias(f"{short}_total"),
        F.max(decimals.otherwise(MANY_DECIMALS)).alias(f"{short}_decimals"),
    ]


def _scale(column: str, short: str, scanned: Row) -> int:
    """How many decimals of a measure are kept; ValueError where not even whole numbers fit."""
    largest, total = scanned[f"{short}_largest"] or 0.0, scanned[f"{short}_total"] or 0.0
    if not math.isfinite(total):
        raise ValueError(f"{column} has infinite values: replace them by null, or leave the events out")
    if not largest:
        return 0
    fit = min(
        math.log10(LARGEST_SQUARED / largest),
        math.log10(LARGEST_TOTAL / total),
        (math.log10(LARGEST_SQUARES / largest) - math.log10(total)) / 2,
    )
    if fit < 0:
        raise ValueError(
            f"{column} reaches {largest:.3g} (in all {total:.3g}), beyond what is summed exactly (single values up to"
            f" {LARGEST_SQUARED:.3g}): use a larger unit, for example {column} / {10 ** math.ceil(-fit)}"
        )
    return min(math.floor(fit), scanned[f"{short}_decimals"])
