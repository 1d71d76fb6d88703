"""SQL expressions checked by Spark: their type, or the reason they have none."""

# ruff: noqa: E501 (a message stands whole on its line)

import json

import pytest
from pyspark.sql import SparkSession

from churn_spark.runtime.sql_expressions import Columns, expressions
from churn_spark.settings import errors
from tests.settings.conftest import VALID

COLUMNS: Columns = (
    ("amount", "double"),
    ("at", "timestamp_ntz"),
    ("town", "string"),
    ("id", "bigint"),
    ("odd name", "date"),
)


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("amount * 2", "double"),
        ("CAST(amount AS DECIMAL(12,2))", "decimal(12,2)"),
        ("`odd name`", "date"),
        ("town IN ('York')", "boolean"),
        ("CASE WHEN id > 0 THEN 'a' END", "string"),
        ("exists(array(id), x -> x > 1)", "boolean"),
        ("at", "timestamp_ntz"),
    ],
)
def test_the_type_of_an_expression(spark: SparkSession, sql: str, kind: str) -> None:
    assert expressions(spark)(COLUMNS, sql) == kind


OTHER_ROWS = "only the row itself may be used"
AGAIN = "a rerun would give another value"


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("amout", "there is no column 'amout'. Did you mean amount? There are: amount, at, town, id, odd name"),
        ("zzz", "there is no column 'zzz'. There are: amount, at, town, id, odd name"),
        ("odd name", "the column odd name must stand in backticks: `odd name` (in YAML with quotes around all of it)"),
        ("foo(amount)", "there is no function foo"),
        ("amount +", "is not SQL: Syntax error at or near end of input"),
        ("amount, id", "is not SQL: Syntax error at or near ','"),
        ("*", "gives several columns; one value is needed"),
        ("amount AS worth", "leave out the name (AS ...) or the comment at its end; only a value is needed"),
        ("amount -- in euros", "leave out the name (AS ...) or the comment at its end; only a value is needed"),
        ("explode(array(1, 2))", "gives several rows; one value is needed"),
        ("sum(amount)", f"an aggregate looks at many rows; {OTHER_ROWS}"),
        ("count(*)", f"an aggregate looks at many rows; {OTHER_ROWS}"),
        ("lag(id) OVER (ORDER BY id)", f"a window looks at other rows; {OTHER_ROWS}"),
        ("sum(id) OVER (PARTITION BY town)", f"a window looks at other rows; {OTHER_ROWS}"),
        ("(SELECT 1)", f"a subquery looks elsewhere; {OTHER_ROWS}"),
        ("id IN (SELECT 1)", f"a subquery looks elsewhere; {OTHER_ROWS}"),
        ("rand()", f"is not deterministic; {AGAIN}"),
        ("uuid()", f"is not deterministic; {AGAIN}"),
        ("current_date()", f"depends on the clock or the session; {AGAIN}"),
        ("at > now()", f"depends on the clock or the session; {AGAIN}"),
        (
            "year(amount)",
            'Cannot resolve "year(amount)" due to data type mismatch: The first parameter requires the "DATE" type, however '
            '"amount" has the type "DOUBLE"',
        ),
    ],
)
def test_why_an_expression_has_no_type(spark: SparkSession, sql: str, reason: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 (the whole message is compared)
        expressions(spark)(COLUMNS, sql)
    assert str(raised.value) == reason


def test_mistakes_in_sql_are_told_with_their_place(spark: SparkSession, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    text = VALID.replace("paid >= 0", "payed >= 0").replace("orders_count_7d, ", "orders_count_14d, ")
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    assert errors("shop.yaml", expressions=expressions(spark)) == [
        "shop.yaml:21: sources.orders.checks.paid_back: 'payed >= 0': there is no column 'payed'. Did you mean paid? There are: "
        "customer, order, at, paid, town",
        "shop.yaml:41: features.derived.pace: 'try_divide(orders_count_14d, orders_count_28d)': there is no column "
        "'orders_count_14d'. Did you mean orders_count_7d? There are: orders_count_7d, orders_count_28d, orders_count_56d, "
        "orders_amount_sum_7d, orders_amount_sum_28d, orders_amount_sum_56d, orders_recency_56d, age",
    ]


@pytest.mark.parametrize(
    ("patterns", "wrong"),
    [
        (("DD.MM.YYYY", "%Y-%m-%d", "klingon"), 3),
        (("yyyy-MM-dd'T", "dd.MM.yyyy HH:mm b", "'"), 3),
        (("dd.MM.yyyy", "yyyy-MM-dd'T'HH:mm:ssXXX", "MM/dd/yy hh:mm a"), 0),
    ],
)
def test_patterns_of_dates_are_those_that_spark_reads(spark: SparkSession, tmp_path, patterns, wrong) -> None:
    given = ", ".join(
        f"{option}: {json.dumps(pattern)}"
        for option, pattern in zip(("dateFormat", "timestampFormat", "timestampNTZFormat"), patterns, strict=True)
    )
    text = VALID.replace("town: string}", f"town: string, on: date, then: timestamp_ntz}}\n    options: {{{given}}}")
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    mistakes = errors(tmp_path / "shop.yaml", expressions=expressions(spark))
    assert len(mistakes) == wrong
    assert all("is not a date pattern of Java's DateTimeFormatter, such as" in line for line in mistakes)
