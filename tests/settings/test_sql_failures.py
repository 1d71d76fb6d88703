"""Which parts of an expression can fail on a row, by Spark's own tree; `check` shows them as warnings."""

# ruff: noqa: E501 (a message stands whole on its line)

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from churn_spark.cli import main
from churn_spark.runtime.sql_failures import Columns, failures
from churn_spark.settings import warnings
from tests.settings.conftest import Write

COLUMNS: Columns = (
    ("paid", "double"),
    ("count", "bigint"),
    ("amount", "decimal(18,2)"),
    ("town", "string"),
    ("day", "date"),
    ("parts", "array<int>"),
    ("names", "map<string, int>"),
)
DIVISION = "`/` fails on a divisor of 0; write try_divide"
TO_INT = "a cast to INT fails on values that do not fit; write try_cast"
BEYOND = "fails on an index beyond the end; write"


@pytest.mark.parametrize(
    ("sql", "sentences"),
    [
        ("paid / count", [DIVISION]),
        ("paid / count + 1 / (count - 1)", [DIVISION]),
        ("paid / 0", [DIVISION]),
        ("paid % count", ["`%` fails on a divisor of 0; write try_mod"]),
        ("mod(count, count)", ["`%` fails on a divisor of 0; write try_mod"]),
        ("count div count", ["`div` fails on a divisor of 0; write nullif(..., 0) as its divisor"]),
        ("pmod(count, count)", ["`pmod` fails on a divisor of 0; write nullif(..., 0) as its divisor"]),
        ("cast(town as int)", [TO_INT]),
        ("cast(count as int)", [TO_INT]),
        ("int(paid)", [TO_INT]),
        ("amount::int", [TO_INT]),
        ("town > 1", ["a cast to BIGINT fails on values that do not fit; write try_cast"]),
        ("to_date(town)", ["a cast to DATE fails on values that do not fit; write try_cast"]),
        ("element_at(parts, 3)", [f"`element_at` {BEYOND} try_element_at"]),
        ("parts[3]", [f"an array's `[...]` {BEYOND} get"]),
        (
            "to_timestamp(town, 'yyyy')",
            ["reading a time by a format fails on texts that are none; write try_to_timestamp"],
        ),
        ("make_date(2026, 13, 1)", ["`make_date` fails on values it cannot take; write a try_ function or CASE"]),
        ("try_divide(paid, cast(town as int))", [TO_INT]),
    ],
)
def test_what_can_fail_is_reported_with_what_to_write(spark: SparkSession, sql: str, sentences: list[str]) -> None:
    assert failures(spark)(COLUMNS, sql) == sentences


@pytest.mark.parametrize(
    "sql",
    [
        "paid * 365 / 84",
        "amount / 7.5",
        "count % 7",
        "try_divide(paid, count)",
        "try_divide(count, count)",
        "try_mod(count, count)",
        "try_cast(town as int)",
        "try_element_at(parts, 3)",
        "get(parts, 3)",
        "element_at(names, 'a')",
        "names['a']",
        "count * 1000000 + paid",
        "count > 3.5 AND amount > 2",
        "cast(amount as double)",
        "cast(count as string)",
        "day > DATE'2026-01-01'",
        "cast('7' as int) + count",
        "town IN ('a', 'b')",
        "CASE WHEN count > 0 THEN try_divide(paid, count) END",
    ],
)
def test_what_cannot_fail_is_not_warned_of(spark: SparkSession, sql: str) -> None:
    assert failures(spark)(COLUMNS, sql) == []


CHANGES = (
    ("try_divide(orders_count_7d, orders_count_28d)", "orders_count_7d / orders_count_28d"),
    ("value: orders_amount_sum_56d * 6", "value: orders_amount_sum_56d % age"),
    ("{by: active, sources: [orders], days: 56}", "{by: contract, expression: 100 / age > 1}"),
    (
        "{rule: inactivity, sources: [orders], performance: 28}",
        "{rule: event, sources: [orders], performance: 28, filter: cast(town as int) = 3}",
    ),
    ("paid_back: paid >= 0", "paid_back: 1 / paid >= 0"),
)


def test_warnings_name_the_line_and_what_happens_there(spark: SparkSession, write: Write) -> None:
    path = write(*CHANGES)
    assert warnings(path, failures(spark)) == [
        "conf/shop.yaml:31: population.expression: warning: '100 / age > 1': `/` fails on a divisor of 0; write try_divide"
        " (otherwise the job fails on such a row)",
        "conf/shop.yaml:32: label.filter: warning: 'cast(town as int) = 3': a cast to INT fails on values that do not fit;"
        " write try_cast (otherwise the job fails on such a row)",
        "conf/shop.yaml:41: features.derived.pace: warning: 'orders_count_7d / orders_count_28d': `/` fails on a divisor"
        " of 0; write try_divide (otherwise the value is null)",
        "conf/shop.yaml:45: scoring.value: warning: 'orders_amount_sum_56d % age': `%` fails on a divisor of 0; write"
        " try_mod (otherwise the value is null)",
    ]
    assert warnings(write(), failures(spark)) == []


def test_a_warning_does_not_fail_the_check(spark: SparkSession, write: Write) -> None:
    done = CliRunner().invoke(main.app, ["check", str(write(*CHANGES))])
    assert done.exit_code == 0, done.output
    assert done.stderr.count("warning: ") == 4
    assert "no errors" in done.stdout


@pytest.mark.parametrize(
    "conf", sorted((Path(__file__).parents[2] / "conf").glob("*.yaml")), ids=lambda path: path.stem
)
def test_what_is_shipped_sets_an_example(spark: SparkSession, conf: Path) -> None:
    assert warnings(conf, failures(spark)) == []
