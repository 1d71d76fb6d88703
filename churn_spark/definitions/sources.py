"""A source: where deliveries come from, what their rows mean, how they are checked and cleaned."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Format = Literal["csv", "json", "parquet", "delta"]
Missing = Literal["null", "indicator", "drop", "constant", "mean", "median", "mode", "last_known", "interpolate"]
Outliers = Literal["keep", "clip", "null", "flag"]

SQUARE_BITS = 36
"""Tiles keep a sum of squares as two 64-bit integers: high * 2^36 + low."""
LARGEST_SQUARED = 2**42 - 1
"""The largest scaled value whose square is made so in 64-bit arithmetic."""

REASONS = (
    "unparsable",
    "bad_encoding",
    "control_character",
    "too_long",
    "no_customer",
    "no_time",
    "id_missing",
    "future_event",
    "too_large",
    "duplicate",
    "id_conflict",
)
"""Why a row is refused, besides `bad_<column>` and the names of the source's own checks: codes of `quarantine`."""
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
    """How a source arrives and how the nominal date of a row is found.

    unit: a `file`, a `folder` (one level below the path), or a commit `version` of a Delta source.
    by: `file_name` (pattern with a group `date`, read with `date_format`), `column` (a raw date column), or `event`.
    lag_days: nominal date + lag_days is the earliest knowledge date (at least 1 for files that come after their day).
    history_until: rows with a nominal date up to it skip `taken_on` (the bulk load of a history).
    expected: the calendar of nominal dates, None when deliveries are irregular.
    min_volume_share: least share of the median of the same weekday's rows (last 8); None: not checked.
    require_success: a folder must hold `_SUCCESS`.
    """

    unit: Literal["file", "folder", "version"] = "file"
    by: Literal["file_name", "column", "event"] = "file_name"
    pattern: str = r"(?P<date>\d{4}-\d{2}-\d{2})"
    date_format: str = "%Y-%m-%d"
    column: str | None = None
    lag_days: int = 1
    history_until: date | None = None
    expected: Calendar | None = None
    min_volume_share: float | None = None
    require_success: bool = False
    clock_skew_days: int = 0


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How one column is cleaned when tiles are built.

    missing: what a null becomes (`indicator`: stays null and is counted in `<column>_missing`).
    outliers: what a value outside the Tukey fences `[q1 - k IQR, q3 + k IQR]` becomes (`flag`: stays, counted in
    `<column>_outlier`). smooth: width of a trailing median over the customer's events of one knowledge date; None: off.
    """

    missing: Missing = "null"
    constant: float | str | None = None
    outliers: Outliers = "keep"
    fence_factor: float = 3.0
    smooth: int | None = None

    @property
    def learns(self) -> bool:
        """Whether values learnt by `profile` are needed."""
        return self.missing in ("mean", "median", "mode") or self.outliers != "keep"


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of an event, stored as a 64-bit integer count of 10^-scale units (scale 2: cents).

    points: whether tiles keep its first and last value (needed by `first`, `last` and `delta`).
    expression: SQL over the raw columns. max_abs: largest absolute value (in units, not scaled); a row beyond it is
    quarantined as `too_large`.
    """

    name: str
    expression: str
    scale: int = 0
    max_abs: float = 1e9
    unit: str = ""
    cleaning: Cleaning = field(default_factory=Cleaning)
    points: bool = True


@dataclass(frozen=True, slots=True)
class Category:
    """A named value of an event (string).

    values: those whose events (and `measures`) are counted apart in tiles; others count only for `distinct`.
    measures: measures summed apart by value. distinct: whether tiles keep the set of values. approximate: distinct by
    an HLL sketch instead of exactly. max_values: most values of one customer on one day that are counted exactly.
    """

    name: str
    expression: str
    values: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    distinct: bool = False
    approximate: bool = False
    max_values: int = 10_000
    cleaning: Cleaning = field(default_factory=Cleaning)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A dated property of a customer: a SQL expression over the raw columns and its Spark type."""

    name: str
    expression: str
    type: str
    identifier: bool = False


@dataclass(frozen=True, slots=True)
class RowCheck:
    """A rule for every row: `expression` is true for good ones (null counts as bad); `name` is the reason code."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Source:
    """One source of rows about customers.

    kind `events`: rows become `events_<name>`; kind `customers`: rows become versions in `customers`.
    schema: the declared raw columns as (name, Spark type). customer_id, event_time: SQL expressions.
    counterparty: SQL expression of the customer id of the partner of an event; None: events have no partner.
    event_id: SQL expressions, one taken as it is, several hashed together. time_zone: zone of naive times.
    limits: largest share of a delivery's rows that may carry a reason, by reason; `default_limit` for the others.
    starts: the first day the source has data for; before it every feature of it is null.
    """

    name: str
    kind: Literal["events", "customers"]
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
        """The tables its events are compacted to."""
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
        """All that a row of the source says: measures, categories and attributes."""
        return (*self.measures, *self.categories, *self.attributes)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """The columns of its stored rows that not every source has."""
        return (*(("counterparty",) if self.counterparty else ()), *(value.name for value in self.values))

    def measure(self, name: str) -> Measure:
        return next(measure for measure in self.measures if measure.name == name)

    def category(self, name: str) -> Category:
        return next(category for category in self.categories if category.name == name)

    def limit(self, reason: str) -> float:
        """The largest share of a delivery's rows with a reason; copies are no fault of a delivery: 1 by default."""
        return dict(self.limits).get(reason, 1.0 if reason == "duplicate" else self.default_limit)


def value_column(category: str, value: str, measure: str | None = None) -> str:
    """The name of the tile column that counts (or sums `measure` over) the events with one value of a category."""
    slug = "".join(character if character.isalnum() else "_" for character in value.lower())
    return f"{category}__{slug}" if measure is None else f"{category}__{slug}__{measure}"
