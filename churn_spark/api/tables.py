"""Tables as Python users read them: by name, at dates, with an error where there is nothing whole to read."""

from collections.abc import Collection, Sequence
from datetime import date

from pyspark.sql import DataFrame

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.nearest import unknown
from churn_spark.definitions.periods import Days, days_up_to, listed
from churn_spark.definitions.project import Project
from churn_spark.stages import all_stages
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.table import Table

KNOWN_FROM = "known_from"


def read_table(
    project: Project, catalog: Catalog, table: Table, dates: Sequence[date], columns: Collection[str] = ()
) -> DataFrame:
    """The rows of a table at as-of dates, all of them without dates; columns: those wanted, all if there is none.

    Of a table with a partition per knowledge date, these are the rows known by the (last) date; of one with a partition
    per as-of date, exactly the partitions of the dates. Raises NotReadyError where the table or a date was never
    written or was left half-written, with the command that writes it; ValueError for an unknown column or dates of a
    table without them.
    """
    for name in columns:
        if name not in table.names:
            raise ValueError(unknown("column", name, table.names, table.name))
    if dates and table.partition is None:
        raise ValueError(f"{table.name} has no dates; leave as_of out and filter its rows")
    if not catalog.exists(table):
        raise NotReadyError(f"{table.name} was never written; {_remedy(project, catalog, table, dates)}")
    rows = catalog.read(table, _partitions(project, catalog, table, dates))
    return rows.select(*columns) if columns else rows


def _partitions(
    project: Project, catalog: Catalog, table: Table, dates: Sequence[date]
) -> Days | Collection[date] | None:
    if not dates:
        return None
    if table.partition == KNOWN_FROM:
        return days_up_to(max(dates))
    written = catalog.ledger.partitions(table.name)
    half_written = catalog.ledger.open(table.name)
    if missing := [day for day in dates if day not in written and day not in half_written]:
        there = f"it has {listed(written)}" if written else "it has no dates"
        raise NotReadyError(
            f"{table.name} has no rows of {listed(missing)}; {there}; {_remedy(project, catalog, table, missing)}"
        )
    return dates


def _remedy(project: Project, catalog: Catalog, table: Table, dates: Collection[date]) -> str:
    """The command that writes a table."""
    stage = next((stage for stage in all_stages.STAGES if table.name in stage.tables(project)), None)
    day = f"{max(dates)}" if dates else "DATE"
    return f"to write it: churn-spark {stage.command if stage else 'daily'} {catalog.arguments} --as-of {day}"
