"""What Airflow runs, derived from the stages: names, commands and order come from the code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.errors import ALL, BusyError, ChurnError, UnavailableError
from churn_spark.definitions.project import Project
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages import all_stages
from churn_spark.stages.stage import Stage

AS_OF = "{{ data_interval_end.in_timezone(dag.timezone) | ds }}"
"""The as-of date of a DAG run: the day it starts on, in the project's zone."""

RETRIED = frozenset((BusyError.exit_code, UnavailableError.exit_code))
"""Exit codes of what passes by itself: another run is at work, or its lease has still to run out; an outage."""
FINAL = frozenset((2, ChurnError.exit_code, *(error.exit_code for error in ALL))) - RETRIED
"""Exit codes of what stays as it is until somebody has seen to it: trying again does not help."""


@dataclass(frozen=True)
class DerivedTask:
    """One task: its id, its shell command, the ids of the tasks before it, and when it runs unless it is daily."""

    task_id: str
    command: str
    upstream: tuple[str, ...]
    schedule: str | None = None


def daily_tasks(project: Project, arguments: str) -> list[DerivedTask]:
    """A task for each daily stage, after those that write what it reads; `arguments` name the project (--conf ...)."""
    stages = all_stages.daily_stages(project)
    return [DerivedTask(stage.name, command(stage, arguments), _before(stage, stages, project)) for stage in stages]


def occasional_tasks(arguments: str) -> Mapping[str, DerivedTask]:
    """A task for each stage that has a schedule of its own."""
    occasional = (stage for stage in all_stages.STAGES if not stage.daily)
    return {s.name: DerivedTask(s.name, command(s, arguments), (), s.schedule) for s in occasional}


def command(stage: Stage, arguments: str) -> str:
    """The command line of a stage at the as-of date of the DAG run."""
    return f"churn-spark {stage.command} {arguments} --as-of {AS_OF} --log json"


def _before(stage: Stage, stages: Sequence[Stage], project: Project) -> tuple[str, ...]:
    earlier = stages[: stages.index(stage)]
    reads = {
        table for output in stage.tables(project) for table in stage.reads(project, Ledger(), output, date(2000, 1, 1))
    }
    if not reads:  # it looks at everything: the report
        return tuple(other.name for other in earlier)
    return tuple(other.name for other in earlier if reads & set(other.tables(project)))
