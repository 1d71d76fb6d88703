"""What the report needs of each table, summed up where it lies; every function gives columns of `facts.COLUMNS`."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.report.facts import BUCKET, COLUMNS

BUCKETS = round(1 / BUCKET)


def riskiest(scores: DataFrame, most: int) -> DataFrame:
    """The `most` riskiest rows of `risk_scores` of one date."""
    return scores.orderBy("risk_rank").limit(most).select(*COLUMNS["riskiest"])


def costliest(scores: DataFrame, most: int) -> DataFrame:
    """The `most` rows of `risk_scores` of one date with the largest expected loss; none where there is no value."""
    valued = scores.where(F.col("expected_loss").isNotNull())
    return valued.orderBy(F.desc("expected_loss"), "risk_rank").limit(most).select(*COLUMNS["costliest"])


def risks(scores: DataFrame) -> DataFrame:
    """Customers, summed risk, value and expected loss by tier and bucket of risk; the last bucket holds risk 1.

    Also model_version and replayed of the scores.
    """
    bucket = F.least(F.floor(F.col("risk") * BUCKETS), F.lit(BUCKETS - 1)).cast("int")
    return (
        scores.groupBy("tier", bucket.alias("bucket"))
        .agg(
            F.count("*").alias("customers"),
            *_sums("risk", "value", "expected_loss"),
            F.max("model_version").alias("model_version"),
            F.max("replayed").alias("replayed"),
        )
    )  # fmt: skip


def segments(segmented: DataFrame, scores: DataFrame) -> DataFrame:
    """The same sums by k-means segment, recency and frequency quintile.

    segmented: customer_id, segment, recency_quintile, frequency_quintile of one date; scores: of the same date.
    """
    rows = segmented.select("customer_id", "segment", "recency_quintile", "frequency_quintile").join(
        scores.select("customer_id", "risk", "tier", "value", "expected_loss"), on="customer_id", how="inner"
    )
    high = F.sum(F.when(F.col("tier") == "high", 1).otherwise(0)).alias("high")
    return (
        rows.groupBy(F.col("segment").cast("string").alias("segment"), "recency_quintile", "frequency_quintile")
        .agg(F.count("*").alias("customers"), high, *_sums("risk", "value", "expected_loss"))
        .select(*COLUMNS["segments"])
    )


def centres(segment_centres: DataFrame, features: Collection[str]) -> DataFrame:
    """The centres of some features in the features' own units (they are kept as standardised log(1 + value))."""
    typical = F.expm1(F.col("centre") * F.col("std") + F.col("mean"))
    return segment_centres.where(F.col("feature").isin(*features)).select(
        F.col("segment").cast("string").alias("segment"), "feature", typical.alias("typical")
    )


def snapshots(labels: DataFrame, as_of: date) -> DataFrame:
    """Customers, labels and churners of every snapshot whose labels were known at `as_of`, and why others have none."""
    reasons = (
        labels.where(F.col("matured_on") <= F.lit(as_of))
        .groupBy("as_of_date", "excluded")
        .agg(F.count("*").alias("customers"), F.count("label").alias("labelled"), F.sum("label").alias("churned"))
    )
    told = F.concat("excluded", F.lit(" "), F.format_number("customers", 0))
    return (
        reasons.groupBy("as_of_date")
        .agg(
            *_sums("customers", "labelled"),
            F.coalesce(F.sum("churned"), F.lit(0)).alias("churned"),
            F.concat_ws(", ", F.sort_array(F.collect_list(told))).alias("excluded"),
        )
        .orderBy("as_of_date")
    )  # fmt: skip


def deliveries(taken: DataFrame, sources: Sequence[Source], as_of: date) -> DataFrame:
    """The reconciliation of each source, its first and last nominal date, what was late, what was refused most.

    nominal_dates: only of sources with a calendar. late: taken in after nominal date + lag, the loaded history apart.
    """
    refused, share = F.col("quarantined"), F.try_divide(F.col("quarantined"), F.col("read"))
    planned = [source.name for source in sources if source.delivered.expected]
    late = reduce(lambda either, source: either | _late(source), sources, F.lit(False))
    worst = F.max_by(F.struct("delivery", refused.alias("refused"), "read"), F.struct(share, "read", "delivery"))
    return (
        taken.where(F.col("taken_on") <= F.lit(as_of))
        .groupBy("source")
        .agg(
            F.count("*").alias("deliveries"),
            *_sums("read", "kept", "quarantined", "duplicate", "bytes"),
            F.min("nominal_date").alias("first"),
            F.max("nominal_date").alias("last"),
            F.collect_set(F.when(F.col("source").isin(*planned), F.col("nominal_date"))).alias("nominal_dates"),
            F.count_if(late).alias("late"),
            F.count_if("accepted_incomplete").alias("incomplete"),
            worst.alias("most"),
            F.sort_array(F.array_distinct(F.flatten(F.collect_list("ignored_columns")))).alias("ignored_columns"),
        )
        .withColumns(
            {"worst": F.col("most.delivery"), "worst_refused": F.col("most.refused"), "worst_read": F.col("most.read")}
        )
        .select(*COLUMNS["deliveries"])
    )


def reasons(taken: DataFrame, as_of: date) -> DataFrame:
    """Rows by source and reason."""
    listed = taken.where(F.col("taken_on") <= F.lit(as_of)).select("source", F.explode("reasons").alias("found"))
    return listed.groupBy("source", F.col("found.reason").alias("reason")).agg(F.sum("found.rows").alias("rows"))


def cleaned(tiles: DataFrame, source: Source) -> DataFrame:
    """Events, and those missing or outside the fences before cleaning, of each measure of a source's tiles."""
    counts = [
        F.struct(
            F.lit(measure.name).alias("column"), *(F.sum(f"{measure.name}_{what}").alias(what) for what in _COUNTED)
        )
        for measure in source.measures
    ]
    totals = tiles.agg(F.sum("events").alias("events"), F.array(*counts).alias("counts"))
    return totals.select("events", F.inline("counts")).select(
        F.lit(source.name).alias("source"), "column", "events", *_COUNTED
    )


def history(first_seen: DataFrame, as_of: date) -> DataFrame:
    """The first day of each source known at `as_of`."""
    known = first_seen.where(F.col("known_from") <= F.lit(as_of))
    return known.groupBy("source").agg(F.min("first_seen").alias("first_seen"))


_COUNTED = ("missing", "outlier")


def _sums(*names: str) -> list[Column]:
    return [F.sum(name).alias(name) for name in names]


def _late(source: Source) -> Column:
    delivered = source.delivered
    known = F.date_add("nominal_date", delivered.lag_days)
    until = F.lit(delivered.history_until).cast("date")
    loaded = F.col("history") & F.coalesce(F.col("nominal_date") <= until, F.lit(False))
    return (F.col("source") == source.name) & ~loaded & (F.col("taken_on") > known)
