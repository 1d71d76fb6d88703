"""What came in: the reconciliation of every source, refused rows by reason, deliveries missing and late."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from churn_spark.definitions.periods import listed
from churn_spark.definitions.sources import Source
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, grid
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import DELIVERIES
from churn_spark.report.words import day, joined, missing, percent, whole

COUNTS = ["deliveries", "read", "kept", "quarantined", "duplicate", "unchanged", "left_out"]


@dataclass(frozen=True, slots=True)
class Intake:
    """The reconciliation, reasons and punctuality."""

    balance: str
    sources: Grid
    reasons: Grid | None
    punctuality: Grid


def intake(facts: Facts) -> Intake | Absent:
    """What became of every row read."""
    rows = facts[DELIVERIES]
    if rows.empty:
        return Absent("No delivery has been taken in.", facts.how("ingest"))
    total = rows[COUNTS].sum()
    off = _unbalanced(rows)
    became = [
        f"{whole(total['kept'])} were kept",
        f"{whole(total['quarantined'])} refused",
        *([f"{whole(total['unchanged'])} said nothing new of a customer"] if total["unchanged"] else []),
        *([f"{whole(total['left_out'])} left out by the configuration"] if total["left_out"] else []),
        f"{whole(total['duplicate'])} were copies",
    ]
    balance = f"Of {whole(total['read'])} rows read, {joined(became)}"
    balance += f"; this does not add up for {', '.join(off)}." if off else ": nothing was lost."
    return Intake(balance, _sources(rows, total), _reasons(rows, facts), _punctuality(facts))


def warnings(facts: Facts) -> list[str]:
    """What the first screen must say about the data."""
    warned = []
    if not facts[DELIVERIES].empty:
        off = _unbalanced(facts[DELIVERIES])
        warned += [f"Rows read and rows accounted for differ in {', '.join(off)}."] if off else []
    for row in facts[DELIVERIES].to_dict("records"):
        absent = missing_dates(facts, row)
        if absent:
            warned.append(f"{row['source']}: {_deliveries(len(absent))} expected but not there: {listed(absent)}.")
        if row["incomplete"]:
            warned.append(f"{row['source']}: {_deliveries(row['incomplete'])} accepted as incomplete.")
    return warned


def missing_dates(facts: Facts, row: Mapping[Any, Any]) -> list[date]:
    """Nominal dates without a delivery that the source's calendar expects by the as-of date.

    Counted from the calendar's first day, or from the first delivery where it names none.
    """
    source = _source(facts, str(row["source"]))
    calendar = source.delivered.expected if source else None
    if source is None or calendar is None or missing(row["first"]):
        return []
    first, there = calendar.first or row["first"], set(row["nominal_dates"])
    due = facts.as_of - timedelta(days=source.delivered.lag_days)
    expected = (first + timedelta(days=n) for n in range(max(0, (due - first).days + 1)))
    return [day for day in expected if calendar.expects(day) and day not in there]


def _sources(rows: pd.DataFrame, total: pd.Series) -> Grid:
    headings = (
        "Source", "Deliveries", "Rows read", "Kept", "Refused", "Copies",
        ("Unchanged", "Rows of customers that said the same as the version before."),
        ("Left out", "Rows that `where` of the source does not let pass."), ("Kept, share", "Kept of read."),
    )  # fmt: skip
    cells = [
        (str(row["source"]), *(whole(row[count]) for count in COUNTS), _share(row["kept"], row["read"]))
        for _, row in rows.sort_values("source").iterrows()
    ]
    if len(cells) > 1:
        cells.append(("all", *(whole(total[count]) for count in COUNTS), _share(total["kept"], total["read"])))
    return grid(
        "Reconciliation: read = kept + refused + copies + unchanged + left out", headings, cells, total=len(rows) > 1
    )


def _reasons(deliveries: pd.DataFrame, facts: Facts) -> Grid | None:
    cells = []
    for row in deliveries.sort_values("source").to_dict("records"):
        source, rows = _source(facts, row["source"]), Counter[str]()
        for counted in row["reasons"]:
            rows[counted["reason"]] += counted["rows"]
        for reason, refused in rows.most_common():
            limit = source.limit(reason) if source else 1.0
            share, stops = _share(refused, row["read"]), percent(limit, 0) if limit < 1 else ""
            cells.append((str(row["source"]), reason, whole(refused), share, stops))
    if not cells:
        return None
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
    for row in facts[DELIVERIES].sort_values("source").to_dict("records"):
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
    balanced = rows["read"] == rows[COUNTS[2:]].sum(axis=1)
    return sorted(str(source) for source in rows[~balanced.astype(bool)]["source"])


def _source(facts: Facts, name: str) -> Source | None:
    """The source of that name; None when the configuration no longer has it."""
    return next((source for source in facts.project.sources if source.name == name), None)


def _share(part: object, whole_of: object) -> str:
    return percent(float(part) / float(whole_of)) if whole_of else "–"  # type: ignore[arg-type]


def _deliveries(count: int) -> str:
    return f"{count:,} delivery" if count == 1 else f"{count:,} deliveries"


CAME_IN = Section(
    "deliveries",
    "What came in",
    intake,
    """
<p>{{ content.balance }}</p>
{{ table(content.sources) }}
{% if content.reasons %}
{{ table(content.reasons) }}
{% endif %}
{{ table(content.punctuality) }}
""",
    (DELIVERIES,),
    warnings,
)
