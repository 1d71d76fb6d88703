"""What came in: the reconciliation of every source, refused rows by reason, deliveries missing and late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from churn_spark.definitions.periods import listed
from churn_spark.definitions.sources import Source
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, grid
from churn_spark.report.words import day, missing, percent, whole

COUNTS = ["deliveries", "read", "kept", "quarantined", "duplicate"]


@dataclass(frozen=True, slots=True)
class Intake:
    """The reconciliation, reasons and punctuality."""

    balance: str
    sources: Grid
    reasons: Grid | None
    punctuality: Grid


def intake(facts: Facts) -> Intake | Absent:
    """What became of every row read."""
    rows = facts.deliveries
    if rows.empty:
        return Absent("No delivery has been taken in.", facts.how("ingest"))
    total = rows[COUNTS].sum()
    off = _unbalanced(rows)
    balance = (
        f"Of {whole(total['read'])} rows read, {whole(total['kept'])} were kept, {whole(total['quarantined'])} refused"
        f" and {whole(total['duplicate'])} were copies"
    )
    balance += f"; this does not add up for {', '.join(off)}." if off else ": nothing was lost."
    return Intake(balance, _sources(rows, total), _reasons(facts), _punctuality(facts))


def warnings(facts: Facts) -> list[str]:
    """What the first screen must say about the data."""
    found = []
    if not facts.deliveries.empty:
        off = _unbalanced(facts.deliveries)
        found += [f"Rows read and rows accounted for differ in {', '.join(off)}."] if off else []
    for row in facts.deliveries.to_dict("records"):
        absent = missing_dates(facts, row)
        if absent:
            found.append(f"{row['source']}: {_deliveries(len(absent))} expected but not there: {listed(absent)}.")
        if row["incomplete"]:
            found.append(f"{row['source']}: {_deliveries(row['incomplete'])} taken with accept-incomplete.")
    return found


def missing_dates(facts: Facts, row: Mapping[Any, Any]) -> list[date]:
    """Nominal dates without a delivery that the source's calendar expects by the as-of date.

    Counted from the calendar's first day, or from the first delivery where it names none.
    """
    source = _source(facts, str(row["source"]))
    calendar = source.delivered.expected if source else None
    if source is None or calendar is None or missing(row["first"]):
        return []
    first, there = calendar.first or row["first"], set(row["nominal_dates"])
    due = facts.run.as_of - timedelta(days=source.delivered.lag_days)
    expected = (first + timedelta(days=n) for n in range(max(0, (due - first).days + 1)))
    return [day for day in expected if calendar.expects(day) and day not in there]


def _sources(rows: pd.DataFrame, total: pd.Series) -> Grid:
    headings = ("Source", "Deliveries", "Rows read", "Kept", "Refused", "Copies", ("Kept, share", "Kept of read."))
    cells = [
        (str(row["source"]), *(whole(row[count]) for count in COUNTS), _share(row["kept"], row["read"]))
        for _, row in rows.sort_values("source").iterrows()
    ]
    if len(cells) > 1:
        cells.append(("all", *(whole(total[count]) for count in COUNTS), _share(total["kept"], total["read"])))
    return grid("Reconciliation: read = kept + refused + copies", headings, cells, total=len(rows) > 1)


def _reasons(facts: Facts) -> Grid | None:
    if facts.reasons.empty:
        return None
    read = facts.deliveries.set_index("source")["read"]
    rows = facts.reasons.sort_values(["source", "rows"], ascending=[True, False])
    cells = []
    for row in rows.to_dict("records"):
        source = _source(facts, row["source"])
        limit = source.limit(row["reason"]) if source else 1.0
        cells.append(
            (
                str(row["source"]),
                str(row["reason"]),
                whole(row["rows"]),
                _share(row["rows"], read.get(row["source"])),
                percent(limit, 0) if limit < 1 else "",
            )
        )
    headings = (
        "Source", "Reason", ("Rows", "A row can have several reasons."), "Share of read",
        ("Limit", "Share of one delivery above which the run stops before it writes."),
    )  # fmt: skip
    return grid("Rows not kept, by reason", headings, cells, words=(0, 1))


def _punctuality(facts: Facts) -> Grid:
    headings = (
        "Source", "First", "Last", ("Missing", "Expected by the calendar of the configuration."),
        ("Late", "Taken in later than the lag of the source says; the loaded history not counted."),
        ("Most refused", "The delivery with the largest share of rows refused."), "Unknown columns",
    )  # fmt: skip
    cells = []
    for row in facts.deliveries.sort_values("source").to_dict("records"):
        source = _source(facts, row["source"])
        absent = missing_dates(facts, row)
        calendar = source is not None and source.delivered.expected is not None
        worst = (
            Cell(_share(row["worst_refused"], row["worst_read"]), str(row["worst"]), "long")
            if row["worst_refused"]
            else Cell("none")
        )
        cells.append(
            (
                str(row["source"]), day(row["first"]), day(row["last"]),
                Cell(whole(len(absent)), listed(absent, 3)) if calendar else Cell("–", "no calendar"),
                whole(row["late"]), worst, Cell(", ".join(map(str, row["ignored_columns"])) or "none", kind="long"),
            )
        )  # fmt: skip
    return grid("Deliveries: what was expected, what was late", headings, cells, words=(0, 1, 2, 5, 6))


def _unbalanced(rows: pd.DataFrame) -> list[str]:
    balanced = rows["read"] == rows["kept"] + rows["quarantined"] + rows["duplicate"]
    return sorted(str(source) for source in rows[~balanced.astype(bool)]["source"])


def _source(facts: Facts, name: str) -> Source | None:
    """The source of that name; None when the configuration no longer has it."""
    return next((source for source in facts.project.sources if source.name == name), None)


def _share(part: object, whole_of: object) -> str:
    return percent(float(part) / float(whole_of)) if whole_of else "–"  # type: ignore[arg-type]


def _deliveries(count: int) -> str:
    return f"{count:,} delivery" if count == 1 else f"{count:,} deliveries"
