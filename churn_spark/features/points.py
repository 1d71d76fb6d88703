"""First and last values of measures: aggregated apart, since structs would slow the sums down."""

from collections.abc import Collection

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.features import Feature
from churn_spark.definitions.sources import Source
from churn_spark.features.rings import KEY, ring, within

POINT_OPS = ("first", "last", "delta")
ENDS = {"first": "min", "last": "max"}


def points(tiles: DataFrame, features: Collection[Feature], source: Source) -> DataFrame:
    """One row a customer and as-of date with the `first`, `last` and `delta` features of one source.

    tiles: as_of_date, `age` and `<measure>_first`, `<measure>_last` (structs of time, id, value).
    """
    edges = sorted({feature.window or 0 for feature in features})
    ends = {f"`{feature.column}_{end}`": merge for feature in features for end, merge in ENDS.items()}
    narrow = tiles.selectExpr(*KEY, f"{ring(edges)} as ring", *ends).repartition(*KEY)
    rings = narrow.groupBy(*KEY, "ring").agg(*(F.expr(f"{merge}({end}) as {end}") for end, merge in ends.items()))
    return rings.groupBy(*KEY).agg(*(F.expr(_feature(feature, source, edges)) for feature in features))


def _feature(feature: Feature, source: Source, edges: Collection[int]) -> str:
    covered = within(feature.window or 0, edges)
    first, last = (f"{merge}(if({covered}, `{feature.column}_{end}`, null)).value" for end, merge in ENDS.items())
    value = {"first": first, "last": last, "delta": f"({last} - {first})"}[feature.op]
    return f"cast({value} as double) / {10 ** source.measure(feature.column or '').scale}D as `{feature.name}`"
