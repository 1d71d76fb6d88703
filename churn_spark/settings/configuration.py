"""Load a configuration file as a Project, or report every mistake in it."""

from pathlib import Path

from pydantic import ValidationError

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.project import Project
from churn_spark.settings.annotations import marked
from churn_spark.settings.checks import contradictions
from churn_spark.settings.checks.failing import Failures, failing
from churn_spark.settings.checks.sql import Expressions, sql
from churn_spark.settings.document import Document, DocumentError, Keys, Problem, read, substituted
from churn_spark.settings.partial import partial
from churn_spark.settings.problems import problems
from churn_spark.settings.resolve.project import project
from churn_spark.settings.root import Settings
from churn_spark.settings.section import ADDRESS

ADDRESSES: tuple[Keys, ...] = tuple(marked(Settings, ADDRESS))
"""The keys whose value is a path or an address, in which `${VAR}` is replaced."""


def load(path: str | Path, env: str | None = None, expressions: Expressions | None = None) -> Project:
    """Read, check and resolve a configuration file; its paths are relative to the working directory.

    env: merge `env/<env>.yaml`, from the folder of the file, over it. expressions: gives the Spark type of a SQL
    expression over columns, or raises ValueError with the reason; without it, SQL is not checked. Raises ConfigError
    with every mistake, one per line.
    """
    try:
        document = read(Path(path), env)
    except DocumentError as error:
        raise ConfigError(str(error)) from None
    settings, mistakes = _checked(document, expressions)
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return project(settings, document.origin)


def errors(path: str | Path, env: str | None = None, expressions: Expressions | None = None) -> list[str]:
    """Every mistake in a configuration file, each a line that names file, line, key, value and what is allowed."""
    try:
        return _checked(read(Path(path), env), expressions)[1]
    except DocumentError as error:
        return str(error).splitlines()


def warnings(path: str | Path, failures: Failures, env: str | None = None) -> list[str]:
    """SQL that can fail on a row, in a configuration without mistakes, as lines like those of `errors`."""
    document = read(Path(path), env)
    settings = Settings.model_validate(substituted(document, ADDRESSES)[0])
    return _lines(document, list(failing(settings, failures)))


def _checked(document: Document, expressions: Expressions | None) -> tuple[Settings, list[str]]:
    """The settings as far as they are valid, and every mistake as a line."""
    values, mistakes = substituted(document, ADDRESSES)
    mistakes += document.problems
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        mistakes += problems(error, Settings, values)
        settings = partial(Settings, values)
    mistakes += contradictions(settings)
    if expressions is not None:
        mistakes += sql(settings, expressions)
    return settings, _lines(document, mistakes)


def _lines(document: Document, mistakes: list[Problem]) -> list[str]:
    """The problems as lines in the order of the files, each once."""
    return list(dict.fromkeys(document.as_line(problem) for problem in sorted(mistakes, key=document.position)))
