"""SQL expressions of the configuration, evaluated so that a row on which one fails does not end the job.

The value travels in a struct, so a failure (no struct) differs from a null value.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.spark_internals.expressions import tried

PREFIX = "_try_"


def attempted(rows: DataFrame, expressions: Mapping[str, str], when: Column) -> DataFrame:
    """Add `_try_<name>` for each SQL expression: a struct with `v`, the value; null where evaluating it failed.

    when: rows to evaluate; null elsewhere. It must not be constant: inside a branch that is not always taken Spark
    never hoists a common part of two expressions out of what tries them, where its failure would end the job.
    """
    session = rows.sparkSession
    return rows.withColumns(
        {
            PREFIX + name: F.when(when, tried(session, f"named_struct('v', ({text}))"))
            for name, text in expressions.items()
        }
    )


def value(name: str) -> Column:
    """The value of an attempted expression; null where it failed."""
    return F.col(PREFIX + name)["v"]


def failed(name: str) -> Column:
    """Whether an attempted expression failed on the row."""
    return F.col(PREFIX + name).isNull()
