"""Segments: RFM quintiles, and k-means over a few features; both from the features of an as-of date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.ml.clustering import KMeans
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Segmentation

QUINTILES = 5
FITTED_ON = 50_000
"""The most customers that k-means is fitted on: with more, a sample by hash."""


@dataclass(frozen=True, slots=True)
class Centre:
    """One coordinate of one centre; `mean` and `std` are those the feature was standardised with."""

    segment: int
    feature: str
    centre: float
    mean: float
    std: float


def segments(features: DataFrame, rule: Segmentation, centres: Mapping[date, Sequence[Centre]]) -> DataFrame:
    """RFM quintiles and the nearest centre of each customer.

    features: customer_id, as_of_date and the features the rule names. centres: those in force, by as-of date. Quintiles
    are fifths of the population of a date, ties in the order of customer_id; a customer without a value is in the
    lowest. Of two equally near centres the first counts; the segment is null where a date has no centre.
    Returns customer_id, as_of_date, the three quintiles, rfm, segment.
    """
    quintiles = {
        "recency_quintile": _quintile(F.col(rule.recency).desc_nulls_first()),
        "frequency_quintile": _quintile(F.col(rule.frequency).asc_nulls_first()),
        "monetary_quintile": _quintile(F.col(rule.monetary).asc_nulls_first()),
    }
    point = F.array(*(_log(name) for name in clustered(rule)))
    placed = features.join(F.broadcast(_by_date(features, centres)), on="as_of_date", how="left")
    return placed.select(
        "customer_id",
        "as_of_date",
        *(quintile.alias(name) for name, quintile in quintiles.items()),
        F.concat(*quintiles.values()).alias("rfm"),
        _nearest(point).alias("segment"),
    )


def fit(features: DataFrame, rule: Segmentation) -> list[Centre]:
    """The centres of k-means over log(1 + max(value, 0)), standardised, a missing value as 0; richest segment first.

    features: of one as-of date. The same customers give the same centres: they are taken in the order of customer_id.
    """
    names = clustered(rule)
    logs = features.select("customer_id", *(_log(name).alias(name) for name in names))
    moments = logs.agg(
        F.count(F.lit(1)).alias("rows"),
        *(F.avg(name).alias(f"mean_{n}") for n, name in enumerate(names)),
        *(F.stddev_pop(name).alias(f"std_{n}") for n, name in enumerate(names)),
    ).first()
    if moments is None or moments["rows"] == 0:
        return []
    # Rounded, because the last digits of a sum of doubles depend on the order in which partitions arrive.
    means = [round(moments[f"mean_{n}"], 9) for n in range(len(names))]
    stds = [round(moments[f"std_{n}"], 9) or 1.0 for n in range(len(names))]
    every = -(-moments["rows"] // FITTED_ON)
    sample = logs.where(F.pmod(F.xxhash64("customer_id"), F.lit(every)) == 0).orderBy("customer_id").coalesce(1)
    scaled = sample.select(*(((F.col(name) - means[n]) / stds[n]).alias(name) for n, name in enumerate(names)))
    points = VectorAssembler(inputCols=list(names), outputCol="point").transform(scaled)
    model = KMeans(k=rule.clusters, seed=rule.seed, featuresCol="point").fit(points.select("point"))
    richest_first = sorted(model.clusterCenters(), key=lambda centre: (-centre[names.index(rule.monetary)], *centre))
    return [
        Centre(segment, name, float(centre[n]), means[n], stds[n])
        for segment, centre in enumerate(richest_first)
        for n, name in enumerate(names)
    ]


def clustered(rule: Segmentation) -> tuple[str, ...]:
    """The features k-means is fitted on: those configured, and the monetary one, by which segments are ordered."""
    return tuple(dict.fromkeys((*(rule.features or (rule.recency, rule.frequency)), rule.monetary)))


def _quintile(order: Column) -> Column:
    return F.ntile(QUINTILES).over(Window.partitionBy("as_of_date").orderBy(order, F.col("customer_id")))


def _log(feature: str) -> Column:
    return F.log1p(F.greatest(F.coalesce(F.col(feature).cast("double"), F.lit(0.0)), F.lit(0.0)))


def _by_date(features: DataFrame, centres: Mapping[date, Sequence[Centre]]) -> DataFrame:
    """One row per date: `_mean` and `_std` by feature, `_centres` by segment and feature."""
    rows = []
    for day, coordinates in centres.items():
        by_segment: dict[int, list[Centre]] = {}
        for centre in coordinates:
            by_segment.setdefault(centre.segment, []).append(centre)
        if by_segment:
            first = by_segment[min(by_segment)]
            points = [[c.centre for c in by_segment[number]] for number in sorted(by_segment)]
            rows.append((day, [c.mean for c in first], [c.std for c in first], points))
    schema = "as_of_date date, _mean array<double>, _std array<double>, _centres array<array<double>>"
    return features.sparkSession.createDataFrame(rows, schema)


def _nearest(point: Column) -> Column:
    """The position of the nearest centre."""
    centred = F.zip_with(point, F.col("_mean"), lambda value, mean: value - mean)
    scaled = F.zip_with(centred, F.col("_std"), lambda value, std: value / std)
    distances = F.transform("_centres", lambda centre: _squared_distance(scaled, centre))
    return (F.array_position(distances, F.array_min(distances)) - 1).cast("int")


def _squared_distance(point: Column, centre: Column) -> Column:
    squares = F.zip_with(point, centre, lambda left, right: (left - right) * (left - right))
    return F.aggregate(squares, F.lit(0.0), lambda total, square: total + square)
