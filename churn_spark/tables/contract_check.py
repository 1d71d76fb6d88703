"""Compares DataFrames and stored tables with contracts."""

from collections.abc import Collection, Mapping
from datetime import date
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.errors import ContractError
from churn_spark.definitions.periods import listed
from churn_spark.tables.small_queries import planned_at_once
from churn_spark.tables.table import Table

_LOW = 0xFFFFFFFF


def exact(table: Table, rows: DataFrame) -> DataFrame:
    """The rows with the contract's columns in its order; ContractError names what differs."""
    types = {field.name: field.dataType for field in rows.schema}
    problems = [f"{column.name} is missing" for column in table.columns if column.name not in types]
    problems += [f"{name} is not in the contract" for name in types if name not in table.names]
    problems += [
        f"{column.name} is {types[column.name].simpleString()}, not {column.type.simpleString()}"
        for column in table.columns
        if column.name in types and not _same(types[column.name], column.type)
    ]
    if problems:
        raise ContractError(f"{table.name}: {'; '.join(problems)}")
    return rows if rows.columns == list(table.names) else rows.select(*table.names)


def as_contract(table: Table, stored: DataFrame) -> DataFrame:
    """The contract's columns of a stored table, null where it does not have them yet."""
    missing = set(missing_columns(table, stored.schema))
    return stored.select(
        *(F.lit(None).cast(c.type).alias(c.name) if c.name in missing else F.col(c.name) for c in table.columns)
    )


def missing_columns(table: Table, stored: T.StructType) -> list[str]:
    """Columns of the contract that a stored table lacks; ContractError where a type differs."""
    types = {field.name: field.dataType for field in stored}
    for column in table.columns:
        if column.name in types and not _same(types[column.name], column.type):
            raise ContractError(
                f"{table.name}: {column.name} is stored as {types[column.name].simpleString()}, the contract says"
                f" {column.type.simpleString()}; move the table away and rebuild it"
            )
    return [column.name for column in table.columns if column.name not in types]


def partitions(table: Table, rows: DataFrame) -> dict[date, tuple[int, str]]:
    """Rows and content fingerprint of each partition (independent of order), after checking keys and nulls.

    Raises ContractError that names the column with nulls or the key that is not unique. One query tells whether
    anything is wrong; only then does another one look for the column or key.
    """
    sums = _by_partition_and_key(table, rows).groupBy("partition")
    checked = sums.agg(
        *(F.sum(name).alias(name) for name in ("rows", "high", "low", "nulls")), F.max("rows").alias("most")
    )
    with planned_at_once(rows.sparkSession):
        by_partition = checked.collect()
    if any(row["nulls"] for row in by_partition):
        _name_nulls(table, rows)
    if table.key and any(row["most"] > 1 for row in by_partition):
        _refuse_repeated_key(table, rows)
    return {
        row["partition"]: (row["rows"], f"{row['rows']}-{(row['high'] << 32) + row['low']}") for row in by_partition
    }


def owned(table: Table, written: Mapping[date, object], dates: Collection[date]) -> None:
    """ContractError when there are rows outside the dates a run owns."""
    outside = set(written) - set(dates)
    if outside:
        raise ContractError(f"{table.name}: rows of {listed(outside)} are not the run's to write")


def _by_partition_and_key(table: Table, rows: DataFrame) -> DataFrame:
    """Rows, sums of content hashes and rows with a null, by partition and hash of the key.

    Hashes of keys that occur twice are rare, and so are rows that share one: keys are wide and all but unique.
    """
    key = [F.xxhash64(*table.key).alias("key")] if table.key else []
    # A hash skips nulls: without their marks a value that moves to the next column would go unseen.
    marks = [F.col(column.name).isNull() for column in table.columns if column.nullable]
    content = F.xxhash64(*table.names, *marks)
    any_null = reduce(or_, (F.col(name).isNull() for name in table.required), F.lit(False))
    return rows.groupBy(_partition(table).alias("partition"), *key).agg(
        F.count(F.lit(1)).alias("rows"),
        # In halves, because a sum of hashes does not fit 64 bits.
        F.sum(F.shiftright(content, 32)).alias("high"),
        F.sum(content.bitwiseAND(F.lit(_LOW))).alias("low"),
        F.count_if(any_null).alias("nulls"),
    )


def _partition(table: Table) -> Column:
    return F.col(table.partition) if table.partition else F.lit(None).cast("date")


def _name_nulls(table: Table, rows: DataFrame) -> None:
    """ContractError that names the first column of the contract with nulls that it does not allow."""
    nulls = [F.count_if(F.col(name).isNull()).alias(f"null_{n}") for n, name in enumerate(table.required)]
    for row in rows.groupBy(_partition(table).alias("partition")).agg(*nulls).collect():
        for n, name in enumerate(table.required):
            if row[f"null_{n}"]:
                raise ContractError(f"{table.name}: {name} is null in {row[f'null_{n}']} rows of {row['partition']}")


def _refuse_repeated_key(table: Table, rows: DataFrame) -> None:
    """ContractError when a key stands twice in a partition, by the keys themselves."""
    key = tuple(dict.fromkeys((*((table.partition,) if table.partition else ()), *table.key)))
    repeated = rows.groupBy(*key).agg(F.count(F.lit(1)).alias("_rows")).where("_rows > 1").first()
    if repeated is not None:
        where = f" in {repeated[table.partition]}" if table.partition else ""
        raise ContractError(f"{table.name}: a key ({', '.join(table.key)}) stands twice{where}")


def _same(actual: T.DataType, wanted: T.DataType) -> bool:
    """Equal but for nullability and metadata, also inside arrays and structs."""
    return actual.simpleString() == wanted.simpleString()
