"""How a source is delivered: units, nominal dates, names to ignore, the calendar."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from churn_spark.definitions.sources import Changes
from churn_spark.settings.section import Day, Days, Section, Text, refuse

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _date_pattern(value: str) -> str:
    try:
        groups = re.compile(value).groupindex
    except (re.error, OverflowError, RecursionError) as error:
        raise refuse(f"{value!r} is not a regular expression: {error}") from None
    if "date" not in groups:
        raise refuse(f"{value!r} has no group (?P<date>...) for the date in the file's name")
    return value


def _date_format(value: str) -> str:
    day = datetime(2026, 11, 1)
    try:
        year = datetime.strptime(day.strftime(value), value).year
    except ValueError:
        year = 0
    if year != day.year:
        raise refuse(f"{value!r} is not a date format with a year, such as %Y-%m-%d or %d%m%y")
    return value


def _glob(value: str) -> str:
    if not value.strip("*?") or "/" in value:
        raise refuse(f"{value!r} is not a glob for some of the names in a folder, such as *.md5 or ready.*")
    return value


DatePattern = Annotated[str, AfterValidator(_date_pattern)]
DateFormat = Annotated[Text, AfterValidator(_date_format)]
Glob = Annotated[str, AfterValidator(_glob)]


def _span(value: Any) -> Any:
    return {"first": value, "last": value} if isinstance(value, date | str) else value


class ClosedSpan(Section):
    """Days without a delivery, both ends included."""

    first: Day = Field(description="First closed day.")
    last: Day = Field(description="Last closed day.")


class CalendarSection(Section):
    """The nominal dates that must have a delivery (or a row, where rows are dated one by one). A missing one stops the
    run before features are built.
    """

    weekdays: list[Weekday] = Field(
        default_factory=lambda: list(get_args(Weekday)), min_length=1, description="Weekdays with a delivery."
    )
    closed: list[Annotated[ClosedSpan, BeforeValidator(_span)]] = Field(
        default_factory=list, description="Days without a delivery: dates, or spans `{first: ..., last: ...}`."
    )
    first: Day | None = Field(None, description="First expected date; default: the first date of the first load.")


class DeliveredSection(Section):
    """How a source is delivered, and when its rows become known: nominal date + lag_days."""

    unit: Literal["file", "folder", "version"] | None = Field(
        None,
        description="What one delivery is; default: version for Delta, otherwise file. A folder that was ingested is "
        "checked again when a file in it was added, removed or replaced. Changes in its subfolders, or within a file, "
        "are only detected by `--option verify`.",
    )
    by: Literal["file_name", "modified", "column", "event"] = Field(
        description="Where the nominal date comes from. file_name: the name of the file or folder. modified: the day"
        " on "
        "which the file was last modified (for a file that is overwritten by each export; the content of each day is a "
        "delivery). column: a column. event: the day of each event (customers: undated, known from the day of ingest)."
    )
    pattern: DatePattern = Field(
        r"(?P<date>\d{4}-\d{2}-\d{2}).*",
        description="With by: file_name, a regular expression with a group `date`. It may start anywhere in the name, "
        "but must match to its end. A name that does not match stops ingest.",
    )
    ignore: list[Glob] = Field(
        default_factory=list,
        description="Names of files and folders that are not deliveries, as globs such as `*.md5`; the log lists those "
        "ignored. Unfinished uploads (`*.part`, `*.filepart`, `*.tmp` ...) and names that begin with `_` or a dot are "
        "always ignored.",
    )
    date_format: DateFormat = Field("%Y-%m-%d", description="Format of that date, as for Python's strptime.")
    column: Text | None = Field(
        None, description="With by: column, the raw column with the nominal date, or SQL that gives it."
    )
    lag_days: Days = Field(
        1, description="Days from the nominal date until the delivery has arrived; 1: by the next morning."
    )
    history_until: Day | None = Field(
        None,
        description="Rows with a nominal date up to this date count as having arrived on time, however late they are"
        " loaded.",
    )
    expected: CalendarSection | None = Field(
        None, description="Calendar of expected deliveries; default: none is expected."
    )
    min_volume_share: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="Smallest allowed number of rows, as a share of the median of the last 8 deliveries of the same"
        " weekday; default: not checked.",
    )
    require_success: bool = Field(
        False, description="With unit: folder, only folders with a `_SUCCESS` file are complete."
    )
    changes: Changes = Field(
        "refuse",
        description="What ingest does with a version of a Delta table that changes or deletes rows, after the first "
        "load. refuse: it stops. versions (customers): rows with new values become new versions; deleted customers"
        " keep "
        "their last version. first_known (events, with event_id): new events are added; known events stay unchanged.",
    )
    clock_skew_days: Days = Field(
        0, description="Days an event may be later than its delivery before the row is refused."
    )
