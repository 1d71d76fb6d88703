"""Statistics of the values of events: counts, nulls, quantiles, Tukey fences; exact, and independent of row order.

Values are counted once (`value_counts`); every statistic, of all learning dates in one pass, is then an aggregate of
those counts. Learning dates are rows, not parts of an expression: there may be thousands.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source

FENCE_FACTOR = 3.0
"""The factor of the profile's fences; cleaning uses the column's own factor."""

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def value_counts(events: DataFrame, source: Source, dates: Collection[date]) -> DataFrame:
    """How often each value of each column occurs, by the first of `dates` that may use it.

    events: the columns of `events_<source>`. Rows known after the last date are left out. Returns column, learnt_on,
    number (of a measure; null for categories), text (of a category; null for measures), rows.
    """
    ordered = sorted(dates)
    learns = _first_to_learn(events.sparkSession, ordered)
    measures = [_value(m.name, F.col(m.name).cast("double"), F.lit(None).cast("string")) for m in source.measures]
    categories = [_value(c.name, F.lit(None).cast("double"), F.col(c.name)) for c in source.categories]
    known = events.where(F.col("known_from") <= F.lit(ordered[-1]))
    known = known.withColumn("_day", F.greatest("known_from", F.lit(ordered[0]))).join(F.broadcast(learns), on="_day")
    known = known.select("learnt_on", F.explode(F.array(*measures, *categories)).alias("value"))
    return known.groupBy("value.column", "learnt_on", "value.number", "value.text").agg(F.count(F.lit(1)).alias("rows"))


def limits(counts: DataFrame, source: Source, dates: Collection[date]) -> DataFrame:
    """The cleaning values of the columns that learn, from the values known by each date (columns of `cleaning_limits`).

    counts: see `value_counts`. Fences are `[q1 - k IQR, q3 + k IQR]` with the column's fence factor (Tukey, Exploratory
    Data Analysis, 1977); quartiles by linear interpolation. mode: the most frequent value, of several the smallest.
    """
    learning = {c.name: c.cleaning.fence_factor for c in source.columns if c.cleaning.learns}
    factor = reduce(
        lambda other, name: F.when(F.col("column") == name, F.lit(float(learning[name]))).otherwise(other),
        learning,
        F.lit(None).cast("double"),
    )
    spread = F.col("q3") - F.col("q1")
    present = F.col("number").isNotNull() | F.col("text").isNotNull()
    return (
        _known(counts.where(F.col("column").isin(list(learning)) & present), dates)
        .groupBy("learnt_on", "column")
        .agg(F.sum("rows").alias("rows"), *_quartiles(), _mean().alias("mean"), _mode().alias("mode"))
        .select(
            "learnt_on",
            F.lit(source.name).alias("source"),
            "column",
            "rows",
            "q1",
            "q3",
            (F.col("q1") - factor * spread).alias("lower"),
            (F.col("q3") + factor * spread).alias("upper"),
            "mean",
            "median",
            "mode",
        )
    )


def profile(counts: DataFrame, source: Source, learnt_on: date) -> DataFrame:
    """Every statistic of every column, from the values known by a date (the columns of `data_profile`).

    counts: see `value_counts`. rows, nulls, distinct, and of measures min, quantiles, max, mean and outliers (values
    outside the fences with factor 3), of categories the mode as text.
    """
    known = _known(counts, [learnt_on])
    quartiles = known.groupBy("column").agg(*_quartiles())
    spread = (F.col("q3") - F.col("q1")) * FENCE_FACTOR
    outside = (F.col("number") < F.col("q1") - spread) | (F.col("number") > F.col("q3") + spread)
    missing = F.col("number").isNull() & F.col("text").isNull()
    quantiles = {name: F.percentile("number", F.lit(share), F.col("rows")) for name, share in QUANTILES.items()}
    numbers: dict[str, Column] = {
        "rows": F.sum("rows"),
        "nulls": F.coalesce(F.sum(F.when(missing, F.col("rows"))), F.lit(0)),
        "distinct": F.count_if(~missing),
        "min": F.min("number"),
        **quantiles,
        "max": F.max("number"),
        "mean": _mean(),
        "outliers": F.sum(F.when(outside, F.col("rows")).when(F.col("number").isNotNull(), 0)),
    }
    wide = (
        known.join(F.broadcast(quartiles), on="column")
        .groupBy("column")
        .agg(*(value.cast("double").alias(name) for name, value in numbers.items()), _mode().alias("mode"))
    )
    entries = [
        F.struct(F.lit(n).alias("statistic"), F.col(n).alias("value"), _no_text().alias("text")) for n in numbers
    ]
    entries.append(F.struct(F.lit("mode").alias("statistic"), _no_value().alias("value"), F.col("mode").alias("text")))
    return (
        wide.select("column", F.explode(F.array(*entries)).alias("entry"))
        .where(F.col("entry.value").isNotNull() | F.col("entry.text").isNotNull())
        .select(F.lit(learnt_on).alias("learnt_on"), F.lit(source.name).alias("source"), "column", "entry.*")
    )


def _value(name: str, number: Column, text: Column) -> Column:
    return F.struct(F.lit(name).alias("column"), number.alias("number"), text.alias("text"))


def _first_to_learn(session: SparkSession, ordered: Sequence[date]) -> DataFrame:
    """For each day from the first to the last of some dates, the first of them that is not before it."""
    days = (ordered[0] + timedelta(days=n) for n in range((ordered[-1] - ordered[0]).days + 1))
    rows = [(day, ordered[bisect_left(ordered, day)]) for day in days]
    return session.createDataFrame(rows, "_day date, learnt_on date")


def _known(counts: DataFrame, dates: Collection[date]) -> DataFrame:
    """One row per date, column and value known by the date."""
    by = counts.sparkSession.createDataFrame([(day,) for day in dates], "_by date")
    known = counts.join(F.broadcast(by), on=F.col("learnt_on") <= F.col("_by"))
    by_value = known.groupBy(F.col("_by").alias("learnt_on"), "column", "number", "text")
    return by_value.agg(F.sum("rows").alias("rows"))


def _quartiles() -> list[Column]:
    shares = {"q1": 0.25, "median": 0.5, "q3": 0.75}
    return [F.percentile("number", F.lit(share), F.col("rows")).alias(name) for name, share in shares.items()]


def _mean() -> Column:
    # In exact decimals: the last digits of a sum of doubles would depend on the order of rows.
    with_value = F.when(F.col("number").isNotNull(), F.col("rows"))
    total = F.sum(F.col("number").cast("decimal(28,9)") * F.col("rows").cast("decimal(10,0)"))
    return total.cast("double") / F.sum(with_value)


def _mode() -> Column:
    """The most frequent value as text; on a tie the smallest."""
    value = F.coalesce("text", F.col("number").cast("string"))
    rarity = F.when(value.isNotNull(), F.struct((-F.col("rows")).alias("rarity"), "number", "text"))
    return F.min_by(value, rarity)


def _no_text() -> Column:
    return F.lit(None).cast("string")


def _no_value() -> Column:
    return F.lit(None).cast("double")
