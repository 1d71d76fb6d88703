"""The arguments of the command line that every job takes, and what `--option` may say."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

from churn_spark.definitions.nearest import not_one_of
from churn_spark.stages import all_stages
from churn_spark.stages.stage import Option

FUTURE = "future"


def options() -> tuple[tuple[Option, tuple[str, ...]], ...]:
    """What `--option` may say, each once, with the commands it is for; none: all."""
    own: dict[Option, tuple[str, ...]] = {}
    for stage in all_stages.STAGES:
        for option in stage.options:
            verbs = (*(("daily",) if stage.daily else ()), stage.command)
            own[option] = tuple(dict.fromkeys((*own.get(option, ()), *verbs)))
    return (*own.items(), (Option(FUTURE, FUTURE), ()))


Conf = Annotated[Path, typer.Option(help="Configuration file of the project.")]
Env = Annotated[str | None, typer.Option(help="Environment: conf/env/<name>.yaml is merged over the configuration.")]
AsOf = Annotated[str | None, typer.Option(help="As-of date, YYYY-MM-DD; today in the project's zone when left out.")]
Log = Annotated[Literal["text", "json"], typer.Option(help="Progress as text for people or json for machines.")]
Options = Annotated[
    list[str],
    typer.Option(
        "--option", help=f"{', '.join(option.written for option, _ in options())}; may be given several times."
    ),
]


def valid_options(given: Iterable[str], verb: str) -> list[str]:
    """The options as given; typer.BadParameter for one that is not for this command, with those that are."""
    asked = list(given)
    known = [option for option, verbs in options() if not verbs or verb in verbs]
    for text in asked:
        if any(re.fullmatch(option.pattern, text) for option in known):
            continue
        elsewhere = [other for option, verbs in options() if re.fullmatch(option.pattern, text) for other in verbs]
        goes = f". It goes with {' and '.join(elsewhere)}" if elsewhere else ""
        raise typer.BadParameter(f"--option {not_one_of(text, [option.written for option in known])}{goes}")
    return asked
