"""Code that Spark generates: other tests run without it, since compiling takes longer than their few rows."""

from datetime import date

import pytest
from hypothesis import Phase, given, settings
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from churn_spark.spark_internals.expressions import double_or_null
from tests.features.made_events import CUSTOMERS, S
from tests.features.test_snapshot import differences
from tests.stages.shop import shop

GENERATED = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "CODEGEN_ONLY"}


@pytest.fixture(scope="module")
def compiling(spark: SparkSession):
    """The session, with code generated for whole stages and single expressions, and no way around it."""
    before = {key: spark.conf.get(key) for key in GENERATED}
    for key, value in GENERATED.items():
        spark.conf.set(key, value)
    yield spark
    for key, value in before.items():
        spark.conf.set(key, value)


def test_code_is_generated(compiling: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    compiling.range(3).select(F.col("id") + 1).explain("codegen")
    assert "WholeStageCodegen" in capsys.readouterr().out


@settings(max_examples=2, phases=(Phase.explicit, Phase.generate))
@given(CUSTOMERS)
def test_generated_features_are_what_their_formulas_say(compiling, customers) -> None:
    assert not differences(compiling, customers, (S,))


def test_generated_code_finds_a_row_on_which_an_expression_fails(compiling: SparkSession) -> None:
    rows = compiling.createDataFrame([("a", "1"), ("b", "one"), ("c", None)], "customer_id string, text string")
    values = rows.select("customer_id", double_or_null(rows, "cast(text as int) / 2").alias("value")).collect()
    assert {row["customer_id"]: row["value"] for row in values} == {"a": 0.5, "b": None, "c": None}


def test_generated_code_takes_and_refuses_the_rows_of_a_delivery(compiling, tmp_path) -> None:
    place = shop(compiling, tmp_path)
    place.deliver("2024-03-08.csv", ["c1,1,2024-03-08 12:00:00,1.50", "c1,2,never,2.00", "c2,3,2024-03-08 09:00:00,13"])
    place.ingest(date(2024, 3, 9))
    assert place.events("event_id", "event_date") == [("1", date(2024, 3, 8))]
    assert place.deliveries("read", "kept", "quarantined") == [(3, 1, 2)]
