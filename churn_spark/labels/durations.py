"""How long customers of a snapshot stayed, by the same rules as the labels, as far as it can be seen.

All take `snapshots` (customer_id, as_of_date, followed: the days from the as-of date on of which everything is known)
and return them with `left_after`: days from the as-of date to the day of leaving, 0 or more, null where the customer
did not leave on a day that was followed. Rows of events are those known when it is decided, and no others.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

KEY = ("customer_id", "as_of_date")
SNAPSHOT = (*KEY, "followed")


def until_silence(snapshots: DataFrame, active_days: DataFrame, silent_days: int) -> DataFrame:
    """Leaving is the first day without activity of the first silence of at least `silent_days` days.

    active_days: customer_id, event_date (repeats do no harm). A silence counts from the as-of date on, as it would for
    a label without a gap. Whether one began on the last `silent_days` - 1 days that were followed cannot be seen.
    """
    day = F.date_diff("event_date", "as_of_date")
    inside = (day >= 0) & (day < F.col("followed"))
    days = F.array_sort(F.collect_set(F.when(inside, day)))
    rows = snapshots.select(*SNAPSHOT).join(active_days, on="customer_id", how="left")
    active = rows.groupBy(*SNAPSHOT).agg(days.alias("_days"))
    begins = F.concat(F.array(F.lit(0)), F.transform("_days", lambda last: last + 1))
    ends = F.concat(F.col("_days"), F.array(F.greatest(F.col("followed"), F.lit(0))))
    silences = F.zip_with(begins, ends, lambda begin, end: F.when(end - begin >= silent_days, begin))
    return active.select(*SNAPSHOT, F.array_min(silences).alias("left_after"))


def until_event(snapshots: DataFrame, days: DataFrame) -> DataFrame:
    """Leaving is the first of some days on or after the as-of date.

    days: customer_id, event_date: of churn events, or on which a customer's own date says so (null: it does not).
    """
    after = F.date_diff("event_date", "as_of_date")
    inside = (after >= 0) & (after < F.col("followed"))
    rows = snapshots.select(*SNAPSHOT).join(days, on="customer_id", how="left")
    return rows.groupBy(*SNAPSHOT).agg(F.min(F.when(inside, after)).alias("left_after"))
