"""What `status` prints, whole, wherever it goes."""

from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from churn_spark.cli.status import _print_runs, _what_is_there, to_stdout
from churn_spark.lineage.entry import Entry, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.settings import load
from churn_spark.stages.all_stages import tables

CONF = Path(__file__).parents[2] / "conf" / "telecom.yaml"
ERROR = "DeliveryError: " + "sales: 3 of 4 rows of 2026-03-01.csv have the reason no_customer; " * 4


def ledger() -> Ledger:
    at = datetime(2026, 3, 2, 6, tzinfo=UTC)
    return Ledger([Entry("ingest-1", "end", 1, "ingest", date(2026, 3, 2), at, "failed", ERROR, seconds=2.0)])


def test_an_error_is_printed_whole_where_there_is_no_terminal(capsys):
    _print_runs(ledger(), to_stdout())
    assert ERROR.strip() in capsys.readouterr().out


def test_a_narrow_terminal_cuts_nothing(capsys):
    console = Console(width=40)
    _print_runs(ledger(), console)
    assert ERROR.strip() in capsys.readouterr().out
    console.print(_what_is_there(load(CONF), ledger(), []))
    shown = capsys.readouterr().out
    assert "…" not in shown


def test_the_tables_of_a_telecom_fit_80_columns(capsys):
    project = load(CONF)
    names = [table.name for table in tables(project) if table.partition]
    day, rows = date(2025, 1, 1), 123_456_789
    written = tuple(Written(name, day, rows, "f", True) for name in names)
    filled = Ledger([Entry("r", "end", 1, "ingest", day, datetime(2026, 3, 2, 6, tzinfo=UTC), "ok", writes=written)])
    Console(width=80).print(_what_is_there(project, filled, []))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [cells for cells in lines if cells[:1] and cells[0] in names] == [
        [name, "1", str(day), str(day), f"{rows:,}", "0"] for name in names
    ]
