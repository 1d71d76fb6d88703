"""The way in of every job: arguments, settings, session, exit code.

A foreseen failure becomes one line on stderr that says what to do next, a row of the ledger and an exit code of its
own; anything else is a bug: its traceback and exit code 70.
"""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from pyspark.sql import SparkSession

from churn_spark.cli.arguments import FUTURE, AsOf, Conf, Env, Log, Options, valid_options
from churn_spark.cli.preflight import announce, refuse_early
from churn_spark.definitions.project import Project
from churn_spark.lineage.data_end import WITHOUT_AS_OF
from churn_spark.runtime import progress
from churn_spark.runtime.failures import foreseen
from churn_spark.runtime.run import run_stage
from churn_spark.runtime.session import session
from churn_spark.runtime.warehouse import open_warehouse
from churn_spark.settings import load
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.run")

BUG = 70
INTERRUPTED = 130
Work = Callable[[Project, Catalog, date, Sequence[str]], None]


def job(stage: Stage) -> None:
    """The way in of `jobs/<stage>.py`: read the arguments, run the stage once, leave with its exit code."""
    command(stage.command, stage.summary, partial(once, stage))


def command(verb: str, summary: str, work: Work) -> None:
    """Run `work` as a program of its own, with the arguments every job takes; `verb` says which options it heeds."""

    def main(conf: Conf, as_of: AsOf = None, env: Env = None, log: Log = "text", option: Options = []) -> None:  # noqa: B006
        options = valid_options(option, verb)
        leave(lambda: start(conf, as_of, env, log, options, work, verb))

    main.__doc__ = summary
    typer.run(main)


def start(
    conf: Path, as_of: str | None, env: str | None, log_format: str, options: Sequence[str], work: Work, verb: str
) -> None:
    """Load the settings, open the warehouse and do the work at an as-of date."""
    project, catalog, day = opened_at(conf, as_of, env, log_format, options, verb)
    work(project, catalog, day, options if as_of else [*options, WITHOUT_AS_OF])


def opened_at(
    conf: Path, as_of: str | None, env: str | None, log_format: str, options: Sequence[str], verb: str
) -> tuple[Project, Catalog, date]:
    """The same as `opened`, with the as-of date. What needs no session to be refused is refused before one is made."""
    progress.configure(log_format)
    project = load(conf, env)
    day = as_of_date(as_of, project, FUTURE in options)
    announce(verb, project, day)
    refuse_early(verb, project, options, day)
    return *_with_session(project, conf, env), day


def opened(conf: Path, env: str | None = None, log_format: str = "text") -> tuple[Project, Catalog]:
    """The resolved project and its catalog, with a session; ConfigError, if possible before the session is made."""
    progress.configure(log_format)
    return _with_session(load(conf, env), conf, env)


def _with_session(read: Project, conf: Path, env: str | None) -> tuple[Project, Catalog]:
    """The project again, with its SQL checked, and its catalog."""
    os.umask(0o077)
    return open_warehouse(started(f"churn_spark {read.name}"), conf, env)


def started(name: str) -> SparkSession:
    """A session that an interrupt ends with KeyboardInterrupt alone.

    PySpark's own handler speaks to the JVM in the midst of the call it interrupts, which fails with tracebacks.
    """
    log.info("starting Spark")
    spark = session(name)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return spark


def as_of_date(text: str | None, project: Project, future: bool = True) -> date:
    """The date asked for, or today in the project's zone; typer.BadParameter for one after tomorrow without `future`.

    What a run takes in counts as known from its as-of date on: a mistyped year would hide it until then.
    """
    today = datetime.now(ZoneInfo(project.zone)).date()
    if text is None:
        return today
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"--as-of {text!r} is no date of the calendar; write YYYY-MM-DD") from None
    if asked > today + timedelta(days=1) and not future:
        raise typer.BadParameter(f"--as-of {asked} lies in the future; if it is meant, add --option {FUTURE}")
    return asked


def once(stage: Stage, project: Project, catalog: Catalog, as_of: date, options: Sequence[str]) -> None:
    """Run one stage, as the work of a program."""
    run_stage(stage, project, catalog, as_of, options)


def leave(work: Callable[[], None]) -> None:
    """Do the work and leave the process with the exit code of what happened; SIGTERM ends it as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        work()
    except (typer.Exit, typer.BadParameter):
        raise
    except (KeyboardInterrupt, SystemExit) as end:
        # Inside a command line of several verbs, typer has made an exit of the interrupt already.
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        progress.fail("interrupted", "run the same command again")
        sys.exit(INTERRUPTED)
    except BaseException as error:
        if named := foreseen(error):
            progress.fail(type(named).__name__, str(named))
            sys.exit(named.exit_code)
        traceback.print_exc()
        sys.exit(BUG)
