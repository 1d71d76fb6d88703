"""What is there, for which dates, what is missing or stale and why, the last runs, the champion in force."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table as Grid

from churn_spark.definitions.project import Project
from churn_spark.lineage import unavailable
from churn_spark.lineage.data_end import data_end, described, next_day
from churn_spark.lineage.due import Due, due_lines
from churn_spark.lineage.ledger import Entry, Ledger
from churn_spark.lineage.snapshot_dates import snapshot_dates
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages import all_stages, late_sources
from churn_spark.stages.refusals import too_early
from churn_spark.stages.training.challengers import challengers
from churn_spark.stages.training.champions import decisions, in_force
from churn_spark.tables.catalog import Catalog

LAST_RUNS = 10
UNLIMITED = 10_000
"""Columns of an output that is no terminal: nothing is to be cut or broken there."""


def to_stdout() -> Console:
    """A console as wide as the terminal; where there is none (a pipe, a file, a scheduler), wide enough for all."""
    console = Console()
    return console if console.is_terminal else Console(width=UNLIMITED)


def show(project: Project, catalog: Catalog, as_of: date, console: Console) -> None:
    """Print the status of a warehouse at an as-of date."""
    catalog.refresh()
    ledger = catalog.ledger
    console.print(f"[bold]{project.name}[/bold] at as-of date {as_of}, warehouse {catalog.location.address('')}")
    newest = ledger.completed("ingest")
    if newest is not None and newest < as_of:
        console.print(
            f"Ingest has completed {newest}: later dates can be built after churn-spark ingest {catalog.arguments}"
            f" --as-of {as_of}.",
            highlight=False,
        )
    end = data_end(project, ledger)
    if end and as_of > end.until:
        console.print(
            f"{described(end).capitalize()}: nothing is built for as-of dates after {end.until}. For data of the past"
            f" give an as-of date of theirs: --as-of {next_day(end)}.",
            highlight=False,
        )
    plan = everything_due(project, catalog, as_of)
    console.print(_what_is_there(project, ledger, plan))
    _print_due(project, plan, catalog, as_of, console)
    _print_runs(ledger, console)
    console.print(champion(project, catalog, as_of))


def _what_is_there(project: Project, ledger: Ledger, plan: list[Due]) -> Grid:
    """One row per partitioned table; made to fit 80 columns, so what is rarely there has a column only then."""
    shown = [table.name for table in all_stages.tables(project) if table.partition]
    half_written = {name: len(ledger.open(name)) for name in shown}
    grid = _grid(
        "Tables", ("table", "partitions", "first", "last", "rows", "due"), numbers=("partitions", "rows", "due")
    )
    if any(half_written.values()):
        grid.add_column("half-written", justify="right")
    for name in shown:
        partitions = ledger.partitions(name)
        days = (min(partitions).isoformat(), max(partitions).isoformat()) if partitions else ("-", "-")
        rows = sum(state.rows for state in partitions.values())
        due = sum(item.table == name for item in plan)
        broken = (str(half_written[name]),) if any(half_written.values()) else ()
        grid.add_row(name, f"{len(partitions):,}", *days, f"{rows:,}", f"{due:,}", *broken)
    return grid


def _grid(title: str, headings: Sequence[str], numbers: Collection[str]) -> Grid:
    """A table whose first column folds where a terminal is narrow, so that a name is never cut."""
    grid = Grid(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, heading in enumerate(headings):
        justify: JustifyMethod = "right" if heading in numbers else "left"
        grid.add_column(heading, justify=justify, overflow="fold", no_wrap=number > 0)
    return grid


def _print_due(project: Project, plan: list[Due], catalog: Catalog, as_of: date, console: Console) -> None:
    for line in unavailable.warnings(project, catalog.ledger):
        console.print(line, highlight=False)
    if not plan:
        for line in late_sources.remedies(project, catalog.ledger, catalog.arguments):
            console.print(line, highlight=False)
        console.print("Nothing is due.")
        return
    early = too_early(project, catalog, snapshot_dates(project, catalog.ledger, as_of))
    remedy = f"churn-spark backfill {catalog.arguments} --as-of {as_of} builds them"
    console.print(f"{len(plan)} partitions are due; {early or remedy}:", highlight=False)
    for line in due_lines(plan):
        console.print(f"  {line}", highlight=False, soft_wrap=True)


def _print_runs(ledger: Ledger, console: Console) -> None:
    """The last runs, the newest first, and below them each error as a whole."""
    grid = _grid("Last runs", ("job", "as of", "started (UTC)", "status", "seconds"), ("seconds",))
    ended = {entry.run_id for entry in ledger.entries if entry.event == "end"}
    last = [entry for entry in ledger.entries if entry.event == "end" or entry.run_id not in ended][-LAST_RUNS:]
    for entry in reversed(last):
        started = entry.at - timedelta(seconds=entry.seconds or 0.0)
        grid.add_row(entry.job, str(entry.as_of), f"{started:%Y-%m-%d %H:%M}", entry.status, _seconds(entry))
    console.print(grid)
    for entry in (entry for entry in reversed(last) if entry.error):
        console.print(f"{entry.job} of {entry.as_of}: {entry.error}", markup=False, highlight=False, soft_wrap=True)


def _seconds(entry: Entry) -> str:
    return "" if entry.seconds is None else f"{entry.seconds:.1f}"


def champion(project: Project, catalog: Catalog, as_of: date) -> str:
    """Which model is in force at an as-of date and why, which is next, and newer versions that the gate refused."""
    known = decisions(project, catalog)
    decision = in_force(known, as_of)
    if decision is None:
        return f"No champion is in force: churn-spark train {catalog.arguments} --as-of {as_of}"
    next_one = min((later for later in known if later.effective_from > as_of), default=None)
    lines = [
        f"Champion: {project.model_name} version {decision.version} ({decision.family}),"
        f" in force from {decision.effective_from}: {decision.statement}"
    ]
    if next_one:
        lines.append(f"From {next_one.effective_from} on: version {next_one.version} ({next_one.family})")
    lines += [
        f"Challenger: version {other.version} ({other.family}), trained at {other.trained_as_of}, not in force:"
        f" {other.reason}"
        for other in challengers(catalog, as_of)
        if other.version > decision.version
    ]
    return "\n".join(lines)
