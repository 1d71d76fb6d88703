"""Compacts events to tiles: mergeable partial aggregates of one customer's events of one day, known from one date."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from churn_spark.definitions.columns import SQUARE_BITS, Category, Measure, value_column
from churn_spark.definitions.sources import Source

KEY = ("customer_id", "event_date", "known_from")


def compact(events: DataFrame, source: Source) -> DataFrame:
    """Aggregate cleaned events to one row per customer, event date and knowledge date.

    events: customer_id, event_id, event_time, event_date, known_from, the source's measures (decimals) and categories,
    and of each measure `<measure>_missing` and `<measure>_outlier` (0 or 1); `uncleaned` where the source learns.
    Returns the columns of `tiles_<source>`. Everything is an integer, so it is exact and does not depend on the order
    of rows; a sum beyond 64 bits is an arithmetic error (`max_abs` rules it out).
    """
    scaled = events.withColumns({_scaled(m.name): _units(m) for m in source.measures})
    if any(category.distinct and category.approximate for category in source.categories):
        # A sketch's bytes depend on the order in which values come, so that order is fixed.
        scaled = scaled.repartition(*KEY).sortWithinPartitions(*KEY, "event_time", "event_id")
    return scaled.groupBy(*KEY).agg(
        F.count(F.lit(1)).alias("events"),
        *(column for measure in source.measures for column in _measure(measure)),
        *(column for category in source.categories for column in _category(category)),
        *((F.sum("uncleaned").alias("uncleaned"),) if source.learns else ()),
    )


def first_seen(tiles: DataFrame, source: str, known: DataFrame | None = None) -> DataFrame:
    """First event dates as known at each knowledge date: a row where a customer's is earlier than all known before.

    tiles: customer_id, event_date, known_from. known: customer_id, first_seen of earlier knowledge dates. Returns the
    columns of `first_seen`: per customer one row, and one more each time its first date is corrected.
    """
    learnt = tiles.groupBy("customer_id", "known_from").agg(F.min("event_date").alias("first_seen"))
    dates_before = Window.partitionBy("customer_id").orderBy("known_from").rowsBetween(Window.unboundedPreceding, -1)
    earlier = learnt.withColumn("_before", F.min("first_seen").over(dates_before))
    if known is not None:
        firsts = known.groupBy("customer_id").agg(F.min("first_seen").alias("_known"))
        earlier = earlier.join(firsts, on="customer_id", how="left").withColumn("_before", F.least("_before", "_known"))
    corrected = earlier.where(F.col("_before").isNull() | (F.col("first_seen") < F.col("_before")))
    return corrected.select("customer_id", F.lit(source).alias("source"), "first_seen", "known_from")


def _scaled(measure: str) -> str:
    return f"_scaled_{measure}"


def _units(measure: Measure) -> Column:
    return (F.col(measure.name) * F.lit(10**measure.scale)).cast("bigint")


def _measure(measure: Measure) -> list[Column]:
    name, value = measure.name, F.col(_scaled(measure.name))
    high, low = _square(value)
    point = F.when(
        value.isNotNull(),
        F.struct(F.unix_micros("event_time").alias("time"), F.col("event_id").alias("id"), value.alias("value")),
    )
    points = [F.min(point).alias(f"{name}_first"), F.max(point).alias(f"{name}_last")]
    return [
        F.count(value).alias(f"{name}_n"),
        F.coalesce(F.sum(value), F.lit(0)).alias(f"{name}_sum"),
        F.coalesce(F.sum(high), F.lit(0)).alias(f"{name}_sumsq_high"),
        F.coalesce(F.sum(low), F.lit(0)).alias(f"{name}_sumsq_low"),
        F.min(value).alias(f"{name}_min"),
        F.max(value).alias(f"{name}_max"),
        *(points if measure.points else ()),
        F.sum(f"{name}_missing").alias(f"{name}_missing"),
        F.sum(f"{name}_outlier").alias(f"{name}_outlier"),
    ]


def _square(value: Column) -> tuple[Column, Column]:
    """High and low part of a square, in 64-bit integers: the value is a 2^h + b, with h half of the low part's bits."""
    half = SQUARE_BITS // 2
    a, b = F.shiftright(value, half), value.bitwiseAND(F.lit(2**half - 1))
    rest = a * b * F.lit(2 ** (half + 1)) + b * b
    return a * a + F.shiftright(rest, SQUARE_BITS), rest.bitwiseAND(F.lit(2**SQUARE_BITS - 1))


def _category(category: Category) -> list[Column]:
    name, value = category.name, F.col(category.name)
    counts = [F.count_if(value == v).alias(value_column(name, v)) for v in category.values]
    sums = [
        F.coalesce(F.sum(F.when(value == v, F.col(_scaled(m)))), F.lit(0)).alias(value_column(name, v, m))
        for m in category.measures
        for v in category.values
    ]
    if category.distinct and category.approximate:
        return [*counts, *sums, F.hll_sketch_agg(value).alias(f"{name}_sketch")]
    if category.distinct:
        return [*counts, *sums, F.array_sort(F.collect_set(value)).alias(f"{name}_values")]
    return [*counts, *sums]
