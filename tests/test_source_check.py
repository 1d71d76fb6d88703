"""`check --data`: what a configuration says of its sources against what lies there."""

# ruff: noqa: E501 (a message stands whole on its line)

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from churn_spark.settings import load
from churn_spark.source_check import check_data
from tests.settings.conftest import VALID

HEADER = "customer,order,at,paid,town\n"


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> Path:
    """A working directory with the configuration and sources that fit it."""
    monkeypatch.chdir(tmp_path)
    landing = tmp_path / "landing"
    (landing / "orders").mkdir(parents=True)
    (landing / "orders" / "2026-01-01.csv").write_text(HEADER, encoding="utf-8")
    spark.createDataFrame([("a", 30)], "customer string, age int").coalesce(1).write.parquet(str(landing / "people"))
    return landing


def _checked(spark: SparkSession, landing: Path, *changes: tuple[str, str]) -> list[str]:
    text = VALID.replace("landing/", f"{landing}/")
    for old, new in changes:
        text = text.replace(old, new)
    Path("shop.yaml").write_text(text, encoding="utf-8")
    return [text.replace(str(landing), "landing") for text in check_data(load("shop.yaml"), spark)]


def test_sources_that_fit_give_nothing(spark: SparkSession, landing: Path) -> None:
    assert _checked(spark, landing) == []


def test_a_header_that_differs(spark: SparkSession, landing: Path) -> None:
    (landing / "orders" / "2026-01-02.csv").write_text("customer,order,at,payed,extra\n", encoding="utf-8")
    assert _checked(spark, landing) == [
        "sources.orders: there is no column 'paid' in 2026-01-02.csv. Did you mean payed? There are: customer, order, at, "
        "payed, extra",
        "sources.orders: there is no column 'town' in 2026-01-02.csv. There are: customer, order, at, payed, extra",
    ]


def test_an_empty_file(spark: SparkSession, landing: Path) -> None:
    (landing / "orders" / "2026-01-02.csv").write_text("", encoding="utf-8")
    assert _checked(spark, landing) == ["sources.orders: 2026-01-02.csv is empty"]


def test_names_without_a_date(spark: SparkSession, landing: Path) -> None:
    for name in ("readme.csv", "notes.csv"):
        (landing / "orders" / name).write_text(HEADER, encoding="utf-8")
    (told,) = _checked(spark, landing)
    assert told.startswith("sources.orders: 'notes.csv' has no date by the pattern") or "readme.csv" in told
    assert told.endswith("(and 1 other names like it)")


def test_a_path_that_is_not_there_and_one_without_deliveries(spark: SparkSession, landing: Path) -> None:
    (landing / "empty").mkdir()
    told = _checked(spark, landing, ("/orders", "/ordres"), ("/people", "/empty"))
    assert told[0].startswith("sources.orders: landing/ordres: cannot be listed")
    assert told[1] == "sources.people: there is no file in landing/empty"


def test_types_of_parquet_that_differ_unless_wider(spark: SparkSession, landing: Path) -> None:
    assert _checked(spark, landing, ("age: int}", "age: bigint}")) == []
    (told,) = _checked(
        spark, landing, ("age: int}", "age: date}"), ("age: {expression: age", "age: {expression: year(age)")
    )
    assert told.startswith("sources.people: column 'age' is int in ")
    assert told.endswith(".parquet, declared as date")


def test_a_key_of_json_that_looks_misspelt(spark: SparkSession, landing: Path) -> None:
    (landing / "orders" / "2026-01-01.csv").rename(landing / "orders" / "2026-01-01.json")
    row = '{"customer": "a", "order": 1, "at": "2026-01-01T10:00:00Z", "payed": 1.5}\n'
    (landing / "orders" / "2026-01-01.json").write_text(row, encoding="utf-8")
    assert _checked(spark, landing, ("format: csv", "format: json")) == [
        "sources.orders: there is no column 'paid' in 2026-01-01.json. Did you mean payed? There are: customer, order, at, payed"
    ]


def test_a_delta_table_is_compared_too(spark: SparkSession, landing: Path) -> None:
    spark.createDataFrame([("a", 30)], "customer string, years int").write.format("delta").save(str(landing / "delta"))
    told = _checked(spark, landing, ("format: parquet", "format: delta"), ("/people", "/delta"))
    assert told == ["sources.people: there is no column 'age' in landing/delta. There are: customer, years"]
