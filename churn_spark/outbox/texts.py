"""Messages from rows of alerts and interventions: subjects, texts and files, all as plain text."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from churn_spark.definitions.dispatch import DECIDED_COLUMNS, Decided, Route
from churn_spark.outbox.csv_file import csv_file
from churn_spark.outbox.message import Attachment, Message, in_one_line, message_id, without_controls

Row = Mapping[str, object]
"""A row of the columns that a route may use (`DECIDED_COLUMNS`)."""
TOP = 20
"""Rows that the text of a digest tells; the file has all."""
NAMES: Mapping[Decided, tuple[str, str]] = {
    "alerts": ("alert", "alerts"),
    "interventions": ("intervention", "interventions"),
}


def single(project: str, route: Route, day: date, row: Row) -> Message:
    """The message about one row: its text, then its columns as `name: value`, one a line."""
    about = (str(row["customer_id"]), str(row["kind" if route.decided == "alerts" else "action"]))
    number = message_id(route.name, day, *about)
    values = ((name, row[name]) for name, _ in DECIDED_COLUMNS[route.decided] if name not in ("title", "text"))
    lines = [f"{name}: {_one_line(_shown(value))}" for name, value in values if value is not None]
    body = "\n".join([*_story(route, row), "", *lines, f"reference: {number}"]).strip("\n")
    subject = in_one_line(f"{project}: {_headline(route, row)}")
    return Message(number, route.name, day, about[0], subject, without_controls(body))


def digest(project: str, route: Route, day: date, rows: Sequence[Row], total: int) -> Message:
    """The message about all rows of a date, ordered as given. total: how many there are, with those left out."""
    number = message_id(route.name, day)
    one, many = NAMES[route.decided]
    counted = f"{total:,} {one if total == 1 else many}"
    parts = [f"{counted} of {project} at {day}."]
    if total > len(rows):
        parts.append(f"Only the {len(rows):,} with the highest expected loss are in this message.")
    for place, row in enumerate(rows[:TOP], start=1):
        parts.append("\n".join([f"{place}. {_one_line(_headline(route, row))}", *_story(route, row)]))
    if len(rows) > TOP:
        parts.append(f"... and {len(rows) - TOP:,} more.")
    columns = [name for name, _ in DECIDED_COLUMNS[route.decided]]
    file = Attachment(
        f"{route.decided}_{day}.csv", csv_file(columns, rows), f"All {len(rows):,} rows are in the attached file."
    )
    body = without_controls("\n\n".join([*parts, f"reference: {number}"]))
    subject = in_one_line(f"{project}: {counted}, {day}")
    return Message(number, route.name, day, None, subject, body, total, file)


def brief(project: str, route: Route, day: date, page: str) -> Message:
    """The message that is the brief of a date."""
    subject = in_one_line(f"{project}: customers at risk, {day}")
    return Message(message_id(route.name, day), route.name, day, None, subject, page, markup=True)


def _headline(route: Route, row: Row) -> str:
    if route.decided == "alerts":
        return str(row["title"])
    by = f" by {row['channel']}" if row["channel"] else ""
    return f"{row['customer_id']}: {row['action']}{by}"


def _story(route: Route, row: Row) -> list[str]:
    """The text of an alert; of an intervention, why it is proposed."""
    if route.decided == "alerts":
        return [str(row["text"])]
    facts: list[tuple[str, object, Callable[[object], str]]] = [
        ("risk", row["risk"], _share),
        ("value", row["value"], _shown),
        ("main reason", row["main_reason"], str),
    ]
    return [", ".join(f"{name} {say(value)}" for name, value, say in facts if value is not None)]


def _share(value: object) -> str:
    return f"{value:.0%}" if isinstance(value, float) else str(value)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.2f}"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _one_line(text: str) -> str:
    return " ".join(without_controls(text).split())
