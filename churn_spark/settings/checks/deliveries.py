"""How sources arrive: units, nominal dates, calendars, limits."""

from collections.abc import Iterator

from churn_spark.definitions.nearest import not_one_of, unknown
from churn_spark.definitions.sources import ABSENT, REASONS
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings
from churn_spark.settings.sources import SourceSection

DATES = ("date", "timestamp", "timestamp_ntz")


def deliveries(settings: Settings) -> Iterator[Problem]:
    """Problems of every source's deliveries."""
    for name, source in settings.sources.items():
        keys: Keys = ("sources", name)
        for check in (_unit, _changes, _nominal_date, _requirements, _closed):
            yield from as_far_as_valid(check(source, (*keys, "delivered")))
        yield from as_far_as_valid(_checks(source, keys))
        yield from as_far_as_valid(_limits(source, keys))
    yield from _without_events(settings)


def _without_events(settings: Settings) -> Iterator[Problem]:
    if settings.label.rule != "column" and all(source.kind != "events" for source in settings.sources.values()):
        text = "at least one source must be of kind events; customers alone need label: {rule: column, attribute: ...}"
        yield Problem(("sources",), text)


def _unit_of(source: SourceSection) -> str:
    return source.delivered.unit or ("version" if source.format == "delta" else "file")


def _unit(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    by, unit = source.delivered.by, _unit_of(source)
    if (unit == "version") != (source.format == "delta"):
        allowed = "version" if source.format == "delta" else "file or folder"
        yield Problem((*keys, "unit"), f"{unit!r} does not fit format: {source.format}; use {allowed}")
    elif by == "file_name" and unit == "version":
        yield Problem((*keys, "by"), "a Delta source has no file names to take a date from; use column or event")
    elif by == "modified" and unit != "file":
        yield Problem((*keys, "by"), f"'modified' needs unit: file; here a delivery is a {unit}")


def _requirements(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    delivered, unit = source.delivered, _unit_of(source)
    if delivered.require_success and unit != "folder":
        yield Problem(
            (*keys, "require_success"), f"needs unit: folder, where _SUCCESS is looked for; here a delivery is a {unit}"
        )
    if delivered.by == "file_name" and delivered.lag_days == 0 and source.kind == "events":
        yield Problem((*keys, "lag_days"), "0 would make a file known at the start of its own day; use 1 or more")
    if delivered.ignore and unit == "version":
        yield Problem((*keys, "ignore"), "has no effect on a Delta table, whose log lists its files; remove it")


def _closed(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    expected = source.delivered.expected
    for position, span in enumerate(expected.closed if expected else ()):
        if span.last < span.first:
            where = (*keys, "expected", "closed", position)
            yield Problem(where, f"the span ends on {span.last}, before it starts on {span.first}; exchange the dates")


def _changes(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    changes, unit, keys = source.delivered.changes, _unit_of(source), (*keys, "changes")
    allowed = {"events": "first_known", "customers": "versions"}[source.kind]
    if changes == "refuse":
        return
    if unit != "version":
        yield Problem(keys, f"only versions of a Delta table can change rows; here a delivery is a {unit}. Remove it")
    elif changes != allowed:
        yield Problem(keys, f"{changes!r} does not fit kind: {source.kind}; use refuse or {allowed}")
    elif source.kind == "events" and source.event_id is None:
        yield Problem(keys, "first_known needs event_id; without it, a changed row counts as a new event")


def _nominal_date(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    by, column = source.delivered.by, source.delivered.column
    if by != "column" and column is not None:
        yield Problem((*keys, "column"), f"applies to by: column only, not to by: {by}; remove it")
    if by != "column":
        return
    if column is None:
        yield Problem(
            (*keys, "column"), "is missing; by: column needs the raw column, or SQL, that gives the nominal date"
        )
    elif column.isidentifier() and column not in source.columns:
        yield Problem((*keys, "column"), unknown("column", column, source.columns))
    elif column in source.columns and source.columns[column] not in DATES:
        yield Problem(
            (*keys, "column"), f"{column!r} has type {source.columns[column]}; it must be one of {', '.join(DATES)}"
        )


def _limits(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    columns = (*source.schema_, *source.measures, *source.categories, *source.attributes)
    optional = [name for name in ("counterparty", "where") if getattr(source, name)]
    lookups = [f"lookup_{name}" for name in source.lookups]
    dated = ["nominal_date"] if source.delivered.by == "column" else []
    expressions = ("customer_id", "event_id", "event_time", *dated, *optional, *lookups)
    reasons = (
        *REASONS,
        *([ABSENT] if source.format == "json" else []),
        *source.checks,
        *(f"bad_{column}" for column in (*columns, *expressions)),
    )
    for reason in source.limits:
        if reason not in reasons:
            yield Problem((*keys, "limits", reason), not_one_of(reason, reasons))


def _checks(source: SourceSection, keys: Keys) -> Iterator[Problem]:
    for check in source.checks:
        if check in REASONS or check.startswith("bad_"):
            yield Problem((*keys, "checks", check), f"{check!r} is a built-in reason; choose another name")
