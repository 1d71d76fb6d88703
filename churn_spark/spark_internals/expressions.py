"""SQL expressions as Catalyst sees them: parsed, tried row by row, and the tree of an analysed one."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.classic.column import Column as ClassicColumn

from churn_spark.spark_internals.errors import JvmError


def tried(spark: SparkSession, sql: str) -> Column:
    """The value of a SQL expression; null on rows where evaluating it fails.

    With ANSI on, `cast('x' as int)` or `1 / 0` raises and takes every other row with it; `TryEval` is what Spark itself
    wraps around the functions that it has with and without `try_`. Public: those functions
    (`try_cast`, `try_divide`, `try_element_at`, `try_to_timestamp`), which users may write in the configuration
    themselves. Connect: an expression that fails on a row ends the job.
    """
    jvm: Any = spark._jvm
    attempt = jvm.org.apache.spark.sql.catalyst.expressions.TryEval(_parser(spark).parseExpression(sql))
    return ClassicColumn(jvm.org.apache.spark.sql.classic.ExpressionUtils.column(attempt))


def double_or_null(rows: DataFrame, sql: str) -> Column:
    """The value of a SQL expression over rows with a `customer_id`, as a double; null where evaluating it fails.

    Public and Connect: see `tried`.
    """
    # Always true, which Spark cannot know: inside a branch that is not always taken it never hoists a common part of
    # two expressions out of what tries them, where its failure would end the job.
    when = F.length("customer_id") >= 0
    return F.when(when, tried(rows.sparkSession, f"cast(({sql}) as double)"))


def require_one_expression(spark: SparkSession, sql: str) -> None:
    """ParseException for a text that is no expression by itself. Public: `F.expr`, which also takes a name after it."""
    _parser(spark).parseExpression(sql)


def contains(selected: DataFrame, pattern: str) -> bool:
    """Whether the analysed plan has a node of one of Catalyst's tree patterns, such as `AGGREGATE_EXPRESSION`.

    Public: none. Connect: the mistake shows when the job runs, or as a value that changes from run to run.
    """
    jvm: Any = selected.sparkSession._jvm
    patterns = jvm.org.apache.spark.sql.catalyst.trees.TreePattern
    return bool(_analysed(selected).containsPattern(getattr(patterns, pattern)()))


def is_deterministic(selected: DataFrame) -> bool:
    """Whether the analysed plan gives the same values again. Public: none."""
    return bool(_analysed(selected).deterministic())


def optimize(selected: DataFrame) -> None:
    """Optimise a plan, which computes its constants; PySparkException where one cannot be computed.

    Public: `selected.collect()`, which runs a job.
    """
    _execution(selected).optimizedPlan()


def analyzed(selected: DataFrame) -> "list[Expression]":
    """The expressions of the outermost node of the analysed plan.

    Public: `selected.explain(extended=True)`, a text. Connect: `check` cannot warn of what may fail on a row.
    """
    wrap = partial(Expression, selected.sparkSession)
    return [wrap(node) for node in _elements(_analysed(selected).expressions())]


class Expression:
    """A node of an expression's tree. Public: none."""

    def __init__(self, spark: SparkSession, node: Any) -> None:
        self._spark, self._node = spark, node

    @property
    def kind(self) -> str:
        """Its class in Catalyst, such as `Cast` or `Divide`."""
        return str(self._node.getClass().getSimpleName())

    @property
    def name(self) -> str:
        """The SQL function."""
        return str(self._node.prettyName())

    @property
    def type(self) -> str:
        """Spark's type of its values, such as `decimal(18,2)`."""
        return str(self._node.dataType().simpleString())

    @property
    def sql_type(self) -> str:
        """The type as SQL names it, such as `INT`."""
        return str(self._node.dataType().sql())

    @property
    def raises(self) -> bool:
        """Whether it raises on a row for which it has no value, instead of giving null."""
        for method, raising in (("failOnError", "true"), ("evalMode", "ansi")):
            try:
                return str(getattr(self._node, method)()).lower() == raising
            except (JvmError, TypeError):  # no such method
                continue
        return False

    @property
    def is_constant(self) -> bool:
        return bool(self._node.foldable())

    @property
    def constant(self) -> Any:
        """The value of a constant, as Catalyst keeps it."""
        return self._node.eval(None)

    @property
    def operands(self) -> "list[Expression]":
        return [Expression(self._spark, child) for child in _elements(self._node.children())]

    @property
    def replacement(self) -> "Expression | None":
        """What a function stands for that is written by means of others, as `to_date` is."""
        try:
            return Expression(self._spark, self._node.replacement())
        except (JvmError, TypeError):  # no such method
            return None

    def always_fits(self, wider: "Expression") -> bool:
        """Whether every value of its type has a value in the type of another expression."""
        jvm: Any = self._spark._jvm
        casts = jvm.org.apache.spark.sql.catalyst.expressions.Cast
        return bool(casts.canUpCast(self._node.dataType(), wider._node.dataType()))


def _elements(sequence: Any) -> Iterator[Any]:
    return (sequence.apply(position) for position in range(sequence.size()))


def _execution(selected: DataFrame) -> Any:
    return selected._jdf.queryExecution()


def _analysed(selected: DataFrame) -> Any:
    return _execution(selected).analyzed()


def _parser(spark: SparkSession) -> Any:
    return spark._jsparkSession.sessionState().sqlParser()
