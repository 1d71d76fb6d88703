"""Computes features from tiles over all windows of any as-of dates, in one pass and one shuffle.

Tiles are shuffled by customer as they are (narrow), and whole customers go to NumPy in Arrow batches, where every
window of every date is a range of rows. Spark only reads, shuffles and hands over: generating and optimising code for
hundreds of formulas would cost more than computing them.
"""

from collections.abc import Collection
from datetime import date
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame

from churn_spark.definitions.features import Feature
from churn_spark.definitions.sources import Source
from churn_spark.features.arrow import BUCKET, FeatureQuery, snapshots
from churn_spark.features.axis import EPOCH, window_axis

TILE = ("customer_id", "event_date", "known_from")
KINDS = {
    pa.string(): "string",
    pa.date32(): "date",
    pa.bool_(): "boolean",
    pa.int64(): "bigint",
    pa.float64(): "double",
}


def over_windows(
    tiles: DataFrame, features: Collection[Feature], source: Source, dates: Collection[date], active: int = 0
) -> DataFrame:
    """One row per as-of date and customer with a tile in the longest window, with the features.

    tiles: of the source. active: days; if not 0, `arrow.ACTIVE` says whether the customer had an event in the last
    `active` days. A feature of an empty window is 0 or null, as its formula has it.
    """
    query = FeatureQuery(window_axis(dates, features, active), tuple(features), source, active)
    start, end = (_day(day) for day in (query.axis.start, query.axis.dates[-1]))
    runs = ((_day(first), _day(after)) for first, after in query.axis.reached)
    reached = " or ".join(f"event_date >= {first} and event_date < {after}" for first, after in runs)
    read = [f"`{name}`" for name in dict.fromkeys((*TILE, *query.columns))]
    recent = tiles.where(f"known_from > {start} and known_from <= {end}").where(reached)
    by_customer = recent.selectExpr(*read, f"xxhash64(customer_id) as {BUCKET}").repartition("customer_id")
    schema = ", ".join(f"`{field.name}` {KINDS[field.type]}" for field in query.schema)
    return by_customer.sortWithinPartitions(BUCKET).mapInArrow(partial(snapshots, query=query), schema)


def _day(number: int) -> str:
    """SQL of a day counted from 1970."""
    return f"DATE'{date.fromordinal(number + EPOCH)}'"
