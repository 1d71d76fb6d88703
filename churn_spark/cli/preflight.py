"""What a command says and refuses before Spark starts: half a minute sooner than the stage itself would."""

import logging
from collections.abc import Sequence
from datetime import date

from churn_spark.definitions.project import Project
from churn_spark.stages import all_stages
from churn_spark.stages.by_hand import BY_HAND
from churn_spark.stages.stage import Stage

log = logging.getLogger("churn_spark.run")


def announce(verb: str, project: Project, as_of: date) -> None:
    """Say at once what is going to be done, and where."""
    place = project.warehouse.path or project.warehouse.schema
    log.info("%s of %s at %s, tables in %s: %s", verb, project.name, as_of, place, _what(verb, project))


def refuse_early(verb: str, project: Project, options: Sequence[str], as_of: date) -> None:
    """Raise what the stages of a command can refuse without a session."""
    for stage in _stages(verb, project):
        stage.preflight(project, options, as_of)


def _stages(verb: str, project: Project) -> tuple[Stage, ...]:
    if verb == "daily":
        return all_stages.daily_stages(project)
    return tuple(stage for stage in all_stages.STAGES if stage.command == verb)


def _what(verb: str, project: Project) -> str:
    if verb == "daily":
        return ", ".join(stage.command for stage in _stages(verb, project))
    stages = (*_stages(verb, project), *(stage for stage in BY_HAND if stage.command == verb))
    return next((stage.summary for stage in stages), "Build what is missing or stale.")
