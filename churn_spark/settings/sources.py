"""Sources: where rows come from, what they mean, how they are checked and cleaned."""

import re
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from churn_spark.definitions.sources import Format, Missing, Outliers
from churn_spark.settings.nearest import among
from churn_spark.settings.section import Days, Name, Section, Several, Share, Text, Zone, one_of, refuse, shorthand

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ATTRIBUTE_TYPES = ("string", "int", "bigint", "double", "date", "boolean")
SPARK_TYPES = ("string", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(18,2)", "date",
               "timestamp", "timestamp_ntz", "binary")  # fmt: skip
OPTIONS = ("sep", "quote", "escape", "encoding", "comment", "nullValue", "nanValue", "emptyValue", "dateFormat",
           "timestampFormat", "timestampNTZFormat", "locale", "multiLine", "lineSep", "ignoreLeadingWhiteSpace",
           "ignoreTrailingWhiteSpace", "allowComments", "allowSingleQuotes", "mergeSchema")  # fmt: skip


def _spark_type(value: str) -> str:
    lower = value.lower().strip()
    if re.fullmatch(r"decimal\(\d{1,2}(,\s*\d{1,2})?\)|(array|struct|map)<.+>", lower) or lower in SPARK_TYPES:
        return lower
    raise refuse(among(value, SPARK_TYPES))


def _date_pattern(value: str) -> str:
    try:
        groups = re.compile(value).groupindex
    except re.error as error:
        raise refuse(f"{value!r} is not a regular expression: {error}") from None
    if "date" not in groups:
        raise refuse(f"{value!r} has no group (?P<date>...) for the date in the file's name")
    return value


def _option(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _null(value: Any) -> Any:
    """The word null, which YAML takes for nothing."""
    return "null" if value is None else value


def _span(value: Any) -> Any:
    return {"first": value, "last": value} if isinstance(value, date | str) else value


class ClosedSpan(Section):
    """Days without a delivery, both ends included."""

    first: date = Field(description="First closed day.")
    last: date = Field(description="Last closed day.")


class CalendarSection(Section):
    """The nominal dates on which a delivery must exist; a missing one stops the run before features are built."""

    weekdays: list[Weekday] = Field(
        default_factory=lambda: list(get_args(Weekday)), min_length=1, description="Weekdays with a delivery."
    )
    closed: list[Annotated[ClosedSpan, BeforeValidator(_span)]] = Field(
        default_factory=list, description="Days without one: dates, or spans `{first: ..., last: ...}`."
    )
    first: date | None = Field(None, description="First expected date; left out: the first delivery there is.")


class DeliveredSection(Section):
    """How a source arrives, and from when its rows count as known: nominal date + lag_days."""

    unit: Literal["file", "folder", "version"] | None = Field(
        None,
        description="What one delivery is; left out: version for Delta, else file. A folder taken before is looked "
        "into again when a file was put into it, removed or replaced; what happens deeper in it, or to a file in "
        "place, only `--option verify` sees.",
    )
    by: Literal["file_name", "column", "event"] = Field(
        description="Where the nominal date comes from: the name of the file or folder, a column, or each event's day "
        "(customers: undated, known from the day they are taken)."
    )
    pattern: Annotated[str, AfterValidator(_date_pattern)] = Field(
        r"(?P<date>\d{4}-\d{2}-\d{2})",
        description="With by file_name: regular expression with a group `date`, searched in the name.",
    )
    date_format: Text = Field("%Y-%m-%d", description="How that date is written, as in Python's strptime.")
    column: Text | None = Field(None, description="With by column: raw column that holds the nominal date.")
    lag_days: Days = Field(
        1, description="Days from the nominal date until the delivery is there; 1: the next morning."
    )
    history_until: date | None = Field(
        None,
        description="Rows with a nominal date up to this one count as having arrived on time, however late loaded.",
    )
    expected: CalendarSection | None = Field(None, description="Calendar of deliveries; left out: none is missed.")
    min_volume_share: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Least share of the same weekday's median rows (last 8); left out: not checked."
    )
    require_success: bool = Field(False, description="With unit folder: only folders holding `_SUCCESS` are complete.")
    clock_skew_days: Days = Field(0, description="Days an event may lie after its delivery before the row is refused.")


