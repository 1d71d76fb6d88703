"""Conditions of the configuration that fail on a row: whether it passes is unknown, so the run ends with an error."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.errors import PySparkException

from churn_spark.definitions.actions import Action
from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.project import Project
from churn_spark.spark_internals.errors import JavaError

_FAILURE = re.compile(r"\[([A-Z_]+)(?:\.[A-Z_]+)*\] (.+?) SQLSTATE: (?:22|42601|P0)", re.DOTALL)
"""Spark's account of a value that an expression cannot take: data exceptions, formats, errors raised on purpose."""
_CONTEXT = re.compile(r"^== SQL .*==\n(.*(?:\n.*)*?)\n[ ^]*\^[ ^]*$", re.MULTILINE)
"""The lines of the SQL expression that failed, up to the marks below them."""
_WITHOUT_CONTEXT = (
    "CAST_OVERFLOW",
    "CANNOT_PARSE_TIMESTAMP",
    "DATETIME_FIELD_OUT_OF_BOUNDS",
    "INVALID_FORMAT",
    "INVALID_INTERVAL_FORMAT",
    "INVALID_PARAMETER_VALUE",
    "USER_RAISED_EXCEPTION",
)
"""Failures of which Spark does not tell the expression."""
_CALL = re.compile(r"\w\(|::")
"""A function or a cast, without which an expression has no such failure."""


@contextmanager
def failures_named(project: Project) -> Iterator[None]:
    """Raise ConfigError where Spark reports that one of the project's conditions fails on a row."""
    try:
        yield
    except (JavaError, PySparkException) as error:
        if failure := condition_error(str(error), project):
            raise failure from None
        raise


def condition_error(text: str, project: Project) -> ConfigError | None:
    """The error to show when a condition of the project failed on a row; None for any other error."""
    failure = _FAILURE.search(text)
    if failure is None:
        return None
    context = _CONTEXT.search(text, failure.start())
    if context is not None:
        lines = [line.strip() for line in context[1].splitlines()]
        failed = [(key, sql) for key, sql in _conditions(project) if all(_is_of(line, sql) for line in lines)]
    else:
        failed = [(key, sql) for key, sql in _conditions(project) if _CALL.search(sql)]
        failed = failed if failure[1] in _WITHOUT_CONTEXT else []
    if not failed:
        return None
    expressions = " or ".join(f"{key}: {sql!r}" for key, sql in failed)
    reason = re.sub(r'\s*If necessary set "spark\.sql\.ansi\.enabled".*', "", failure[2], flags=re.DOTALL)
    return ConfigError(
        f"{project.origin}: {expressions} fails on a row: {reason.rstrip('. ')}. Write it so that it is null there"
        " (try_divide, try_cast, try_element_at, try_to_timestamp); a row for which it is null does not pass"
    )


def _is_of(line: str, sql: str) -> bool:
    """Whether a line that Spark shows is part of an expression; of a long line it shows the middle, between dots."""
    shown = line.removeprefix("...").removesuffix("...")
    return shown in sql if shown != line else line in (whole.strip() for whole in sql.splitlines())


def _conditions(project: Project) -> list[tuple[str, str]]:
    routes = project.dispatch.routes if project.dispatch else ()
    conditions = (
        ("label.filter", project.label.filter),
        ("population.expression", project.population.expression),
        *((f"audiences.{audience.name}", audience.condition) for audience in project.audiences),
        *((f"dispatch.routes.{route.name}.where", route.condition) for route in routes),
        *((f"interventions.actions.{action.name}.where", action.condition or "") for action in _actions(project)),
    )
    return [(key, sql) for key, sql in conditions if sql]


def _actions(project: Project) -> tuple[Action, ...]:
    return project.interventions.actions if project.interventions else ()
