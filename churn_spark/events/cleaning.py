"""Cleans the values of events, before they are compacted to tiles: outliers, then missing values, then smoothing."""

from datetime import date
from decimal import Decimal
from functools import reduce

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from churn_spark.definitions.columns import Category, Measure
from churn_spark.definitions.periods import Days, known_from_needed, single_day
from churn_spark.definitions.sources import Source

LIMITS = ("lower", "upper", "mean", "median", "mode")


def clean(events: DataFrame, limits: DataFrame, source: Source, lookback: int) -> DataFrame:
    """Clean the measures and categories of events as the source's `Cleaning` says, column by column, in this order.

    1. Outliers: values outside the Tukey fences are clipped to the nearer fence, made null, or only flagged; with
       `keep` outliers are not looked for.
    2. Missing values (those null before step 1): the event is dropped, or the value filled: constant, learnt mean,
       median or mode; `last_known`; `interpolate`. What cannot be filled stays null. An outlier made null stays null.
    3. Smoothing: the median of the values of the customer's last `smooth` events of the same knowledge date, this one
       included (of an even number: the mean of the middle two, rounded); a null stays null.

    `last_known` is the value of the customer's latest event (by time, then id) with a value, among those known less
    than `lookback` days before and earlier ones of the same knowledge date. `interpolate` is linear in
    time between the neighbours with a value among the customer's events of the same knowledge date. Results are
    rounded half up to the measure's scale.

    events: the columns of `events_<source>`, with the `lookback` days of earlier knowledge dates where `last_known` is
    used. limits: rows of `cleaning_limits`; those of the newest learnt_on <= known_from apply; an event known before
    the first limits stays as it is. Returns the events with `<measure>_missing` and `<measure>_outlier` (0 or 1, before
    cleaning) and `uncleaned` (0 or 1: limits of some column were missing).
    """
    columns = source.columns
    learning = [column.name for column in columns if column.cleaning.learns]
    with_limits = reduce(lambda rows, name: _with_limits(rows, limits, source.name, name), learning, events)
    flags = {name: flag for measure in source.measures for name, flag in _flags(measure).items()}
    without_limits = [F.col(_limits(name)).isNull() for name in learning]
    flags["uncleaned"] = reduce(lambda left, right: left | right, without_limits, F.lit(False)).cast("bigint")
    dropped = [F.col(column.name).isNotNull() for column in columns if column.cleaning.missing == "drop"]
    flagged = with_limits.withColumns({**flags, **{_missing(c.name): F.col(c.name).isNull() for c in columns}})
    kept = flagged.where(reduce(lambda left, right: left & right, dropped, F.lit(True)))
    treated = kept.withColumns({measure.name: _without_outliers(measure) for measure in source.measures})
    filled = treated.withColumns(
        {
            c.name: F.when(F.col(_missing(c.name)), _fill(c, lookback)).otherwise(F.col(c.name))
            for c in columns
            if c.cleaning.missing not in ("null", "indicator", "drop")
        }
    )
    smoothed = filled.withColumns({m.name: _smoothed(m) for m in source.measures if m.cleaning.smooth})
    return smoothed.select(*events.columns, *flags)


def needs_history(source: Source) -> bool:
    """Whether cleaning looks at events of earlier knowledge dates."""
    return any(column.cleaning.missing == "last_known" for column in source.columns)


def history_span(source: Source, day: date, longest: int) -> Days:
    """The knowledge dates of events that are needed to clean those of one day.

    longest: days, the longest window of the project, which bounds how far back a last known value is looked for.
    """
    return known_from_needed(day, max(longest, 1)) if needs_history(source) else single_day(day)


def _limits(column: str) -> str:
    return f"_limits_{column}"


def _missing(column: str) -> str:
    return f"_missing_{column}"


def _with_limits(events: DataFrame, limits: DataFrame, source: str, column: str) -> DataFrame:
    """Add the struct `_limits_<column>` in force at the row's knowledge date; null before the first."""
    learnt = limits.where((F.col("source") == source) & (F.col("column") == column))
    next_learnt_on = F.lead("learnt_on").over(Window.partitionBy("column").orderBy("learnt_on"))
    in_force = learnt.select(
        F.col("learnt_on").alias("_from"), next_learnt_on.alias("_until"), F.struct(*LIMITS).alias(_limits(column))
    )
    applies = (F.col("known_from") >= F.col("_from")) & (
        F.col("_until").isNull() | (F.col("known_from") < F.col("_until"))
    )
    return events.join(F.broadcast(in_force), on=applies, how="left").drop("_from", "_until")


