"""A small table, runs and a catalog on a folder, for tests of the ways of reading and writing."""

import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from churn_spark.definitions.project import Run
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.location import Location
from churn_spark.tables.table import DATE, DOUBLE, LONG, STRING, Column, Table

DAY = date(2026, 3, 1)
NEXT = DAY + timedelta(days=1)

CUSTOMER = Column("customer_id", STRING, "Customer.", False)
ON = Column("as_of_date", DATE, "As-of date.", False)
SCORES = Table(
    name="scores",
    comment="A score.",
    columns=(CUSTOMER, ON, Column("risk", DOUBLE, "0 to 1."), Column("n", LONG, "Count.")),
    partition="as_of_date",
    key=("customer_id", "as_of_date"),
)
TAKEN = Table(
    name="taken",
    comment="A row that came in a delivery.",
    columns=(Column("delivery", STRING, "Where from.", False), CUSTOMER, ON),
    partition="as_of_date",
    key=("customer_id", "as_of_date"),
)
CHOSEN = Table(
    name="chosen",
    comment="A decision.",
    columns=(Column("event_id", STRING, "Id.", False), Column("version", LONG, "Version.", False)),
    key=("event_id",),
)


def a_run(job: str = "score", as_of: date = DAY) -> Run:
    name = f"{job}-{as_of}-{uuid.uuid4().hex[:8]}"
    return Run(job, as_of, (as_of,), name, "1.0", "settings", datetime.now(UTC))


def a_catalog(spark: SparkSession, root: Path) -> Catalog:
    return Catalog(spark, Location(str(root)), "--conf conf/x.yaml")


def scores(spark: SparkSession, *found: tuple[str, date, float | None, int | None]) -> DataFrame:
    return spark.createDataFrame(list(found), SCORES.schema)


def taken(spark: SparkSession, *found: tuple[str, str, date]) -> DataFrame:
    return spark.createDataFrame(list(found), TAKEN.schema)


def write(catalog: Catalog, table: Table, rows: DataFrame, run: Run, dates: Iterable[date] = (DAY,), **within):  # type: ignore[no-untyped-def]
    """One whole run that replaces dates of one table; returns its end row."""
    owned = tuple(dates)
    catalog.enter(run)
    with catalog.transaction(run, {table: owned}) as tx:
        tx.replace(table, rows, owned, within)
    return catalog.end(run)


def content(catalog: Catalog, table: Table) -> list[tuple[object, ...]]:
    """The rows of a table as tuples, in order; read as somebody who belongs to no run."""
    catalog.refresh()
    return sorted(map(tuple, catalog.read(table).collect()), key=repr)
