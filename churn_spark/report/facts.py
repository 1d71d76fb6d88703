"""What the report tells, as values: aggregates and the riskiest few, nothing that grows with customers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd

from churn_spark.definitions.project import Project, Run

COLUMNS: dict[str, tuple[str, ...]] = {
    "riskiest": ("risk_rank", "customer_id", "risk", "tier", "segment", "value", "expected_loss"),
    "costliest": ("risk_rank", "customer_id", "risk", "tier", "value", "expected_loss"),
    "risks": ("tier", "bucket", "customers", "risk", "value", "expected_loss"),
    "segments": (
        "segment", "recency_quintile", "frequency_quintile", "customers", "high", "risk", "value", "expected_loss",
    ),
    "centres": ("segment", "feature", "typical"),
    "snapshots": ("as_of_date", "customers", "labelled", "churned", "excluded"),
    "metrics": ("model_version", "model", "scope", "segment", "metric", "value", "low", "high"),
    "curves": ("model", "curve", "position", "x", "y", "rows", "label"),
    "deliveries": (
        "source", "deliveries", "read", "kept", "quarantined", "duplicate", "bytes", "first", "last", "nominal_dates",
        "late", "incomplete", "worst", "worst_refused", "worst_read", "ignored_columns",
    ),
    "reasons": ("source", "reason", "rows"),
    "profile": ("source", "column", "statistic", "value", "text"),
    "limits": ("source", "column", "rows", "lower", "upper", "mean", "median", "mode"),
    "cleaned": ("source", "column", "events", "missing", "outlier"),
    "history": ("source", "first_seen"),
}  # fmt: skip
"""The columns of each frame of `Facts`. `risk`, `value`, `expected_loss` are sums but in `riskiest` and `costliest`."""

BUCKET = 0.02
"""Width of a bucket of `risks`, in risk."""


def empty(name: str) -> pd.DataFrame:
    """The frame of a table that does not exist yet."""
    return pd.DataFrame({column: pd.Series(dtype=object) for column in COLUMNS[name]})


def _frame(name: str) -> pd.DataFrame:
    return field(default_factory=lambda: empty(name))


@dataclass(frozen=True, slots=True)
class Champion:
    """The model in force. trained_on: as-of date of its training run; snapshots: as-of dates it was refitted on;
    tested_on: the newest of them, held out for its test before."""

    name: str
    version: int
    family: str
    effective_from: date
    reason: str
    trained_on: date | None = None
    snapshots: tuple[date, ...] = ()
    tested_on: tuple[date, ...] = ()


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
    """Everything the report tells; a frame is empty where its table does not exist yet.

    arguments: of every command of the project (`--conf ...`). risk_table: address of `risk_scores` for SQL.
    replayed: whether the scores were made by a model not in force. profiled_on: as-of date of profile and limits.
    cleaned_days: days of knowledge that `cleaned` counts. scored_dates: dates with scores.
    """

    project: Project
    run: Run
    arguments: str
    risk_table: str
    scored_dates: tuple[date, ...] = ()
    score_run: str | None = None
    scored_version: int | None = None
    replayed: bool = False
    champion: Champion | None = None
    profiled_on: date | None = None
    cleaned_days: int = 0
    runs: tuple[Done, ...] = ()
    riskiest: pd.DataFrame = _frame("riskiest")
    costliest: pd.DataFrame = _frame("costliest")
    risks: pd.DataFrame = _frame("risks")
    segments: pd.DataFrame = _frame("segments")
    centres: pd.DataFrame = _frame("centres")
    snapshots: pd.DataFrame = _frame("snapshots")
    metrics: pd.DataFrame = _frame("metrics")
    curves: pd.DataFrame = _frame("curves")
    deliveries: pd.DataFrame = _frame("deliveries")
    reasons: pd.DataFrame = _frame("reasons")
    profile: pd.DataFrame = _frame("profile")
    limits: pd.DataFrame = _frame("limits")
    cleaned: pd.DataFrame = _frame("cleaned")
    history: pd.DataFrame = _frame("history")

    def how(self, job: str) -> str:
        """The command that runs a job for this as-of date."""
        return f"churn-spark {job.replace('_', '-')} {self.arguments} --as-of {self.run.as_of.isoformat()}"
