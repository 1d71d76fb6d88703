"""Different values of categories by HyperLogLog sketches, which Spark merges."""

from collections.abc import Collection, Iterable
from datetime import date
from itertools import pairwise

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.features import Feature
from churn_spark.features.as_of import KEY, seen_at


def approximate(tiles: DataFrame, features: Iterable[Feature], dates: Collection[date]) -> list[DataFrame]:
    """One frame per category, with one row per customer and as-of date and the category's `distinct` features.

    tiles: customer_id, event_date, known_from and `<category>_sketch`. The edges of the windows cut the ages of tiles
    into rings; sketches are merged in each ring once, and windows from rings.
    """
    by_category: dict[str, list[Feature]] = {}
    for feature in features:
        by_category.setdefault(feature.column or "", []).append(feature)
    return [_sketched(tiles, name, listed, dates) for name, listed in by_category.items()]


def _sketched(tiles: DataFrame, category: str, features: list[Feature], dates: Collection[date]) -> DataFrame:
    edges = sorted({feature.window or 0 for feature in features})
    narrow = seen_at(tiles.select("customer_id", "event_date", "known_from", f"{category}_sketch"), dates, edges[-1])
    placed = narrow.selectExpr(*KEY, f"{_ring(edges)} as ring", f"`{category}_sketch` as sketch").repartition(*KEY)
    rings = placed.groupBy(*KEY, "ring").agg(F.expr("hll_union_agg(sketch) as sketch"))
    return rings.groupBy(*KEY).agg(*(F.expr(_estimate(feature, edges)) for feature in features))


def _ring(edges: list[int]) -> str:
    """SQL of the number of a tile's ring: 0 for ages up to the smallest edge, 1 up to the next, and so on."""
    cases = (f"when age <= {outer} then {number}" for number, (_, outer) in enumerate(pairwise([0, *edges])))
    return f"case {' '.join(cases)} end"


def _estimate(feature: Feature, edges: list[int]) -> str:
    covered = f"if(ring <= {edges.index(feature.window or 0)}, sketch, null)"
    return f"hll_sketch_estimate(hll_union_agg({covered})) as `{feature.name}`"
