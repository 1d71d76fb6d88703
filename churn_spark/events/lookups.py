"""Adds the columns of lookups: one left join per lookup, by a key that is unique in its table."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.lookups import Lookup, looked_up_as
from churn_spark.definitions.sources import Source
from churn_spark.events.attempt import attempted, value
from churn_spark.events.raw import parses

UNMATCHED = "_unmatched"
AT, REASONS = "_at", "_reasons"
"""Columns of a lookup's table: the key, and the reasons to refuse a row."""


def checked_table(typed: DataFrame, lookup: Lookup) -> DataFrame:
    """The rows of a lookup for the join: `_at` (the key), its columns by their names in SQL, `_reasons` to refuse the
    row, and `_removed` (see `raw.typed`).
    """
    key = _comparable(F.col(quoted(lookup.key)), lookup).alias(AT)
    columns = [F.col(quoted(name)).alias(looked_up_as(lookup.name, name)) for name, _ in lookup.schema]
    reasons = F.when(parses(), F.col("_bad")).otherwise(F.array(F.lit("unparsable"))).alias(REASONS)
    return typed.select(key, *columns, reasons, "_removed")


def with_lookups(rows: DataFrame, source: Source, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Add the columns of each lookup, null where it has no row of the key; the attempted `on` (see `attempted`); and,
    where there are lookups, `_unmatched`, the names of the lookups without a row of the key.

    rows: typed raw rows. tables: by the names of lookups (see `checked_table`), each key once.
    """
    unmatched = []
    for position, lookup in enumerate(source.lookups):
        key, at = f"_key_{position}", f"_at_{position}"
        tried = attempted(rows, {lookup.expression: lookup.on}, when=parses())
        with_key = tried.withColumn(key, _comparable(value(lookup.expression), lookup))
        rows = with_key.join(tables[lookup.name].withColumnRenamed(AT, at), on=F.col(key) == F.col(at), how="left")
        unmatched.append(F.when(F.col(key).isNotNull() & F.col(at).isNull(), F.lit(lookup.name)))
    return rows.withColumn(UNMATCHED, F.array_compact(F.array(*unmatched))) if unmatched else rows


def _comparable(key: Column, lookup: Lookup) -> Column:
    if not lookup.key_is_text:
        return key.cast("bigint")
    text = key.cast("string")
    return F.when(F.trim(text) != "", text)
