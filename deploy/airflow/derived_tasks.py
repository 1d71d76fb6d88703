"""What Airflow runs, derived from the stages: names, commands and order come from the code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.project import Project
from churn_spark.stages.graph import STAGES, daily_stages
from churn_spark.stages.stage import Stage

AS_OF = "{{ data_interval_end.in_timezone(dag.timezone) | ds }}"
"""The as-of date of a DAG run: the day it starts on, in the project's zone."""


@dataclass(frozen=True)
class DerivedTask:
    """One task: its id, its shell command, and the ids of the tasks before it."""

    task_id: str
    command: str
    upstream: tuple[str, ...]


def daily_tasks(project: Project, arguments: str) -> list[DerivedTask]:
    """A task for each daily stage, after those that write what it reads; `arguments` name the project (--conf ...)."""
    stages = daily_stages(project)
    return [DerivedTask(stage.name, command(stage, arguments), _before(stage, stages, project)) for stage in stages]


def occasional_tasks(arguments: str) -> Mapping[str, DerivedTask]:
    """A task for each stage that has a schedule of its own."""
    return {s.name: DerivedTask(s.name, command(s, arguments), ()) for s in STAGES if not s.daily}


def command(stage: Stage, arguments: str) -> str:
    """The command line of a stage at the as-of date of the DAG run."""
    return f"churn-spark {stage.command} {arguments} --as-of {AS_OF} --log json"


def _before(stage: Stage, stages: Sequence[Stage], project: Project) -> tuple[str, ...]:
    earlier = stages[: stages.index(stage)]
    reads = {table for output in stage.writes(project) for table in stage.reads(project, output, date(2000, 1, 1))}
    if not reads:  # it looks at everything: the report
        return tuple(other.name for other in earlier)
    return tuple(other.name for other in earlier if reads & set(other.writes(project)))
