"""The worked example of docs/lineage.md is what the ledger does."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

from churn_spark.definitions.periods import single_day
from churn_spark.lineage.due import reason_due
from churn_spark.lineage.entry import Entry, Read, Written
from churn_spark.lineage.ledger import Ledger

PAGE = (Path(__file__).parents[2] / "docs" / "lineage.md").read_text(encoding="utf-8")
DAY = date(2026, 3, 1)
AT = datetime(2026, 3, 2, tzinfo=UTC)
READS = {"events_sales": {}, "tiles_sales": {"events_sales": single_day(DAY)}}


def table(heading: str) -> list[list[str]]:
    """The cells of the table whose first heading this is, row by row."""
    lines = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def entries() -> list[Entry]:
    made = []
    for revision, run, event, status, writes, fingerprint, read in table("revision"):
        name, day = writes.split(" of ")
        before = [entry for entry in made if entry.event == "end" and entry.writes[0].table == name]
        changed = None
        if event == "end":
            changed = not before or before[-1].writes[0].fingerprint != fingerprint
        written = Written(name, date.fromisoformat(day), 1, fingerprint or None, changed)
        reads = (Read("events_sales", DAY, single_day(DAY).end, int(read)),) if read else ()
        job = run.partition("-")[0]
        made.append(Entry(run, event, int(revision), job, DAY, AT, status, writes=(written,), reads=reads))
    return made


def kinds(ledger: Ledger) -> list[str]:
    reasons = [reason_due(ledger, name, DAY, reads, {}) for name, reads in READS.items()]
    return [reason[0] if reason else "" for reason in reasons]


def test_what_is_due_after_each_row_is_what_the_page_says():
    rows = entries()
    assert len(rows) == 6
    for upto, *expected in table("the ledger up to revision"):
        assert kinds(Ledger(rows[: int(upto)])) == expected, upto


def test_the_same_rows_once_more_make_nothing_due():
    *rows, last = entries()
    same = Written("events_sales", DAY, 1, "10-a1", changed=False)
    again = Entry(last.run_id, last.event, last.revision, last.job, DAY, AT, last.status, writes=(same,))
    assert kinds(Ledger([*rows, again])) == ["", ""]


def test_every_kind_of_reason_in_the_code_is_on_the_page_and_no_other():
    source = Path(__file__).parents[2] / "churn_spark"
    files = ("lineage/due.py", "pipelines/plan.py", "stages/stage.py")
    text = "".join((source / name).read_text(encoding="utf-8") for name in files)
    known = {"missing", "half-written", "stale", "definition", "state", "columns", "follows", "early", "published"}
    assert {kind.strip("`") for kind, *_ in table("kind")} == known
    assert all(f'"{kind}"' in text for kind in known)


def test_files_of_the_page_are_there():
    for name in re.findall(r"`((?:lineage|stages|pipelines|tables)/[\w/]+\.py)`", PAGE):
        assert (Path(__file__).parents[2] / "churn_spark" / name).is_file(), name
