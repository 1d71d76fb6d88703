"""A stage: a function with its reads and writes, so that plans, status and schedules derive from one list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.periods import Days, month
from churn_spark.definitions.project import Project, Run
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.ledger import Ledger

Reads = Mapping[str, Days]
"""Partitions read, by table name."""


def no_definitions(project: Project) -> Mapping[str, Mapping[str, str]]:
    """Definitions of a stage whose output depends on data and code only."""
    return {}


def lacks_nothing(project: Project, ledger: Ledger, output: str, day: date) -> frozenset[str]:
    """Every partition can have all columns."""
    return frozenset()


def always(project: Project) -> bool:
    """Every project needs it."""
    return True


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way.

    writes: names of its tables, the last committed last. reads: what a partition `day` of a table `output` is made of.
    definitions: the hash of each column's definition, by table; another hash makes a partition stale.
    lacking: the columns that a partition `day` of a table `output` cannot have (see `lacking`).
    per_date: whether it owns one partition an as-of date (then `backfill` can fill any date), or, if `monthly`, one of
    the first day of the date's month; otherwise it finds its own partitions. daily: whether `daily` runs it.
    asked_for: whether something in a project needs it; what nothing needs is left out of `daily` and `backfill`.
    """

    name: str
    summary: str
    work: Callable[[Run, Project, Catalog], None]
    writes: Callable[[Project], tuple[str, ...]]
    reads: Callable[[Project, str, date], Reads]
    definitions: Callable[[Project], Mapping[str, Mapping[str, str]]] = no_definitions
    lacking: Callable[[Project, Ledger, str, date], frozenset[str]] = lacks_nothing
    per_date: bool = False
    monthly: bool = False
    daily: bool = False
    asked_for: Callable[[Project], bool] = always

    def partition(self, as_of: date) -> date:
        """The partition that holds what it makes for an as-of date, if it is `per_date`."""
        return month(as_of) if self.monthly else as_of

    @property
    def command(self) -> str:
        """Its verb on the command line."""
        return self.name.replace("_", "-")
