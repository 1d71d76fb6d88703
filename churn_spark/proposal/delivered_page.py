"""How a proposed source is delivered: file names, dates, calendar."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from churn_spark.proposal.calendars import WEEKDAYS, rhythm, spans
from churn_spark.proposal.columns import span
from churn_spark.proposal.groups import Group
from churn_spark.proposal.lines import line, scalar
from churn_spark.proposal.names import FileDates
from churn_spark.proposal.roles import Roles


def delivered_lines(group: Group, roles: Roles) -> Iterator[str]:
    """The lines of `delivered`."""
    yield line(2, "delivered:")
    if group.unit == "folder":
        yield line(3, "unit: folder")
    if group.ignored:
        yield line(3, f"ignore: {scalar(list(group.ignored))}", "other files in the folder")
    if group.dates is None:
        yield from _undated(roles)
        return
    file_dates = group.dates
    yield line(3, "by: file_name")
    yield line(3, f"pattern: {scalar(file_dates.pattern)}")
    question = f"QUESTION: or {' or '.join(file_dates.others)}?" if file_dates.others else ""
    yield line(3, f"date_format: {scalar(file_dates.date_format)}", question)
    days = sorted(file_dates.dates)
    if file_dates.monthly:
        yield line(
            3,
            f"lag_days: {_lag(file_dates)}",
            "a month counts as its first day. QUESTION: how many days later has its file arrived?",
        )
    else:
        yield line(3, f"lag_days: {_lag(file_dates)}", "QUESTION: does the file of a day arrive by the next morning?")
    yield line(3, f"history_until: {days[-1]}", "the newest file: rows up to here count as known on their own dates")
    if not file_dates.monthly:
        yield from _expected(days)


def _undated(roles: Roles) -> Iterator[str]:
    days = span(roles.time.column) if roles.time else None
    if roles.kind == "customers":
        yield line(3, "by: event", "no date in the name: known from the day of ingest")
        yield line(
            3, "# QUESTION: does a column say when a row became valid? Then write `by: column` and `column: ...`"
        )
        return
    yield line(3, "by: event", "no date in the name: each event counts as delivered on its own day")
    yield line(3, "lag_days: 1", "QUESTION: after how many days has an event arrived?")
    if days:
        yield line(3, f"history_until: {days[1]}", "QUESTION: is this the last day? It is the last one in the sample")


def _expected(days: Sequence[date]) -> Iterator[str]:
    pattern = rhythm(days)
    if pattern is None:
        return
    seen = ", ".join(f"{name} {count}" for name, count in zip(WEEKDAYS, pattern.seen, strict=True))
    yield line(3, f"# files by weekday: {seen}")
    if pattern.missing is None:
        yield line(3, "# They arrive too irregularly for `expected`, a calendar of the days that must have a file.")
        return
    yield line(3, "expected:", "QUESTION: must each of these days have a file? A missing file stops the run")
    yield line(4, f"first: {days[0]}")
    if len(pattern.weekdays) < 7:
        yield line(4, f"weekdays: [{', '.join(pattern.weekdays)}]")
    if pattern.missing:
        yield line(4, "closed:", "QUESTION: were these holidays, or are files missing?")
        for text in spans(pattern.missing):
            yield line(5, f"- {text}")


def first_day(group: Group, roles: Roles) -> date | None:
    """The first day of a source's rows, as far as the sample says."""
    if group.dates:
        return min(group.dates.dates)
    days = span(roles.time.column) if roles.time else None
    return days[0] if days else None


def last_day(group: Group, roles: Roles) -> date | None:
    """The last day of a source's rows, as far as the sample says."""
    if group.dates:
        last = max(group.dates.dates)
        return last + timedelta(days=30) if group.dates.monthly else last
    days = span(roles.time.column) if roles.time else None
    return days[1] if days else None


def _lag(file_dates: FileDates) -> int:
    return 31 if file_dates.monthly else 1


def known_by(group: Group) -> date:
    """The first day on which all rows of customers count as known; undated ones do from the day of ingest."""
    return max(group.dates.dates) + timedelta(days=_lag(group.dates)) if group.dates else date.today()
