"""Different values of categories: exactly, by the day each value was last seen, or by HyperLogLog sketches."""

from collections.abc import Collection, Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.features import Feature
from churn_spark.definitions.sources import Source
from churn_spark.features.rings import KEY, ring, within


def distinct(tiles: DataFrame, features: Iterable[Feature], source: Source) -> list[DataFrame]:
    """A frame for each category, of one row a customer and as-of date with its `distinct` features.

    tiles: as_of_date, `age` and `<category>_values` (arrays) or `<category>_sketch`. Whatever the number of windows, an
    exact count keeps one age a value: the smallest, since a value seen then is in every window that long.
    """
    by_category: dict[str, list[Feature]] = {}
    for feature in features:
        by_category.setdefault(feature.column or "", []).append(feature)
    return [
        _sketched(tiles, name, listed) if source.category(name).approximate else _exact(tiles, name, listed)
        for name, listed in by_category.items()
    ]


def _exact(tiles: DataFrame, category: str, features: Collection[Feature]) -> DataFrame:
    seen = tiles.selectExpr(*KEY, "age", f"`{category}_values` as values").repartition(*KEY)
    last_seen = (
        seen.selectExpr(*KEY, "age", "explode(values) as value").groupBy(*KEY, "value").agg(F.expr("min(age) as age"))
    )
    return last_seen.groupBy(*KEY).agg(
        *(F.expr(f"count_if(age <= {feature.window}) as `{feature.name}`") for feature in features)
    )


def _sketched(tiles: DataFrame, category: str, features: Collection[Feature]) -> DataFrame:
    edges = sorted({feature.window or 0 for feature in features})
    narrow = tiles.selectExpr(*KEY, f"{ring(edges)} as ring", f"`{category}_sketch` as sketch").repartition(*KEY)
    rings = narrow.groupBy(*KEY, "ring").agg(F.expr("hll_union_agg(sketch) as sketch"))
    return rings.groupBy(*KEY).agg(*(F.expr(_estimate(feature, edges)) for feature in features))


def _estimate(feature: Feature, edges: Collection[int]) -> str:
    covered = f"if({within(feature.window or 0, edges)}, sketch, null)"
    return f"hll_sketch_estimate(hll_union_agg({covered})) as `{feature.name}`"
