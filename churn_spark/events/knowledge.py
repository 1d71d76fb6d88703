"""When a row became known, and whether it lies after its own delivery."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Delivered


def with_knowledge(rows: DataFrame, delivered: Delivered, dated: Column | None, event_date: Column | None) -> DataFrame:
    """Add `nominal_date`, `known_from` and `_future` (the row, or its nominal date, lies after its delivery).

    known_from is the latest of nominal date + lag_days, event_date + 1 and `_taken_on`, the last left out for history:
    rows of a delivery with `_history` whose nominal date is at most `history_until`.

    rows: `_nominal`, `_taken_on`, `_history`. dated: the nominal date row by row, None where the delivery's counts.
    event_date: None for versions of customers.
    """
    nominal = F.col("_nominal") if dated is None else dated
    rows = rows.withColumn("nominal_date", nominal)
    arrives = F.date_add("nominal_date", delivered.lag_days)
    taken_on = F.when(~_of_history(delivered), F.col("_taken_on"))
    day_after = None if event_date is None else F.date_add(event_date, 1)
    known_from = F.greatest(arrives, taken_on, F.lit(None).cast("date") if day_after is None else day_after)
    future = _future(delivered, arrives, taken_on, day_after)
    return rows.withColumns({"known_from": known_from, "_future": F.coalesce(future, F.lit(False))})


def _of_history(delivered: Delivered) -> Column:
    if delivered.history_until is None:
        return F.lit(False)
    return F.coalesce(F.col("_history") & (F.col("nominal_date") <= F.lit(delivered.history_until)), F.lit(False))


def _future(delivered: Delivered, arrives: Column, taken_on: Column, day_after: Column | None) -> Column:
    """Whether the day after the event, or the row's arrival, is too late by more than `clock_skew_days`."""
    skew = delivered.clock_skew_days
    if delivered.by == "file_name":
        # A delivery is taken once due, so `taken_on` adds nothing, and would be wrong after `lag_days` was raised.
        return F.lit(False) if day_after is None else day_after > F.date_add(arrives, skew)
    not_there_yet = arrives > F.date_add(taken_on, skew)
    if day_after is None:
        return not_there_yet
    if delivered.by == "event":
        # The nominal date is the event's own, so only the delivery's arrival can contradict it (not for history).
        return day_after > F.date_add(taken_on, skew)
    too_early = day_after > F.date_add(F.least(arrives, taken_on), skew)
    return too_early | F.coalesce(not_there_yet, F.lit(False))
