"""A source: its deliveries, the columns made from its rows, and its checks."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from churn_spark.definitions.columns import Attribute, Category, Measure
from churn_spark.definitions.lookups import Format, Lookup

Changes = Literal["refuse", "versions", "first_known"]
ControlCharacters = Literal["remove", "refuse"]

REASONS = (
    "unparsable",
    "bad_encoding",
    "control_character",
    "too_long",
    "no_customer",
    "no_time",
    "id_missing",
    "before_start",
    "future_event",
    "too_large",
    "duplicate",
    "id_conflict",
    "id_reused",
    "superseded",
)
"""Why a row is refused, besides `bad_<column>` and the names of the source's own checks: codes of `quarantine`."""
LEFT_OUT = "(left out)"
"""In place of reasons, for a row that `where` leaves out: the row is counted, neither kept nor refused."""
STAMP = r"@(?P<date>\d{4}-\d{2}-\d{2})$"
"""The suffix of a delivery's name with the day of its last modification."""
ABSENT = "absent"
"""With a limit of 1, a column may be absent from every object of a JSON file."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days on which a delivery is expected: weekdays (1 = Monday .. 7 = Sunday) less closed days and closed spans."""

    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    closed: tuple[date, ...] = ()
    first: date | None = None

    def expects(self, day: date) -> bool:
        """Whether a delivery with this nominal date should exist."""
        return (
            day.isoweekday() in self.weekdays and day not in self.closed and (self.first is None or day >= self.first)
        )


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a source is delivered and how the nominal date of a row is determined.

    unit: a `file`, a `folder` (one level below the path), or a commit `version` of a Delta source.
    by: `file_name` (pattern with a group `date`, read with `date_format`), `column` (a raw date column), or `event`.
    pattern: matches from anywhere in the name to its end. ignore: globs of names of files that are no deliveries.
    stamped: the date of its last modification, in the project's zone, is part of a delivery's name (`name@date`).
    lag_days: nominal date + lag_days is the earliest knowledge date (at least 1 for files that come after their day).
    history_until: rows with a nominal date up to it skip `taken_on` (the bulk load of a history).
    expected: the calendar of nominal dates, None when deliveries are irregular.
    min_volume_share: least share of the median of the same weekday's rows (last 8); None: not checked.
    require_success: a folder must hold `_SUCCESS`.
    changes: how versions of a Delta source that change or delete rows are handled.
    """

    unit: Literal["file", "folder", "version"] = "file"
    by: Literal["file_name", "column", "event"] = "file_name"
    pattern: str = r"(?P<date>\d{4}-\d{2}-\d{2}).*"
    date_format: str = "%Y-%m-%d"
    column: str | None = None
    stamped: bool = False
    lag_days: int = 1
    history_until: date | None = None
    expected: Calendar | None = None
    min_volume_share: float | None = None
    require_success: bool = False
    clock_skew_days: int = 0
    changes: Changes = "refuse"
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowCheck:
    """A rule for every row: `expression` is true for good ones (null counts as bad); `name` is the reason code."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Source:
    """One source of rows about customers.

    kind `events`: rows become `events_<name>`; kind `customers`: rows become versions in `customers`.
    schema: the declared raw columns as (name, Spark type). customer_id, event_time: SQL expressions; event_time of
    customers decides which of several rows of one customer is the latest; empty: undecided.
    counterparty: SQL expression of the customer id of the partner of an event; None: events have no partner.
    event_id: SQL expressions, one taken as it is, several hashed together. time_zone: zone of naive times.
    limits: largest share of a delivery's rows that may carry a reason, by reason; `default_limit` for the others.
    control_characters: how control characters in texts that expressions use are handled.
    starts: the first day the source has data for: earlier rows are refused, and the source's features are null before.
    where: SQL that is true for the rows to take; others are left out. None: all rows are taken.
    lookups: each may use the columns of those before it. kind `lookup`: a lookup, read as if it were a source.
    """

    name: str
    kind: Literal["events", "customers", "lookup"]
    format: Format
    path: str
    schema: tuple[tuple[str, str], ...]
    customer_id: str
    delivered: Delivered
    event_id: tuple[str, ...] = ()
    event_time: str = ""
    counterparty: str | None = None
    time_zone: str = "UTC"
    options: tuple[tuple[str, str], ...] = ()
    measures: tuple[Measure, ...] = ()
    categories: tuple[Category, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    identifiers: tuple[str, ...] = ()
    checks: tuple[RowCheck, ...] = ()
    limits: tuple[tuple[str, float], ...] = ()
    default_limit: float = 0.1
    starts: date | None = None
    control_characters: ControlCharacters = "remove"
    where: str | None = None
    lookups: tuple[Lookup, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that SQL may use: raw columns, then columns of lookups."""
        looked_up = (name for lookup in self.lookups for name, _ in lookup.columns)
        return (*(name for name, _ in self.schema), *looked_up)

    @property
    def events_table(self) -> str:
        return f"events_{self.name}"

    @property
    def tiles_table(self) -> str:
        return f"tiles_{self.name}"

    @property
    def contacts_table(self) -> str:
        return f"contacts_{self.name}"

    @property
    def compacted(self) -> tuple[str, ...]:
        """The tables that the source's events are compacted to."""
        return (self.tiles_table, self.contacts_table) if self.counterparty else (self.tiles_table,)

    @property
    def learns(self) -> bool:
        """Whether a column is cleaned with values learnt by `profile`."""
        return any(column.cleaning.learns for column in self.columns)

    @property
    def columns(self) -> tuple[Measure | Category, ...]:
        """Measures, then categories."""
        return (*self.measures, *self.categories)

    @property
    def values(self) -> tuple[Measure | Category | Attribute, ...]:
        """All values of a row of the source: measures, categories and attributes."""
        return (*self.measures, *self.categories, *self.attributes)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """The columns of the source's stored rows that not every source has."""
        return (*(("counterparty",) if self.counterparty else ()), *(value.name for value in self.values))

    def measure(self, name: str) -> Measure:
        return next(measure for measure in self.measures if measure.name == name)

    def category(self, name: str) -> Category:
        return next(category for category in self.categories if category.name == name)

    def limit(self, reason: str) -> float:
        """The largest accepted share of a delivery's rows with a reason; by default 1 for reasons that are no error."""
        return dict(self.limits).get(reason, 1.0 if self._is_no_fault(reason) else self.default_limit)

    def _is_no_fault(self, reason: str) -> bool:
        """Whether rows with a reason are expected: copies, superseded rows, changes that are not taken."""
        return reason in ("duplicate", "superseded") or (
            reason == "id_reused" and self.delivered.changes == "first_known"
        )
