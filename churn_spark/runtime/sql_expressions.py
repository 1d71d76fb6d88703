"""SQL expressions checked by Spark itself, on an empty DataFrame of the declared columns."""

import logging
import re
from collections.abc import Callable

from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import mentioned, quoted
from churn_spark.definitions.nearest import unknown
from churn_spark.spark_internals.expressions import contains, is_deterministic, optimize, require_one_expression

Columns = tuple[tuple[str, str], ...]
Expressions = Callable[[Columns, str], str]

_ROW_ONLY = "only the row itself may be used"
REFUSED = {
    "GENERATE": "gives several rows; one value is needed",
    "WINDOW_EXPRESSION": f"a window looks at other rows; {_ROW_ONLY}",
    "AGGREGATE_EXPRESSION": f"an aggregate looks at many rows; {_ROW_ONLY}",
    "PLAN_EXPRESSION": f"a subquery looks elsewhere; {_ROW_ONLY}",
    "CURRENT_LIKE": "depends on the clock or the session; a rerun would give another value",
}
"""Spark's tree patterns that an expression over one row does not have, and what is wrong with each."""

logging.getLogger("SQLQueryContextLogger").setLevel(
    logging.CRITICAL
)  # else it prints Spark's stack trace of every mistake


def expressions(spark: SparkSession) -> Expressions:
    """A function that gives the Spark type of a SQL expression over columns (name, type).

    It raises ValueError, with a readable reason, for an expression that does not parse or resolve, and for one whose
    value does not follow from its row alone: aggregates, windows, subqueries, generators, randomness, the clock. An
    expression over no columns is a constant, and must be one that can be computed.
    """
    empty: dict[Columns, DataFrame] = {}

    def type_of(columns: Columns, sql: str) -> str:
        try:
            if columns not in empty:
                ddl = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns)
                empty[columns] = spark.createDataFrame([], ddl)
            selected = empty[columns].select(F.expr(sql))
        except ParseException as error:
            raise ValueError(_unquoted(sql, columns) or f"is not SQL: {_first_sentence(error)}") from None
        except AnalysisException as error:
            raise ValueError(_unquoted(sql, columns) or _reason(error, [name for name, _ in columns])) from None
        _refuse_other_rows(selected)
        if len(selected.columns) != 1:
            raise ValueError("gives several columns; one value is needed")
        _refuse_more_than_a_value(spark, sql)
        if not columns:
            _compute(spark, sql)
        return selected.schema[0].dataType.simpleString()

    return type_of


def _refuse_other_rows(selected: DataFrame) -> None:
    for pattern, reason in REFUSED.items():
        if contains(selected, pattern):
            raise ValueError(reason)
    if not is_deterministic(selected):
        raise ValueError("is not deterministic; a rerun would give another value")


def _compute(spark: SparkSession, sql: str) -> None:
    """ValueError for a constant that cannot be computed."""
    try:
        optimize(spark.range(1).select(F.expr(sql)))
    except PySparkException as error:
        raise ValueError(_first_sentence(error)) from None


def _refuse_more_than_a_value(spark: SparkSession, sql: str) -> None:
    """ValueError for what cannot stand in brackets inside other SQL, where it is used."""
    try:
        require_one_expression(spark, f"({sql})")
    except ParseException:
        raise ValueError("leave out the name (AS ...) or the comment at its end; only a value is needed") from None


def _unquoted(sql: str, columns: Columns) -> str:
    """What to do where a column whose name SQL takes apart is mentioned as it is; empty where none is."""
    apart = [name for name, _ in columns if not re.fullmatch(r"\w+", name)]
    bare = [name for name in mentioned(sql, apart) if quoted(name) not in sql]
    return (
        f"the column {bare[0]} must stand in backticks: {quoted(bare[0])} (in YAML with quotes around all of it)"
        if bare
        else ""
    )


def _reason(error: AnalysisException, columns: list[str]) -> str:
    parameters = error.getMessageParameters() or {}
    condition = error.getCondition() or ""
    if condition.startswith("UNRESOLVED_COLUMN"):
        return unknown("column", parameters.get("objectName", "").replace("`", ""), columns)
    if condition == "UNRESOLVED_ROUTINE":
        return f"there is no function {parameters.get('routineName', '').replace('`', '')}"
    return _first_sentence(error)


def _first_sentence(error: PySparkException) -> str:
    """Spark's message, its first line, without the error class in front and the SQL state behind."""
    line = str(error).strip().splitlines()[0]
    line = re.sub(r"^\[[A-Z0-9_.]+\]\s*", "", line)
    return re.sub(r"\s*SQLSTATE:.*$", "", line).rstrip(". ")
