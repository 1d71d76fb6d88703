"""The JVM of this program, through the only room that reaches into it."""

import pytest
from pyspark.sql import SparkSession

from churn_spark.spark_internals import jvm


@pytest.mark.parametrize("name", [jvm.SKETCHES, "no.such.Class"])
def test_a_class_is_loaded_with_standard_error_closed_and_opened_again(spark: SparkSession, name: str) -> None:
    shown = spark._jvm.java.lang.System.err
    jvm.load_quietly(name)
    assert spark._jvm.java.lang.System.err.equals(shown)


def test_what_is_on_the_class_path_is_known(spark: SparkSession) -> None:
    assert jvm.runs()
    assert jvm.on_class_path("io.delta.sql.DeltaSparkSessionExtension")
    assert not jvm.on_class_path("no.such.Class")


def test_a_session_of_spark_connect_is_known_by_its_class(spark: SparkSession) -> None:
    remote = type("SparkSession", (), {"__module__": "pyspark.sql.connect.session"})()
    assert jvm.is_classic(spark)
    assert not jvm.is_classic(remote)
