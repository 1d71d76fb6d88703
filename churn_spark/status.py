"""What is there, for which dates, what is missing or stale and why, the last runs, the champion in force."""

from collections.abc import Iterator
from datetime import date, timedelta

from rich.console import Console
from rich.table import Table as Grid

from churn_spark.chain import everything_due
from churn_spark.definitions.project import Project
from churn_spark.stages import lacking
from churn_spark.stages.plan import Due
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.every import tables
from churn_spark.tables.contracts.models import CHAMPIONS
from churn_spark.tables.ledger import Entry, Ledger

LAST_RUNS = 10


def show(project: Project, catalog: Catalog, as_of: date, console: Console) -> None:
    """Print the status of a warehouse at an as-of date."""
    catalog.refresh()
    ledger = catalog.ledger
    console.print(f"[bold]{project.name}[/bold] at as-of date {as_of}, warehouse {catalog.place.of('')}")
    plan = everything_due(project, catalog, as_of)
    console.print(_what_is_there(project, ledger, plan))
    _print_due(project, plan, catalog, as_of, console)
    console.print(_runs(ledger))
    console.print(champion(catalog, as_of))


def _what_is_there(project: Project, ledger: Ledger, plan: list[Due]) -> Grid:
    grid = Grid(title="Tables", title_justify="left")
    for heading in ("table", "partitions", "first", "last", "rows", "due", "half-written"):
        grid.add_column(heading, justify="left" if heading in ("table", "first", "last") else "right")
    for table in tables(project):
        if not table.partition:
            continue
        found = ledger.partitions(table.name)
        due = sum(item.table == table.name for item in plan)
        days = (min(found).isoformat(), max(found).isoformat()) if found else ("-", "-")
        rows = sum(state.rows for state in found.values())
        grid.add_row(table.name, str(len(found)), *days, f"{rows:,}", str(due), str(len(ledger.open(table.name))))
    return grid


def _print_due(project: Project, plan: list[Due], catalog: Catalog, as_of: date, console: Console) -> None:
    for line in lacking.told(project, catalog.ledger):
        console.print(line, highlight=False)
    if not plan:
        console.print("Nothing is due.")
        return
    console.print(
        f"{len(plan)} partitions are due; churn-spark backfill {catalog.arguments} --as-of {as_of} builds them:"
    )
    for line in due_lines(plan):
        console.print(f"  {line}", highlight=False)


def due_lines(plan: list[Due]) -> Iterator[str]:
    """One line for each run of partitions that are due for the same reason."""
    groups: dict[tuple[str, str], list[date]] = {}
    for item in plan:
        groups.setdefault((item.table, f"{item.kind}: {item.reason}"), []).append(item.day)
    for (table, reason), days in groups.items():
        span = f"{days[0]}" if len(days) == 1 else f"{len(days)} dates from {days[0]} to {days[-1]}"
        yield f"{table} {span}: {reason}"


def _runs(ledger: Ledger) -> Grid:
    grid = Grid(title="Last runs", title_justify="left")
    for heading in ("job", "as of", "started (UTC)", "status", "seconds", "error"):
        grid.add_column(heading)
    ended = {entry.run_id for entry in ledger.entries if entry.event == "end"}
    shown = [entry for entry in ledger.entries if entry.event == "end" or entry.run_id not in ended]
    for entry in reversed(shown[-LAST_RUNS:]):
        started = entry.at - timedelta(seconds=entry.seconds or 0.0)
        grid.add_row(
            entry.job, str(entry.as_of), f"{started:%Y-%m-%d %H:%M}", entry.status, _seconds(entry), entry.error or ""
        )
    return grid


def _seconds(entry: Entry) -> str:
    return "" if entry.seconds is None else f"{entry.seconds:.1f}"


def champion(catalog: Catalog, as_of: date) -> str:
    """Which model is in force at an as-of date, and why."""
    rows = catalog.read(CHAMPIONS).where(f"effective_from <= DATE'{as_of}'")
    last = rows.orderBy("effective_from", "event_id", ascending=False).first()
    if last is None:
        return f"No champion is in force: churn-spark train {catalog.arguments} --as-of {as_of}"
    return (
        f"Champion: {last['model_name']} version {last['model_version']} ({last['family']}),"
        f" in force from {last['effective_from']}: {last['reason']}"
    )
