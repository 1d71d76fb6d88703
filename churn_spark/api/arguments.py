"""What Python users pass: dates in any form, customers as a list or a table, pandas or Spark."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, time

import pandas as pd
import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

Day = str | date
"""A date, a datetime at midnight, or text such as `2026-06-01`."""
MOST_DATES = 10_000


def as_date(value: Day) -> date:
    """A calendar date; ValueError for a time of day or a text that is no date."""
    if isinstance(value, datetime):
        if pd.isna(value) or value.time() != time():
            raise ValueError(f"{value} is not a date: as-of dates are whole days, such as 2026-06-01")
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is not a date of the calendar; write it as YYYY-MM-DD") from None


def as_dates(values: Day | Iterable[Day]) -> list[date]:
    """Dates in ascending order, each once; a single one stands for a list of one. ValueError where there is none."""
    days = sorted({as_date(value) for value in ([values] if isinstance(values, str | date) else values)})
    if not days:
        raise ValueError('dates is empty; give the as-of dates, such as ["2026-03-01", "2026-04-01"]')
    return days


def as_spark(rows: pd.DataFrame, columns: Collection[str], spark: SparkSession) -> DataFrame:
    """Some columns of a pandas frame in Spark; what pandas calls missing is null."""
    table = pa.Table.from_pandas(rows[list(columns)], preserve_index=False)
    plain = [
        pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type, f.nullable)
        for f in table.schema
    ]
    return spark.createDataFrame(table.cast(pa.schema(plain)))


def as_pandas(rows: DataFrame) -> pd.DataFrame:
    """A Spark frame in pandas, dates as datetime64."""
    return rows.toArrow().to_pandas(date_as_object=False)


def customers_given(
    customers: Iterable[object] | DataFrame | pd.DataFrame, name: str, type_: T.DataType, spark: SparkSession
) -> DataFrame:
    """The customers wanted, each once: customer_id, and as_of_date where a table says for which date each is wanted.

    name, type_: of the column of events that says whose they are. ValueError where a table has no such column.
    """
    if isinstance(customers, DataFrame | pd.DataFrame):
        if name not in customers.columns:
            raise ValueError(f"customers has no column {name}; it has {', '.join(map(str, customers.columns))}")
        own = [name, *(["as_of_date"] if "as_of_date" in customers.columns else [])]
        table = as_spark(customers, own, spark) if isinstance(customers, pd.DataFrame) else customers.select(*own)
        days = [table["as_of_date"].cast("date").alias("as_of_date")] if len(own) > 1 else []
        return table.select(table[name].cast(type_).cast("string").alias("customer_id"), *days).distinct()
    if isinstance(customers, str):
        raise ValueError("customers is a list of customers, or a table of them; a text is neither")
    names = [(one.item() if hasattr(one, "item") else one,) for one in customers]
    try:
        table = spark.createDataFrame(names, T.StructType([T.StructField(name, type_)]))
    except PySparkException as error:
        raise ValueError(f"customers does not fit {name}, which is {type_.simpleString()}: {error}") from None
    return table.select(table[name].cast("string").alias("customer_id")).distinct()


def dates_in(rows: DataFrame) -> list[date]:
    """The different as-of dates of rows; ValueError where there is none, a null, or more than a driver should plan."""
    distinct = [row[0] for row in rows.select("as_of_date").distinct().limit(MOST_DATES + 1).collect()]
    if not distinct or None in distinct or len(distinct) > MOST_DATES:
        what = f"more than {MOST_DATES:,} dates" if len(distinct) > MOST_DATES else "no date on some row"
        raise ValueError(f"customers has {what} in as_of_date")
    return sorted(distinct)
