"""Makes a table, or gives it columns that its contract has since got."""

from collections.abc import Callable
from functools import partial

from pyspark.sql import SparkSession

from churn_spark.lineage.ledger import Ledger
from churn_spark.tables import contract_check, readiness
from churn_spark.tables.conflicts import repeated
from churn_spark.tables.location import Location
from churn_spark.tables.table import Table


def prepare(spark: SparkSession, location: Location, table: Table, ledger: Ledger, allowed: Callable[[], None]) -> None:
    """Make the table, or add the contract's new columns; ContractError when a stored type differs.

    allowed: asked before every commit, raises when this run may write no more.
    """
    repeated(table.name, partial(_prepare, spark, location, table, ledger), allowed)


def _prepare(spark: SparkSession, location: Location, table: Table, ledger: Ledger) -> None:
    if readiness.checked_version(spark, location, table, ledger) is None:
        location.create(spark, table)
        return
    missing = contract_check.missing_columns(table, location.read(spark, table.name).schema)
    if missing:
        columns = [name for name in table.names if name in missing or name == table.partition]
        empty = spark.createDataFrame([], table.schema).select(*columns)
        location.save(empty.write.format("delta").mode("append").option("mergeSchema", "true"), table.name)
