"""`promote`, `rollback` and `recalibrate`: what a person decides about the model in force."""

import getpass
from typing import Annotated

import typer

from churn_spark.cli import job
from churn_spark.cli.arguments import AsOf, Conf, Env, Log
from churn_spark.runtime.run import run_stage
from churn_spark.stages import promotion
from churn_spark.stages.promotion import PROMOTE, ROLLBACK
from churn_spark.stages.recalibration import RECALIBRATE
from churn_spark.stages.stage import Stage

Reason = Annotated[str, typer.Option(help="Why; it is kept in champions with your user name.")]
Version = Annotated[int, typer.Option(min=1, help="The registered version; churn-spark status lists them.")]


def promote(
    conf: Conf, version: Version, reason: Reason, as_of: AsOf = None, env: Env = None, log: Log = "text"
) -> None:
    """Put a registered model version in force, from the first date that is not scored yet."""
    _decide(PROMOTE, conf, as_of, env, log, reason, version)


def rollback(conf: Conf, reason: Reason, as_of: AsOf = None, env: Env = None, log: Log = "text") -> None:
    """Put the version before the one in force in force again, from the first date that is not scored yet."""
    _decide(ROLLBACK, conf, as_of, env, log, reason)


def recalibrate(conf: Conf, reason: Reason, as_of: AsOf = None, env: Env = None, log: Log = "text") -> None:
    """Move the level of the risks to what has matured since the model in force learnt, without training."""
    _decide(RECALIBRATE, conf, as_of, env, log, reason)


def _decide(stage: Stage, conf: Conf, as_of: AsOf, env: Env, log: Log, reason: str, version: int | None = None) -> None:
    try:
        said = promotion.given(reason, getpass.getuser(), version)
    except ValueError as error:
        raise typer.BadParameter(f"--reason: {error}") from None
    project, catalog, day = job.opened_at(conf, as_of, env, log, (), stage.command)
    run_stage(stage, project, catalog, day, said)
