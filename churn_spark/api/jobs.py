"""Jobs as Python users run them, with the checks of the command line and nothing changed of the process."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from churn_spark.definitions.nearest import not_one_of, unknown
from churn_spark.definitions.project import Project
from churn_spark.lineage.data_end import WITHOUT_AS_OF
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.daily import daily
from churn_spark.runtime.run import run_stage
from churn_spark.stages import all_stages
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog

FUTURE = "future"
"""The option that lets an as-of date lie in the future."""


def today(project: Project) -> date:
    """Today in the project's zone."""
    return datetime.now(ZoneInfo(project.zone)).date()


def run_job(project: Project, catalog: Catalog, job: str, as_of: date | None, options: Sequence[str]) -> None:
    """Run `daily`, `backfill` or a stage by its command; ValueError for one that does not exist, or wrong arguments.

    as_of: None for today.
    """
    stages = _stages(project, job.replace("_", "-"))
    day = as_of or today(project)
    _refuse_unknown_options(job, stages, options)
    if day > today(project) + timedelta(days=1) and FUTURE not in options:
        raise ValueError(f'the as-of date {day} lies in the future; if it is meant, give options=["{FUTURE}"]')
    for stage in stages:
        stage.preflight(project, options, day)
    given = options if as_of else [*options, WITHOUT_AS_OF]
    if job == "daily":
        daily(project, catalog, day, given)
    elif job == "backfill":
        backfill(project, catalog, day)
    else:
        run_stage(stages[0], project, catalog, day, given)


def _stages(project: Project, command: str) -> Sequence[Stage]:
    """The stages whose options and checks a job has."""
    if command in ("daily", "backfill"):
        return all_stages.daily_stages(project) if command == "daily" else ()
    by_command = {stage.command: stage for stage in all_stages.STAGES}
    if command not in by_command:
        raise ValueError(unknown("job", command, ("daily", "backfill", *by_command)))
    return (by_command[command],)


def _refuse_unknown_options(job: str, stages: Sequence[Stage], options: Sequence[str]) -> None:
    known = [option for stage in stages for option in stage.options]
    for text in options:
        if text != FUTURE and not any(re.fullmatch(option.pattern, text) for option in known):
            raise ValueError(f"{job}: option {not_one_of(text, [*(option.written for option in known), FUTURE])}")
