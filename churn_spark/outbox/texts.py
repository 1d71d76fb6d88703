"""Messages from rows of alerts and interventions: subjects, texts and files, all as plain text."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from churn_spark.definitions.actions import Language
from churn_spark.definitions.dispatch import DECIDED_COLUMNS, Route
from churn_spark.outbox.csv_file import csv_file
from churn_spark.outbox.message import Attachment, Message, in_one_line, message_id, without_controls
from churn_spark.outbox.phrases import PHRASES, Phrases

Row = Mapping[str, object]
"""A row of the columns that a route may use (`DECIDED_COLUMNS`)."""
TOP = 20
"""Rows that the text of a digest tells; the file has all."""


def single(project: str, route: Route, day: date, row: Row, language: Language = "en") -> Message:
    """The message about one row: its text, then its columns as `name: value`, one a line."""
    about = (str(row["customer_id"]), str(row["kind" if route.decided == "alerts" else "action"]))
    number, say = message_id(route.name, day, *about), PHRASES[language]
    values = ((name, row[name]) for name, _ in DECIDED_COLUMNS[route.decided] if name not in ("title", "text"))
    lines = [f"{name}: {_one_line(_shown(value))}" for name, value in values if value is not None]
    body = "\n".join([*_story(route, row, say), "", *lines, say.reference.format(number)]).strip("\n")
    subject = in_one_line(f"{project}: {_headline(route, row, say)}")
    return Message(number, route.name, day, about[0], subject, without_controls(body))


def digest(
    project: str, route: Route, day: date, rows: Sequence[Row], total: int, language: Language = "en"
) -> Message:
    """The message about all rows of a date, ordered as given. total: how many there are, with those left out."""
    number, say = message_id(route.name, day), PHRASES[language]
    counted = say.counted[route.decided][total != 1].format(total)
    parts = [say.digest_opening.format(project=project, day=day, counted=counted)]
    if total > len(rows):
        parts.append(say.digest_cut.format(rows=len(rows)))
    for place, row in enumerate(rows[:TOP], start=1):
        parts.append("\n".join([f"{place}. {_one_line(_headline(route, row, say))}", *_story(route, row, say)]))
    if len(rows) > TOP:
        parts.append(say.digest_more.format(rows=len(rows) - TOP))
    columns = [name for name, _ in DECIDED_COLUMNS[route.decided]]
    note = say.attached.format(rows=len(rows))
    file = Attachment(f"{route.decided}_{day}.csv", csv_file(columns, rows), note, say.not_attached)
    body = without_controls("\n\n".join([*parts, say.reference.format(number)]))
    subject = in_one_line(say.digest_subject.format(project=project, counted=counted, day=day))
    return Message(number, route.name, day, None, subject, body, total, file)


def brief(project: str, route: Route, day: date, page: str, language: Language = "en") -> Message:
    """The message that is the brief of a date."""
    subject = in_one_line(PHRASES[language].brief_subject.format(project=project, day=day))
    return Message(message_id(route.name, day), route.name, day, None, subject, page, markup=True)


def _headline(route: Route, row: Row, say: Phrases) -> str:
    if route.decided == "alerts":
        return str(row["title"])
    if not row["channel"]:
        return f"{row['customer_id']}: {row['action']}"
    channel = str(row["channel"])
    values = {"customer": row["customer_id"], "action": row["action"], "channel": say.channels.get(channel, channel)}
    return say.action.format(**values)


def _story(route: Route, row: Row, say: Phrases) -> list[str]:
    """The text of an alert; of an intervention, why it is proposed."""
    if route.decided == "alerts":
        return [str(row["text"])]
    facts: list[tuple[str, object, Callable[[object], str]]] = [
        (say.risk, row["risk"], _share),
        (say.value, row["value"], _shown),
        (say.main_reason, row["main_reason"], str),
    ]
    return [say.comma.join(phrase.format(shown(value)) for phrase, value, shown in facts if value is not None)]


def _share(value: object) -> str:
    return f"{value:.0%}" if isinstance(value, float) else str(value)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.2f}"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _one_line(text: str) -> str:
    return " ".join(without_controls(text).split())
