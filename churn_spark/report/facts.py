"""What a report is made from, as values: aggregates and the riskiest few, nothing that grows with customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd

from churn_spark.definitions.project import Project, Run
from churn_spark.report.query import Available, Query


@dataclass(frozen=True, slots=True)
class Champion:
    """The model in force.

    trained_on, run_id: as-of date and id of its training run; run_id is empty where it was not kept. snapshots: as-of
    dates it was refitted on.
    """

    name: str
    version: int
    family: str
    effective_from: date
    reason: str
    trained_on: date
    run_id: str = ""
    snapshots: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """The last run of a job, up to the as-of date, that wrote something."""

    job: str
    run_id: str
    as_of: date
    at: datetime
    seconds: float | None
    code_version: str
    settings_hash: str
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Everything that sections show.

    arguments: of every command of the project (`--conf ...`). risk_table: address of `risk_scores` for SQL. score_run:
    the run that wrote the scores of the as-of date. frames: of every query, empty where its table is not there yet;
    read with `facts[QUERY]`.
    """

    available: Available
    run: Run
    arguments: str
    risk_table: str
    score_run: str | None = None
    champion: Champion | None = None
    runs: tuple[Done, ...] = ()
    frames: Mapping[Query, pd.DataFrame] = field(default_factory=dict)

    @property
    def project(self) -> Project:
        return self.available.project

    @property
    def as_of(self) -> date:
        return self.available.as_of

    def __getitem__(self, query: Query) -> pd.DataFrame:
        """The frame of a query; KeyError for one that no section names among its queries."""
        return self.frames[query]

    def how(self, job: str) -> str:
        """The command that runs a job for this as-of date."""
        return f"churn-spark {job.replace('_', '-')} {self.arguments} --as-of {self.as_of.isoformat()}"
