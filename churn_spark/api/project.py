"""A configured project for notebooks and scripts: its tables as DataFrames, what is due, its jobs."""

import getpass
import os
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from churn_spark.api.arguments import Day, as_date, as_dates, as_pandas
from churn_spark.api.export import export
from churn_spark.api.jobs import run_job, today
from churn_spark.api.sessions import session_for_tables
from churn_spark.api.status import Status, due_frame, runs_frame, status
from churn_spark.api.tables import read_table
from churn_spark.api.training_set import training_set
from churn_spark.definitions.nearest import unknown
from churn_spark.definitions.project import Project
from churn_spark.pipelines.plan import everything_due
from churn_spark.runtime.run import run_stage
from churn_spark.runtime.warehouse import open_warehouse
from churn_spark.settings import load
from churn_spark.stages import all_stages
from churn_spark.stages.promotion import PROMOTE, ROLLBACK, given
from churn_spark.stages.recalibration import RECALIBRATE
from churn_spark.stages.stage import Stage
from churn_spark.stages.training.champions import Decision, decisions
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.table import Table

LIMIT = 100_000
"""Rows that `pandas` brings to this process where it is not given another bound."""


def open_project(conf: str | Path, *, env: str | None = None, spark: SparkSession | None = None) -> "OpenProject":
    """Open the project of a configuration file; nothing is written, and nothing of this process is changed.

    conf: the file; paths in it are relative to the working directory. env: merges `env/<env>.yaml` beside it over it.
    spark: the session to work in; left out, the active one, else a local one with Delta is started.

    Raises ConfigError with every mistake in the file, or for a session without Delta, ANSI mode or UTC.

    >>> import churn_spark as cs
    >>> shop = cs.open("conf/mine.yaml")
    >>> newest = shop.dates("risk_scores")[-1]
    >>> shop.table("risk_scores", as_of=newest, columns=["customer_id", "risk", "tier"]).columns
    ['customer_id', 'risk', 'tier']
    >>> shop.table("risk_score")
    Traceback (most recent call last):
    ValueError: there is no table 'risk_score'. Did you mean risk_scores? There are: ...
    >>> shop.pandas(shop.labels().groupBy("label").count(), limit=10).columns.tolist()
    ['label', 'count']
    """
    load(conf, env)  # so that a mistake is named before a session is started
    return OpenProject(*open_warehouse(session_for_tables(spark), conf, env))