class CleaningSection(Section):
    """How a column is cleaned when tiles are built; events keep the raw value."""

    missing: Annotated[Missing, BeforeValidator(_null)] = Field(
        "null", description="What a missing value becomes; indicator: stays null and is counted."
    )
    constant: float | str | None = Field(None, description="With missing constant: the value.")
    outliers: Annotated[Outliers, BeforeValidator(_null)] = Field(
        "keep", description="What a value outside the Tukey fences becomes (measures only)."
    )
    fence_factor: Annotated[float, Field(gt=0)] = Field(
        3.0, description="Fences lie this many interquartile ranges out."
    )
    smooth: Annotated[int, Field(ge=3)] | None = Field(
        None, description="Width of a trailing median over the customer's events (measures only); left out: none."
    )


class MeasureSection(Section):
    """A number of an event, kept exactly as a whole number of 10^-scale units."""

    expression: Text = Field(description="SQL over the raw columns, numeric.")
    scale: Annotated[int, Field(ge=0, le=6)] = Field(description="Decimals kept: 2 for cents, 0 for counts.")
    max_abs: Annotated[float, Field(gt=0)] = Field(
        1e9, description="Largest absolute value; a row beyond is quarantined."
    )
    unit: str = Field("", description="Unit for people: USD, minutes.")
    cleaning: CleaningSection = Field(default_factory=CleaningSection, description="How it is cleaned.")


class CategorySection(Section):
    """A named value of an event. A plain text is short for `{expression: ...}`."""

    expression: Text = Field(description="SQL over the raw columns, text.")
    approximate: bool = Field(False, description="Count distinct values by an HLL sketch instead of exactly.")
    max_values: Annotated[int, Field(ge=1)] = Field(
        10_000, description="Most different values of one customer on one day that are counted exactly."
    )
    cleaning: CleaningSection = Field(default_factory=CleaningSection, description="How it is cleaned.")


class AttributeSection(Section):
    """A dated property of a customer."""

    expression: Text = Field(description="SQL over the raw columns.")
    type: Annotated[str, one_of(ATTRIBUTE_TYPES)] = Field(description=f"One of {', '.join(ATTRIBUTE_TYPES)}.")
    identifier: bool = Field(False, description="Pseudonymised like the customer id.")


class SourceSection(Section):
    """One source of rows about customers."""

    kind: Literal["events", "customers"] = Field(
        "events", description="events: things that happened; customers: versions of customers' attributes."
    )
    format: Format = Field(description="File format.")
    path: Text = Field(
        description="Folder (or Delta table) of the deliveries; ${VAR} and ${VAR:-default} are replaced."
    )
    schema_: dict[Text, Annotated[str, AfterValidator(_spark_type)]] = Field(
        alias="schema",
        min_length=1,
        description="Raw columns used, with their Spark types; others are ignored and noted.",
    )
    options: dict[Annotated[str, one_of(OPTIONS)], Annotated[str, BeforeValidator(_option)]] = Field(
        default_factory=dict, description=f"Reading options: {', '.join(OPTIONS)}."
    )
    customer_id: Text = Field(description="SQL over the raw columns: whose row it is (text or whole number).")
    event_id: Several[Text] | None = Field(
        None,
        description="Events: SQL that identifies an event within its day, or several; left out: the whole row.",
    )
    event_time: Text | None = Field(None, description="Events: SQL giving a timestamp or a date.")
    counterparty: Text | None = Field(
        None, description="Events: SQL giving the customer id of the partner who was called, paid, written to."
    )
    time_zone: Zone = Field("UTC", description="Zone of times without one (timestamp_ntz).")
    delivered: DeliveredSection = Field(description="How it arrives.")
    measures: dict[Name, MeasureSection] = Field(default_factory=dict, description="Numbers of an event, by name.")
    categories: dict[Name, Annotated[CategorySection, BeforeValidator(shorthand("expression"))]] = Field(
        default_factory=dict, description="Named values of an event, by name."
    )
    attributes: dict[Name, AttributeSection] = Field(
        default_factory=dict, description="Properties of a customer, by name (kind customers)."
    )
    identifiers: list[Text] = Field(
        default_factory=list, description="Raw columns that identify a person besides the id."
    )
    checks: dict[Name, Text] = Field(
        default_factory=dict,
        description="SQL that is true for good rows, by reason code; false or null is quarantined.",
    )
    limits: dict[Text, Share] = Field(
        default_factory=dict,
        description="Largest share of a delivery's rows that may carry a reason, by reason. For JSON,"
        " absent: 1 lets a column be missing from a whole file.",
    )
    default_limit: Share = Field(0.1, description="The same for reasons without a limit of their own.")
    starts: date | None = Field(None, description="First day with data; before it every feature of the source is null.")
