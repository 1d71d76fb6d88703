"""SQL expressions of the configuration, evaluated so that a row on which one fails is found instead of ending the job.

With ANSI on, `cast('x' as int)` or `1 / 0` raises and takes every other row with it. `TryEval`, Spark's own wrapper
behind its `try_` functions, turns the failure of one row into null. The value travels in a struct, so a failure (no
struct) differs from a null value.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.classic.column import Column as ClassicColumn

PREFIX = "_try_"


def attempted(rows: DataFrame, expressions: Mapping[str, str], when: Column) -> DataFrame:
    """Add `_try_<name>` for each SQL expression: a struct with `v`, the value; null where evaluating it failed.

    when: rows to evaluate; null elsewhere. It must not be constant: inside a branch that is not always taken Spark
    never hoists a common part of two expressions out of their `TryEval`, where its failure would end the job.
    """
    session = rows.sparkSession
    return rows.withColumns(
        {
            PREFIX + name: F.when(when, _tried(session, f"named_struct('v', ({text}))"))
            for name, text in expressions.items()
        }
    )


def value(name: str) -> Column:
    """The value of an attempted expression; null where it failed."""
    return F.col(PREFIX + name)["v"]


def failed(name: str) -> Column:
    """Whether an attempted expression failed on the row."""
    return F.col(PREFIX + name).isNull()


def _tried(session: SparkSession, text: str) -> Column:
    jvm, jsession = session._jvm, session._jsparkSession
    parsed = jsession.sessionState().sqlParser().parseExpression(text)
    tried = jvm.org.apache.spark.sql.catalyst.expressions.TryEval(parsed)  # type: ignore[union-attr]
    return ClassicColumn(jvm.org.apache.spark.sql.classic.ExpressionUtils.column(tried))  # type: ignore[union-attr]
