"""A query of the report: a small frame, summed up by Spark where the rows lie."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import DataFrame

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project

if TYPE_CHECKING:
    from churn_spark.report.facts import Facts

Dates = Days | tuple[date, ...] | None
"""Partitions of a table; None: all of it."""

EVER = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Available:
    """What there is at an as-of date, by the ledger alone: enough to say what a report reads.

    dates: the written partitions of a table, by its name. matured: training snapshots whose labels are written and
    were known at the as-of date, in order.
    """

    project: Project
    as_of: date
    dates: Callable[[str], Collection[date]]
    matured: tuple[date, ...] = ()

    @property
    def known(self) -> Days:
        """All days up to the as-of date."""
        return Days(EVER, self.as_of + timedelta(days=1))

    def until(self, table: str) -> tuple[date, ...]:
        """The partitions of a table up to the as-of date, in order."""
        return tuple(sorted(day for day in self.dates(table) if day <= self.as_of))

    def newest(self, table: str) -> date | None:
        """The newest partition of a table up to the as-of date; None: there is none."""
        return max(self.until(table), default=None)


@dataclass(frozen=True, slots=True)
class Query:
    """One frame that sections show.

    columns: of the frame, in order. reads: the tables it needs and their partitions, by what is available; where one of
    them has none, the frame is empty. rows: Spark rows with these columns, from those tables by name. They reach the
    driver, so there are few of them however many customers there are: sums by group, points of a curve, the first 20.
    """

    name: str
    columns: tuple[str, ...]
    reads: Callable[[Available], Mapping[str, Dates]]
    rows: Callable[["Facts", Mapping[str, DataFrame]], DataFrame]

    def wanted(self, available: Available) -> Mapping[str, Dates]:
        """What it reads; nothing where one of its tables has no partition for it."""
        reads = self.reads(available)
        return {} if any(dates is not None and not dates for dates in reads.values()) else reads

    def empty(self) -> pd.DataFrame:
        """The frame where a table is not there yet."""
        return pd.DataFrame({column: pd.Series(dtype=object) for column in self.columns})
