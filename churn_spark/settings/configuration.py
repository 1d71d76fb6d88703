"""The way in: a configuration file as a Project, or every mistake in it."""

from pathlib import Path

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.project import Project
from churn_spark.settings.checks import problems_between
from churn_spark.settings.checks.sql import Expressions, sql
from churn_spark.settings.document import Document, DocumentError, Keys, Problem, read, substituted
from churn_spark.settings.draft import draft
from churn_spark.settings.resolve.project import project
from churn_spark.settings.whole import Settings

PATHS: tuple[Keys, ...] = (
    ("warehouse", "path"),
    ("sources", "*", "path"),
    ("privacy", "key_file"),
    ("tracking", "uri"),
    ("report",),
)
"""The keys whose value is a path: there `${VAR}` is replaced."""


def load(path: str | Path, env: str | None = None, expressions: Expressions | None = None) -> Project:
    """Read, check and resolve a configuration file; paths in it are relative to the working directory.

    env merges `env/<env>.yaml` beside the file over it. expressions gives the Spark type of a SQL expression over
    columns, or raises ValueError with the reason it has none; without it SQL is not looked into. Raises ConfigError
    with every mistake, one a line.
    """
    document, settings, found = _checked(Path(path), env, expressions)
    if found or settings is None or document is None:
        raise ConfigError("\n".join(found))
    return project(settings, document.origin)


def errors(path: str | Path, env: str | None = None, expressions: Expressions | None = None) -> list[str]:
    """Every mistake in a configuration file, each a line that names file, line, key, value and what is allowed."""
    return _checked(Path(path), env, expressions)[2]


def _checked(
    path: Path, env: str | None, expressions: Expressions | None
) -> tuple[Document | None, Settings | None, list[str]]:
    try:
        document = read(path, env)
    except DocumentError as error:
        return None, None, str(error).splitlines()
    values, found = substituted(document, PATHS)
    readable, wrong = draft(values)
    found += [*document.problems, *wrong]
    between = (readable.in_file(problem) for problem in problems_between(readable))
    found += [problem for problem in between if readable.judges(problem)]
    if expressions is not None:
        found += [readable.in_file(problem) for problem in sql(readable, expressions)]
    if found:
        return document, None, _told(document, found)
    return document, Settings.model_validate(values), []


def _told(document: Document, found: list[Problem]) -> list[str]:
    """The problems as lines in the order of the files, each once."""
    return list(dict.fromkeys(document.told(problem) for problem in sorted(found, key=document.place)))