def _flags(measure: Measure) -> dict[str, Column]:
    outlier = F.coalesce(_outside(measure), F.lit(False)) if _fenced(measure) else F.lit(False)
    return {
        f"{measure.name}_missing": F.col(measure.name).isNull().cast("bigint"),
        f"{measure.name}_outlier": outlier.cast("bigint"),
    }


def _fenced(measure: Measure) -> bool:
    return measure.cleaning.outliers != "keep"


def _outside(measure: Measure) -> Column:
    value, fences = F.col(measure.name).cast("double"), F.col(_limits(measure.name))
    return (value < fences["lower"]) | (value > fences["upper"])


def _without_outliers(measure: Measure) -> Column:
    value, fences = F.col(measure.name), F.col(_limits(measure.name)) if _fenced(measure) else None
    if fences is None or measure.cleaning.outliers == "flag":
        return value
    if measure.cleaning.outliers == "null":
        return F.when(~F.coalesce(_outside(measure), F.lit(False)), value)
    number, exact = value.cast("double"), _type(measure)
    return (
        F.when(number < fences["lower"], fences["lower"].cast(exact))
        .when(number > fences["upper"], fences["upper"].cast(exact))
        .otherwise(value)
    )


def _fill(column: Measure | Category, lookback: int) -> Column:
    """What a missing value becomes."""
    kind, cast_to = column.cleaning.missing, _type(column)
    if kind == "constant":
        constant = column.cleaning.constant
        return F.lit(Decimal(str(constant)) if isinstance(column, Measure) else str(constant)).cast(cast_to)
    if kind in ("mean", "median", "mode"):
        return F.col(_limits(column.name))[kind].try_cast(cast_to)
    if kind == "last_known":
        return _last_known(column, lookback)
    return _interpolated(column)


def _by_date() -> WindowSpec:
    """The customer's events of one knowledge date, in order."""
    return Window.partitionBy("customer_id", "known_from").orderBy("event_time", "event_id")


def _last_known(column: Measure | Category, lookback: int) -> Column:
    value = F.col(column.name)
    known = F.when(value.isNotNull(), F.struct("event_time", "event_id", value.alias("value")))
    days_before = Window.partitionBy("customer_id").orderBy(F.unix_date("known_from")).rangeBetween(1 - lookback, -1)
    same_date = _by_date().rowsBetween(Window.unboundedPreceding, -1)
    return F.greatest(F.max(known).over(days_before), F.max(known).over(same_date))["value"]


def _interpolated(column: Measure | Category) -> Column:
    time, value = F.unix_micros("event_time"), F.col(column.name)
    point = F.when(value.isNotNull(), F.struct(time.alias("time"), value.cast("double").alias("value")))
    left = F.last(point, ignorenulls=True).over(_by_date().rowsBetween(Window.unboundedPreceding, -1))
    right = F.first(point, ignorenulls=True).over(_by_date().rowsBetween(1, Window.unboundedFollowing))
    share = F.coalesce(F.try_divide(time - left["time"], right["time"] - left["time"]), F.lit(0.0))
    between = left["value"] + (right["value"] - left["value"]) * share
    return F.when(left.isNotNull() & right.isNotNull(), between.cast(_type(column)))


def _smoothed(measure: Measure) -> Column:
    width = measure.cleaning.smooth or 1
    trailing = _by_date().rowsBetween(1 - width, 0)
    values = F.array_sort(F.collect_list(measure.name).over(trailing))
    count = F.size(values)
    middle = (F.get(values, F.floor((count - 1) / 2)) + F.get(values, F.floor(count / 2))) / 2
    return F.when(F.col(measure.name).isNotNull(), middle.cast(_type(measure)))


def _type(column: Measure | Category) -> str:
    return f"decimal(18,{column.scale})" if isinstance(column, Measure) else "string"
