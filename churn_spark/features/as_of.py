"""Rows as they are seen from as-of dates, for what is not computed in batches of customers."""

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame

KEY = ("customer_id", "as_of_date")


def seen_at(rows: DataFrame, dates: Collection[date], window: int) -> DataFrame:
    """The rows in the window of `window` days of each as-of date, once per date that sees them.

    rows: event_date, known_from. Adds as_of_date and `age` (as_of_date - event_date, 1 to window).
    """
    listed = ", ".join(f"DATE'{day}'" for day in sorted(dates))
    reach = f"known_from <= DATE'{max(dates)}' and event_date >= date_sub(DATE'{min(dates)}', {window})"
    aged = rows.where(reach).selectExpr("*", f"explode(array({listed})) as as_of_date")
    aged = aged.selectExpr("*", "date_diff(as_of_date, event_date) as age")
    return aged.where(f"known_from <= as_of_date and age <= {window}")
