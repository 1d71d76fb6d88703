"""What is known of customers themselves at as-of dates: attributes, first days, activity."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.features.as_of import KEY, seen_at


def attributes(
    customers: DataFrame, sources: Iterable[Source], dates: Collection[date], later: Mapping[date, date] | None = None
) -> DataFrame:
    """Every attribute of each customer as known at each as-of date, null where unknown.

    later: by as-of date a later day; a version known by that later day counts too if its nominal date lies before the
    as-of date, so that the state of the date is seen as it was known later.

    customers: versions (customer_id, source, known_from, nominal_date, delivery, attributes). Of each source the last
    version with known_from <= as-of date counts, by known_from, nominal date and delivery; an attribute of several
    sources comes from the last of theirs. Returns customer_id, as_of_date and the attributes.
    """
    owners: dict[str, tuple[str, ...]] = {}
    for source in sources:
        for attribute in source.attributes:
            owners[attribute.name] = (*owners.get(attribute.name, ()), source.name)
    version = F.struct("known_from", "nominal_date", "delivery", *(f"`{name}`" for name in owners))
    groups = sorted(set(owners.values()))
    last = [F.max(F.when(F.col("source").isin(*group), version)).alias(f"_{n}") for n, group in enumerate(groups)]
    latest = known_at(customers, dates, later).groupBy(*KEY).agg(*last)
    return latest.select(*KEY, *(F.col(f"_{groups.index(group)}")[name].alias(name) for name, group in owners.items()))


def first_days(first_seen: DataFrame, sources: Iterable[str], dates: Collection[date]) -> DataFrame:
    """The first event date of each customer in each source as known at each as-of date.

    first_seen: customer_id, source, first_seen, known_from. Returns customer_id, as_of_date and `_first_<source>`.
    """
    firsts = [F.min(F.when(F.col("source") == name, F.col("first_seen"))).alias(first_column(name)) for name in sources]
    return known_at(first_seen, dates).groupBy(*KEY).agg(*firsts)


def first_column(source: str) -> str:
    """The column of `first_days` of one source."""
    return f"_first_{source}"


def active(tiles: Iterable[DataFrame], dates: Collection[date], days: int) -> DataFrame:
    """Customers with an event in one of several sources in the window of `days` days: customer_id, as_of_date."""
    seen = [seen_at(rows.select("customer_id", "event_date", "known_from"), dates, days).select(*KEY) for rows in tiles]
    return reduce(lambda left, right: left.unionAll(right), seen).distinct()


def since_first(rows: DataFrame, dates: Collection[date]) -> DataFrame:
    """The customers with a row known at each as-of date: customer_id, as_of_date.

    rows: customer_id, known_from.
    """
    earliest = rows.groupBy("customer_id").agg(F.min("known_from").alias("known_from"))
    return known_at(earliest, dates).select(*KEY)


def known_at(rows: DataFrame, dates: Collection[date], later: Mapping[date, date] | None = None) -> DataFrame:
    """The rows known at each as-of date, once per date; see `attributes` for `later`.

    rows: known_from (and nominal_date with `later`). Adds as_of_date.
    """
    hindsight = later or {}
    pairs = (f"named_struct('day', DATE'{day}', 'later', DATE'{hindsight.get(day, day)}')" for day in sorted(dates))
    seen = rows.selectExpr("*", f"explode(array({', '.join(pairs)})) as _seen")
    known = "known_from <= _seen.day"
    if hindsight:
        known += " or known_from <= _seen.later and nominal_date < _seen.day"
    return seen.where(known).selectExpr(*(f"`{name}`" for name in rows.columns), "_seen.day as as_of_date")
