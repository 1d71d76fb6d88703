"""Every table is readable without Spark, with the same rows and types."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars
import pytest
from deltalake import DeltaTable
from pyspark.sql import types as T

from churn_spark.settings import load
from churn_spark.stages.all_stages import tables
from churn_spark.tables import writing
from churn_spark.tables.location import Location
from churn_spark.tables.table import Table
from tests.tables.scratch import a_run

CONF = Path(__file__).parents[2] / "conf" / "complete_journey.yaml"
PROJECT = load(CONF)
TABLES = {table.name: table for table in tables(PROJECT)}
EXAMPLES = {
    T.StringType(): "é\n'",
    T.LongType(): 2**62,
    T.IntegerType(): 2**30,
    T.DoubleType(): 0.1,
    T.BooleanType(): True,
    T.DateType(): date(2026, 3, 1),
    T.TimestampType(): datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC),
    T.BinaryType(): b"\x00\xff",
}


def _value(kind: T.DataType) -> object:
    if isinstance(kind, T.ArrayType):
        return [_value(kind.elementType)]
    if isinstance(kind, T.StructType):
        return {field.name: _value(field.dataType) for field in kind}
    if isinstance(kind, T.DecimalType):
        return Decimal(12345).scaleb(-kind.scale)
    return EXAMPLES[kind]


def _rows(table: Table) -> list[dict[str, object]]:
    """A full row and, where keys allow a second one, one with null wherever null may be."""
    return [_row(table, True)] + [_row(table, False)] * any(_is_text(table, name) for name in table.key)


def _row(table: Table, full: bool) -> dict[str, object]:
    key = {name: _value(T.StringType()) + ("" if full else "2") for name in table.key if _is_text(table, name)}
    return {c.name: _value(c.type) if full or not c.nullable else None for c in table.columns} | key


def _is_text(table: Table, name: str) -> bool:
    return table.schema[name].dataType == T.StringType()


@pytest.fixture(scope="module")
def warehouse(spark, tmp_path_factory) -> Path:
    """Every table of a project, made and filled as the catalog does it, but for its checks."""
    place = Location(str(tmp_path_factory.mktemp("warehouse")))
    for table in TABLES.values():
        place.create(spark, table)
        writing.commit(place, table, spark.createDataFrame(_rows(table), table.schema), a_run(), None)
    return Path(str(place.root))


@pytest.mark.parametrize("name", TABLES)
def test_delta_rs_reads_every_table_as_it_was_written(warehouse, name):
    table = TABLES[name]
    found = DeltaTable(str(warehouse / name)).to_pyarrow_table().to_pylist()
    assert all(list(row) == list(table.names) for row in found)
    assert sorted(found, key=repr) == sorted(_rows(table), key=repr)


def test_every_partitioned_table_and_its_protocol_suit_readers_outside_spark(warehouse):
    for table in TABLES.values():
        stored = DeltaTable(str(warehouse / table.name))
        assert stored.protocol().min_reader_version == 1
        assert stored.metadata().partition_columns == [table.partition] * bool(table.partition)
        comments = {field.name: field.metadata.get("comment") for field in stored.schema().fields}
        assert comments == {column.name: column.comment for column in table.columns}


def test_duckdb_and_polars_read_the_risk_table(warehouse):
    place = str(warehouse / "risk_scores")
    risk_scores = DeltaTable(place).to_pyarrow_dataset()
    by_duckdb = duckdb.sql("SELECT customer_id, as_of_date, risk, reason_codes FROM risk_scores ORDER BY 1").fetchall()
    by_polars = polars.read_delta(place).select("customer_id", "as_of_date", "risk", "reason_codes").sort("customer_id")
    assert by_duckdb == by_polars.rows()
    assert [row[:3] for row in by_duckdb] == [("é\n'", date(2026, 3, 1), 0.1), ("é\n'2", date(2026, 3, 1), 0.1)]
    assert risk_scores.count_rows() == 2
