"""Examples of refused rows, by reason."""

from collections import defaultdict
from collections.abc import Mapping

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events.examples import examples

_LOOKED_AT = 20
"""Refused rows per reason that are read to find different examples."""


def examples_by_reason(source: Source, refused: DataFrame, public: bool) -> dict[str, str]:
    """Examples of each reason (see `events.examples`), the same ones each time.

    refused: rows as quarantine keeps them. public: identifying values may be shown.
    """
    each = refused.select(F.explode("reasons").alias("reason"), "row", "length", "event_id", "row_hash").distinct()
    ranked = F.row_number().over(Window.partitionBy("reason").orderBy("row_hash"))
    rows: dict[str, list[Mapping[str, object]]] = defaultdict(list)
    for row in each.withColumn("_rank", ranked).where(F.col("_rank") <= _LOOKED_AT).orderBy("row_hash").collect():
        rows[row["reason"]].append(row.asDict())
    return {
        reason: examples(source, reason, refused_rows, () if public else None) for reason, refused_rows in rows.items()
    }
