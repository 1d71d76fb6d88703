"""The arguments of the command line that every job takes, and what `--option` may say."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from churn_spark.settings.nearest import among
from churn_spark.stages.intake.memory import ACCEPT
from churn_spark.stages.intake.taking import ADD_COLUMNS, ADD_HISTORY, RESTATE, VERIFY
from churn_spark.stages.maintain import ACCEPT_ROLLBACK
from churn_spark.stages.score import VERSION

FUTURE = "future"
INTAKE = ("daily", "ingest")


@dataclass(frozen=True, slots=True)
class Option:
    """What `--option` may say: as it is written, the verbs that heed it (none: all), and as a regular expression."""

    written: str
    verbs: tuple[str, ...]
    pattern: str


OPTIONS = (
    Option(ACCEPT, INTAKE, ACCEPT),
    Option(RESTATE, INTAKE, RESTATE),
    Option(ADD_COLUMNS, INTAKE, ADD_COLUMNS),
    Option(ADD_HISTORY, INTAKE, ADD_HISTORY),
    Option(VERIFY, INTAKE, VERIFY),
    Option(f"{VERSION}N", ("daily", "score"), rf"{VERSION}[1-9]\d{{0,8}}"),
    Option(ACCEPT_ROLLBACK, ("maintain",), ACCEPT_ROLLBACK),
    Option(FUTURE, (), FUTURE),
)

Conf = Annotated[Path, typer.Option(help="Configuration file of the project.")]
Env = Annotated[str | None, typer.Option(help="Environment: conf/env/<name>.yaml is merged over the configuration.")]
AsOf = Annotated[str | None, typer.Option(help="As-of date, YYYY-MM-DD; today in the project's zone when left out.")]
Log = Annotated[Literal["text", "json"], typer.Option(help="Progress as text for people or json for machines.")]
Options = Annotated[
    list[str],
    typer.Option("--option", help=f"{', '.join(option.written for option in OPTIONS)}; may be given several times."),
]


def heeded(given: Iterable[str], verb: str) -> list[str]:
    """The options as given; typer.BadParameter for one that the verb would not heed, with those it would."""
    asked = list(given)
    known = [option for option in OPTIONS if not option.verbs or verb in option.verbs]
    for text in asked:
        if any(re.fullmatch(option.pattern, text) for option in known):
            continue
        elsewhere = [verb for option in OPTIONS if re.fullmatch(option.pattern, text) for verb in option.verbs]
        goes = f". It goes with {' and '.join(elsewhere)}" if elsewhere else ""
        raise typer.BadParameter(f"--option {among(text, [option.written for option in known])}{goes}")
    return asked