class OpenProject:
    """A project and its tables, as `churn_spark.open` gives it.

    definition: the resolved configuration. spark: the session it works in.
    """

    def __init__(self, definition: Project, catalog: Catalog) -> None:
        self.definition = definition
        self.spark = catalog.spark
        self._catalog = catalog

    def __repr__(self) -> str:
        return f"<project {self.definition.name}, tables in {self._catalog.location.address('')}>"

    @property
    def tables(self) -> list[str]:
        """The names of all tables of the project, in the order of the data's way; docs/tables.md explains them."""
        return [table.name for table in all_stages.tables(self.definition)]

    def table(self, name: str, as_of: Day | Iterable[Day] | None = None, columns: Collection[str] = ()) -> DataFrame:
        """A table at as-of dates, all of it without any.

        Of a table with a partition per as-of date, such as `risk_scores`, exactly the rows of these dates; of one with
        a partition per knowledge date, such as `events_<source>` or `tiles_<source>`, all that was known by the last
        of them. columns: those wanted; all where left out.

        Raises ValueError for a name that does not exist; NotReadyError where a date was never written or is
        half-written, with the command that writes it.
        """
        self._catalog.refresh()
        days = [] if as_of is None else as_dates(as_of)
        return read_table(self.definition, self._catalog, self._contract(name), days, columns)

    def dates(self, name: str) -> list[date]:
        """The dates that a table has, ascending: as-of dates, or knowledge dates (see `table`)."""
        self._catalog.refresh()
        return sorted(self._catalog.ledger.partitions(self._contract(name).name))

    def features(self, dates: Day | Iterable[Day] | None = None, columns: Collection[str] = ()) -> DataFrame:
        """The features of the population at as-of dates: customer_id, as_of_date, a column per feature."""
        return self.table("features", dates, columns)

    def labels(self, dates: Day | Iterable[Day] | None = None) -> DataFrame:
        """The labels of as-of dates that have matured: customer_id, as_of_date, label, or why there is none."""
        return self.table("labels", dates)

    def pandas(
        self,
        table: str | DataFrame,
        as_of: Day | Iterable[Day] | None = None,
        columns: Collection[str] = (),
        *,
        limit: int = LIMIT,
    ) -> pd.DataFrame:
        """A table (by name, as `table` reads it), or any DataFrame, in pandas.

        Raises ValueError where it has more rows than `limit`: memory is this process's, and a cluster's table may not
        fit; nothing is cut off silently.
        """
        rows = self.table(table, as_of, columns) if isinstance(table, str) else table
        collected = as_pandas(rows.limit(limit + 1))
        if len(collected) > limit:
            what = table if isinstance(table, str) else "this DataFrame"
            raise ValueError(
                f"{what} has more than {limit:,} rows; aggregate or filter it in Spark first, give a date (as_of), or"
                f" raise the bound, for example limit={10 * limit}"
            )
        return collected

    def export(
        self,
        table: str | DataFrame,
        path: str | os.PathLike[str],
        format: str | None = None,
        as_of: Day | Iterable[Day] | None = None,
        columns: Collection[str] = (),
        *,
        overwrite: bool = False,
    ) -> str:
        """Write a table (by name, as `table` reads it), or any DataFrame, as Parquet or CSV, and return the path.

        A path that ends in `.parquet` or `.csv` is one local file, complete or not there; any other a folder of files.
        format: `parquet` or `csv`, left out: as the path ends. In CSV, times are UTC and nested values are JSON.

        Raises ValueError for another format, FileExistsError where something is there already.
        """
        rows = self.table(table, as_of, columns) if isinstance(table, str) else table
        return export(rows, path, format, overwrite)

    def training_set(self, as_of: Day | None = None) -> DataFrame:
        """The labelled snapshots that training at an as-of date uses: customer_id, as_of_date, label, part, fold, and
        the features that mean the same in all of them.

        part: `train` rows train the model that is tested, `test` rows test it, `purged` ones do neither. fold: of the
        customer, from 0. as_of: left out, the newest date that ingest has completed.

        Raises ModelError where too few snapshots have matured.
        """
        self._catalog.refresh()
        return training_set(self.definition, self._catalog, self._as_of(as_of))

    def status(self, as_of: Day | None = None) -> Status:
        """What is there, what is due, earlier runs and the model in force at an as-of date.

        as_of: left out, the newest date that ingest has completed.
        """
        self._catalog.refresh()
        return status(self.definition, self._catalog, self._as_of(as_of))

    def due(self, as_of: Day | None = None) -> pd.DataFrame:
        """The partitions that `backfill` would build, a row each: stage, table, date, kind and reason; see `status`."""
        self._catalog.refresh()
        return due_frame(everything_due(self.definition, self._catalog, self._as_of(as_of)))

    def run(self, job: str = "daily", as_of: Day | None = None, options: Sequence[str] = ()) -> pd.DataFrame:
        """Run `daily`, `backfill` or one stage at an as-of date, as the command line does, with its locks and ledger.

        job: as on the command line, such as `ingest` or `build-features`. as_of: left out, today in the project's zone.
        options: what `--option` takes there. Progress is logged under the logger `churn_spark`, which is yours to show.

        Returns a row per run of a stage, newest first: job, as_of, started, status, seconds, error. Raises the errors
        of the command line (`churn_spark.definitions.errors`), ValueError for a job or option that does not exist.
        """
        self._catalog.refresh()
        before = {entry.run_id for entry in self._catalog.ledger.entries}
        run_job(self.definition, self._catalog, job, None if as_of is None else as_date(as_of), options)
        self._catalog.refresh()
        return runs_frame([entry for entry in self._catalog.ledger.entries if entry.run_id not in before])

    def promote(self, version: int, reason: str, as_of: Day | None = None) -> Decision:
        """Put a registered model version in force from the first date that is not scored yet; return the decision.

        reason: kept in `champions` with your user name. as_of: left out, today in the project's zone.

        Raises ModelError where the version is not registered, was altered, is in force already, or learnt from features
        that the configuration no longer has.
        """
        return self._decide(PROMOTE, reason, as_of, version)

    def rollback(self, reason: str, as_of: Day | None = None) -> Decision:
        """Put the version before the one in force in force again, like `promote`; ModelError where there was none."""
        return self._decide(ROLLBACK, reason, as_of)

    def recalibrate(self, reason: str, as_of: Day | None = None) -> Decision:
        """Move the level of the risks to the newest matured snapshots, and put that version in force like `promote`.

        Raises ModelError where no snapshot has matured that the model has not learnt from, or the level did not move.
        """
        return self._decide(RECALIBRATE, reason, as_of)

    def _decide(self, stage: Stage, reason: str, as_of: Day | None, version: int | None = None) -> Decision:
        said = given(reason, getpass.getuser(), version)
        day = today(self.definition) if as_of is None else as_date(as_of)
        run = run_stage(stage, self.definition, self._catalog, day, said)
        self._catalog.refresh()
        return next(d for d in decisions(self.definition, self._catalog) if d.run_id == run.run_id)

    def _contract(self, name: str) -> Table:
        known = {table.name: table for table in all_stages.tables(self.definition)}
        if name not in known:
            raise ValueError(unknown("table", name, known))
        return known[name]

    def _as_of(self, day: Day | None) -> date:
        """The date given, else the newest one that ingest has completed, else today."""
        if day is not None:
            return as_date(day)
        return self._catalog.ledger.completed("ingest") or today(self.definition)
