"""One run of one stage: arguments, settings, session, locks, ledger, exit code.

A foreseen failure becomes one line on stderr that says what to do next, a row of the ledger and an exit code of its
own; anything else is a bug: its traceback and exit code 70.
"""

import logging
import os
import signal
import subprocess
import sys
import traceback
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from pyspark.sql import SparkSession

from churn_spark import __version__, progress
from churn_spark.arguments import FUTURE, AsOf, Conf, Env, Log, Options, heeded
from churn_spark.definitions.errors import ChurnError
from churn_spark.definitions.project import Project, Run
from churn_spark.heartbeat import heard
from churn_spark.session import session
from churn_spark.settings import load
from churn_spark.sql_expressions import expressions
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts import every
from churn_spark.tables.damage import named
from churn_spark.tables.ledger import NOTHING, Entry
from churn_spark.tables.locks import held
from churn_spark.tables.place import Place

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
        options = heeded(option, verb)
        leave(lambda: start(conf, as_of, env, log, options, work))

    main.__doc__ = summary
    typer.run(main)


def start(conf: Path, as_of: str | None, env: str | None, log_format: str, options: Sequence[str], work: Work) -> None:
    """Load the settings, open the warehouse and do the work at an as-of date."""
    project, catalog, day = opened_at(conf, as_of, env, log_format, options)
    work(project, catalog, day, options)


def opened_at(
    conf: Path, as_of: str | None, env: str | None, log_format: str, options: Sequence[str]
) -> tuple[Project, Catalog, date]:
    """The same as `opened`, with the as-of date, which is judged before the session is made."""
    progress.configure(log_format)
    project = load(conf, env)
    day = as_of_date(as_of, project, FUTURE in options)
    return *_with_session(project, conf, env), day


def opened(conf: Path, env: str | None = None, log_format: str = "text") -> tuple[Project, Catalog]:
    """The resolved project and its catalog, with a session; ConfigError before one is made where that is enough."""
    progress.configure(log_format)
    return _with_session(load(conf, env), conf, env)


def _with_session(read: Project, conf: Path, env: str | None) -> tuple[Project, Catalog]:
    """The project again, with its SQL judged, and its catalog."""
    os.umask(0o077)
    spark = started(f"churn_spark {read.name}")
    project = load(conf, env, expressions=expressions(spark))
    arguments = f"--conf {project.origin}" + (f" --env {env}" if env else "")
    return project, Catalog(spark, Place(project.warehouse.path, project.warehouse.schema), arguments)


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


def run_stage(
    stage: Stage,
    project: Project,
    catalog: Catalog,
    as_of: date,
    options: Sequence[str] = (),
    dates: Collection[date] = (),
) -> Entry:
    """Run a stage once under its job lock, with its rows in the ledger; raises what it fails with."""
    run = Run(
        job=stage.name,
        as_of=as_of,
        dates=tuple(sorted(dates)) or (as_of,),
        run_id=f"{stage.name}-{as_of.isoformat()}-{uuid.uuid4().hex[:12]}",
        code_version=code_version(),
        settings_hash=project.settings_hash,
        started_at=datetime.now(UTC),
        options=frozenset(options),
    )
    told = logging.getLogger(f"churn_spark.{stage.name}")
    with held(catalog.place.locks, f"job_{stage.name}", wait=0):
        catalog.enter(run)
        try:
            with heard(catalog.spark, told):
                stage.work(run, project, catalog)
        except BaseException as error:
            damaged = named(error, tables=[table.name for table in every.tables(project)])
            _end_failed(catalog, run, damaged or error)
            if damaged:
                raise damaged from error
            raise
        entry = catalog.end(run)
    idle = entry.status == NOTHING and stage.writes(project)
    told.info("%s in %.1f s", "nothing to do" if idle else "done", entry.seconds or 0.0)
    return entry


def _end_failed(catalog: Catalog, run: Run, error: BaseException) -> None:
    name = type(error).__name__
    try:
        if isinstance(error, KeyboardInterrupt):
            catalog.spark.sparkContext.cancelAllJobs()
        catalog.end(run, error=f"{name}: {error}" if isinstance(error, ChurnError) else name)
    except (
        Exception
    ) as second:  # the first failure must be told, whatever hinders the ledger (a full disk, a lost store)
        log.warning("the ledger could not note the failure: %s", str(second).splitlines()[0] if str(second) else second)


def leave(work: Callable[[], None]) -> None:
    """Do the work and leave the process with the exit code of what happened; SIGTERM ends it as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        work()
    except ChurnError as error:
        progress.fail(type(error).__name__, str(error))
        sys.exit(error.exit_code)
    except (typer.Exit, typer.BadParameter):
        raise
    except (KeyboardInterrupt, SystemExit) as end:
        # Inside a command line of several verbs, typer has made an exit of the interrupt already.
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        progress.fail("interrupted", "run the same command again")
        sys.exit(INTERRUPTED)
    except BaseException as error:
        if damaged := named(error):
            progress.fail(type(damaged).__name__, str(damaged))
            sys.exit(damaged.exit_code)
        traceback.print_exc()
        sys.exit(BUG)


def code_version() -> str:
    """The package's version, with the commit where it runs from a checkout."""
    checkout = Path(__file__).parent.parent
    if not (checkout / ".git").exists():
        return __version__
    found = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    )
    return f"{__version__}+{found.stdout.strip()}" if found.returncode == 0 else __version__
