"""`check --data`: what a configuration says of its sources against what lies there."""

# ruff: noqa: E501 (a message stands whole on its line)

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from churn_spark.cli.source_check import check_data
from churn_spark.definitions.sources import STAMP, Delivered
from churn_spark.settings import load
from churn_spark.stages.intake.sample import newest_delivery
from tests.settings.conftest import VALID
from tests.stages.shop import shop_source, touched_long_ago

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
    """The problems found where the configuration has some texts replaced."""
    return _both(spark, landing, *changes)[0]


def _both(spark: SparkSession, landing: Path, *changes: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Problems and notes."""
    text = VALID.replace("landing/", f"{landing}/")
    for old, new in changes:
        text = text.replace(old, new)
    Path("shop.yaml").write_text(text, encoding="utf-8")
    checked = check_data(load("shop.yaml"), spark)
    problems, notes = (
        [text.replace(str(landing), "landing") for text in of] for of in (checked.problems, checked.notes)
    )
    return problems, notes


def test_sources_that_fit_give_no_problem_but_what_was_seen(spark: SparkSession, landing: Path) -> None:
    rows = [f"a,{n},2026-01-01T10:0{n}:00,1.5,x\n" for n in range(3)]
    (landing / "orders" / "2026-01-01.csv").write_text("".join([HEADER, *rows]), encoding="utf-8")
    problems, notes = _both(spark, landing)
    assert problems == []
    assert notes[0] == (
        "sources.orders: all 3 rows of 2026-01-01.csv were looked at: 3 would be accepted, events of 2026-01-01 to 2026-01-01,"
        " of 1 customer"
    )
    assert notes[1].endswith(".parquet were looked at: 1 would be accepted, of 1 customer")


def test_rows_that_ingest_would_refuse_are_shown_without_whose_they_are(
    spark: SparkSession, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHURN_SPARK_KEY", raising=False)
    rows = ["a,1,02.01.2026 10:00,1.5,x", "a,2,03.01.2026 10:00,1.5,x", "a,3,2026-01-01T10:00:00,1.5,x"]
    rows += ["a,4,2026-01-01T10:00:00,-1,x", ",5,2026-01-01T10:00:00,1.5,x", "mary,no,2026-01-01T10:00:00,1.5,x"]
    (landing / "orders" / "2026-01-01.csv").write_text(HEADER + "\n".join(rows), encoding="utf-8")
    pseudonym = ("privacy: none\n", "")
    private = ("    checks:\n", "    identifiers: [order]\n    limits: {no_customer: 0.5}\n    checks:\n")
    problems, notes = _both(spark, landing, pseudonym, private)
    limit = "more than sources.orders.limits allow (10%)"
    assert problems == [
        f"sources.orders: bad_at: 2 of 6 rows (33.3%), such as at '02.01.2026 10:00' and at '03.01.2026 10:00'; {limit}",
        f"sources.orders: bad_order: 1 of 6 rows (16.7%), such as order (hidden); {limit}",
        f"sources.orders: id_missing: 1 of 6 rows (16.7%), such as order (hidden); {limit}",
        f"sources.orders: no_time: 2 of 6 rows (33.3%), such as at '02.01.2026 10:00' and at '03.01.2026 10:00'; {limit}",
        f"sources.orders: paid_back: 1 of 6 rows (16.7%), such as paid '-1'; {limit}",
    ]
    assert notes[0].startswith("privacy: no key for pseudonyms: the environment variable CHURN_SPARK_KEY")
    assert "1 would be accepted" in notes[1]
    assert notes[1].endswith(", of 1 customer")
    assert notes[2].startswith("sources.orders: no_customer: 1 of 6 rows (16.7%), such as customer (hidden); allowed")
    assert "mary" not in "".join([*problems, *notes])


def test_a_header_that_differs(spark: SparkSession, landing: Path) -> None:
    (landing / "orders" / "2026-01-02.csv").write_text("customer,order,at,payed,extra\n", encoding="utf-8")
    (problems,) = _checked(spark, landing)
    assert problems.startswith("sources.orders: ")
    assert all(text in problems for text in ("2026-01-02.csv", "paid, town", "payed,extra"))


def test_an_empty_file(spark: SparkSession, landing: Path) -> None:
    (landing / "orders" / "2026-01-02.csv").write_text("", encoding="utf-8")
    (problems,) = _checked(spark, landing)
    assert "2026-01-02.csv: it is empty, without a header" in problems


def test_names_without_a_date(spark: SparkSession, landing: Path) -> None:
    for name in ("readme.csv", "notes.csv"):
        (landing / "orders" / name).write_text(HEADER, encoding="utf-8")
    (problems,) = _checked(spark, landing)
    assert problems.startswith(
        tuple(f"sources.orders: '{name}' has no date by " for name in ("notes.csv", "readme.csv"))
    )
    assert problems.endswith("(and 1 other names like it)")
    for path in (landing / "orders").iterdir():
        touched_long_ago(path)
    (landing / "orders" / "notes.csv").touch()
    overwritten = shop_source(landing / "orders", delivered=Delivered(pattern=STAMP, stamped=True))
    today = datetime.now(UTC).date()
    found = newest_delivery(spark, overwritten, "UTC")
    assert found is not None
    assert (found.name, found.nominal) == (f"notes.csv@{today}", today)


def test_a_path_that_is_not_there_and_one_without_deliveries(spark: SparkSession, landing: Path) -> None:
    (landing / "empty").mkdir()
    problems = _checked(spark, landing, ("/orders", "/ordres"), ("/people", "/empty"))
    assert problems[0].startswith("sources.orders: landing/ordres: cannot be listed")
    assert problems[1] == "sources.people: there is no file in landing/empty"


def test_types_of_parquet_that_cannot_be_read_as_declared(spark: SparkSession, landing: Path) -> None:
    assert _checked(spark, landing, ("age: int}", "age: bigint}")) == []
    (problems,) = _checked(
        spark, landing, ("age: int}", "age: date}"), ("age: {expression: age", "age: {expression: year(age)")
    )
    assert (
        ".parquet: age is int, declared date, and cannot be read so; declare it int in sources.people.schema"
        in problems
    )


def test_a_key_of_json_that_looks_misspelt(spark: SparkSession, landing: Path) -> None:
    (landing / "orders" / "2026-01-01.csv").rename(landing / "orders" / "2026-01-01.json")
    row = '{"customer": "a", "order": 1, "at": "2026-01-01T10:00:00Z", "payed": 1.5}\n'
    (landing / "orders" / "2026-01-01.json").write_text(row, encoding="utf-8")
    (problems,) = _checked(spark, landing, ("format: csv", "format: json"))
    assert "2026-01-01.json: no object of the first 500 has paid, town. Did you mean payed?" in problems


def test_a_delta_table_is_compared_too(spark: SparkSession, landing: Path) -> None:
    spark.createDataFrame([("a", 30)], "customer string, years int").write.format("delta").save(str(landing / "delta"))
    problems = _checked(spark, landing, ("format: parquet", "format: delta"), ("/people", "/delta"))
    assert len(problems) == 1
    assert all(text in problems[0] for text in ("sources.people: ", "landing/delta", "age", "customer, years"))
