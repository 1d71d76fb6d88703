"""What of a SQL expression can fail on a row, by the tree that Spark makes of it."""

from collections.abc import Callable, Iterator

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import quoted
from churn_spark.spark_internals.expressions import Expression, analyzed

Columns = tuple[tuple[str, str], ...]
Failures = Callable[[Columns, str], list[str]]

DIVISIONS = {
    "Divide": ("`/`", "try_divide"),
    "Remainder": ("`%`", "try_mod"),
    "IntegralDivide": ("`div`", "nullif(..., 0) as its divisor"),
    "Pmod": ("`pmod`", "nullif(..., 0) as its divisor"),
}
ELEMENTS = {"ElementAt": ("`element_at`", "try_element_at"), "GetArrayItem": ("an array's `[...]`", "get")}
SUMS = ("Add", "Subtract", "Multiply", "UnaryMinus", "UnaryPositive", "Abs")
"""They fail beyond the range of their type, which hardly any number comes near; nothing is said of them."""
WHOLE = ("tinyint", "smallint", "int", "bigint")
FRACTIONS = ("float", "double")


def failures(spark: SparkSession) -> Failures:
    """A function that says what of a valid SQL expression over columns (name, type) can fail on a row, and what to
    write instead; a sentence each."""

    def failing(columns: Columns, sql: str) -> list[str]:
        ddl = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns)
        roots = analyzed(spark.createDataFrame([], ddl).select(F.expr(sql)))
        sentences = (_sentence(node) for root in roots for node in _untried(root))
        return list(dict.fromkeys(sentence for sentence in sentences if sentence))

    return failing


def _untried(node: Expression) -> Iterator[Expression]:
    """The expression and all below it whose failure nothing turns into null."""
    if node.kind == "TryEval":
        return
    if (replacement := node.replacement) is not None:
        yield from _untried(replacement)
        return
    yield node
    for operand in node.operands:
        yield from _untried(operand)


def _sentence(node: Expression) -> str | None:
    kind = node.kind
    if kind in SUMS or not node.raises:
        return None
    if kind == "Cast":
        (value,) = node.operands
        fits = value.is_constant or not _may_not_fit(value, node)
        return None if fits else _advice(f"a cast to {node.sql_type}", "values that do not fit", "try_cast")
    if kind in DIVISIONS:
        divisor = node.operands[1]
        return None if _never_zero(divisor) else _advice(DIVISIONS[kind][0], "a divisor of 0", DIVISIONS[kind][1])
    if kind in ELEMENTS:
        in_map = kind == "ElementAt" and node.operands[0].type.startswith("map<")
        return None if in_map else _advice(ELEMENTS[kind][0], "an index beyond the end", ELEMENTS[kind][1])
    if kind == "GetTimestamp":
        return _advice("reading a time by a format", "texts that are none", "try_to_timestamp")
    return _advice(f"`{node.name}`", "values it cannot take", "a try_ function or CASE")


def _advice(what: str, on: str, instead: str) -> str:
    return f"{what} fails on {on}; write {instead}"


def _may_not_fit(value: Expression, cast: Expression) -> bool:
    before, after = (node.type.partition("(")[0] for node in (value, cast))
    if before == "string":
        return after not in ("string", "binary")
    narrower = (*WHOLE, "decimal")
    if after not in narrower or before not in (*narrower, *FRACTIONS):
        return False
    return not value.always_fits(cast)


def _never_zero(divisor: Expression) -> bool:
    value = divisor.constant if divisor.is_constant else 0
    return value is not None and float(str(value)) != 0
