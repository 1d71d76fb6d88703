"""How sources arrive: units, nominal dates, calendars, limits."""

from collections.abc import Iterator

from churn_spark.definitions.sources import ABSENT, REASONS
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.draft import Draft
from churn_spark.settings.nearest import among, unknown
from churn_spark.settings.sources import SourceSection

DATES = ("date", "timestamp", "timestamp_ntz")


def deliveries(draft: Draft) -> Iterator[Problem]:
    """Problems of every source's deliveries."""
    for name, source in draft.sources.items():
        keys: Keys = ("sources", name)
        yield from _delivered(source, (*keys, "delivered"))
        if source.format == "json" and "multiLine" in source.options:
            yield Problem(
                (*keys, "options", "multiLine"), "JSON is read line by line: a row is an object on its own line"
            )
        yield from _limits(draft, name, source)
    if draft.sources and not draft.unsure("sources") and all(s.kind != "events" for s in draft.sources.values()):
        yield Problem(("sources",), "at least one source must be of kind events")


def _delivered(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    delivered = source.delivered
    unit = delivered.unit or ("version" if source.format == "delta" else "file")
    if (unit == "version") != (source.format == "delta"):
        allowed = "version" if source.format == "delta" else "file or folder"
        yield Problem((*keys, "unit"), f"{unit!r} does not go with format {source.format}; use {allowed}")
    elif delivered.by == "file_name" and unit == "version":
        yield Problem((*keys, "by"), "a Delta source has no file names to take a date from; use column or event")
    if delivered.by == "column":
        yield from _date_column(source, keys)
    elif delivered.column is not None:
        yield Problem((*keys, "column"), f"goes with by: column only, not with by: {delivered.by}")
    if delivered.require_success and unit != "folder":
        yield Problem((*keys, "require_success"), f"a delivery must be a folder to hold _SUCCESS; here it is a {unit}")
    if delivered.by == "file_name" and delivered.lag_days == 0 and source.kind == "events":
        yield Problem((*keys, "lag_days"), "0 would have a file known at the start of its own day; use 1 or more")
    for position, span in enumerate(delivered.expected.closed if delivered.expected else ()):
        if span.last < span.first:
            where = (*keys, "expected", "closed", position)
            yield Problem(where, f"the span ends on {span.last}, before it begins on {span.first}")


def _date_column(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    column = source.delivered.column
    if column is None:
        yield Problem((*keys, "column"), "by: column needs the raw column that holds the nominal date")
    elif column not in source.schema_:
        yield Problem((*keys, "column"), unknown("column", column, source.schema_))
    elif source.schema_[column] not in DATES:
        yield Problem(
            (*keys, "column"), f"{column!r} is {source.schema_[column]}; it must be one of {', '.join(DATES)}"
        )


def _limits(draft: Draft, name: str, source: SourceSection) -> Iterator[Problem]:
    columns = (*source.schema_, *source.measures, *source.categories, *source.attributes)
    expressions = ("customer_id", "event_id", "event_time", *(("counterparty",) if source.counterparty else ()))
    reasons = (
        *REASONS,
        *([ABSENT] if source.format == "json" else []),
        *source.checks,
        *(f"bad_{column}" for column in (*columns, *expressions)),
    )
    for reason in source.limits:
        if reason not in reasons and not draft.unsure("sources", name, "checks"):
            yield Problem(("sources", name, "limits", reason), among(reason, reasons))
    for check in source.checks:
        if check in REASONS or check.startswith("bad_"):
            yield Problem(
                ("sources", name, "checks", check), f"{check!r} is a reason of the suite's own; choose another name"
            )
