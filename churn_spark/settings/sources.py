"""Sources: where rows come from, what they mean, how they are checked and cleaned."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from churn_spark.definitions.columns import Missing, Outliers
from churn_spark.definitions.lookups import Format, Lookup
from churn_spark.definitions.sources import ControlCharacters
from churn_spark.settings.delivered import DeliveredSection
from churn_spark.settings.lookups import OPTIONS, LookupSection, SparkType
from churn_spark.settings.options import OptionName, OptionValue
from churn_spark.settings.section import (
    Address,
    Count,
    Day,
    Name,
    Section,
    Several,
    Share,
    Text,
    Zone,
    one_of,
    shorthand,
)

ATTRIBUTE_TYPES = ("string", "int", "bigint", "double", "date", "boolean")


def _null(value: Any) -> Any:
    """The word null, which YAML reads as no value."""
    return "null" if value is None else value


class CleaningSection(Section):
    """How a column is cleaned when tiles are built. Events keep the raw value."""

    missing: Annotated[Missing, BeforeValidator(_null)] = Field(
        "null", description="What a missing value becomes; indicator: it stays null and is counted."
    )
    constant: float | str | None = Field(None, description="With missing: constant, the value.")
    outliers: Annotated[Outliers, BeforeValidator(_null)] = Field(
        "keep", description="What a value outside the Tukey fences becomes (measures only)."
    )
    fence_factor: Annotated[float, Field(gt=0)] = Field(
        3.0, description="Distance of the fences from the quartiles, in interquartile ranges."
    )
    smooth: Annotated[int, Field(ge=3, le=10_000)] | None = Field(
        None, description="Width of a trailing median over the customer's events (measures only); default: none."
    )


class MeasureSection(Section):
    """A number of an event, stored exactly as a whole number of 10^-scale units."""

    expression: Text = Field(description="SQL over the raw columns, numeric.")
    scale: Annotated[int, Field(ge=0, le=6)] = Field(
        description="Number of decimals stored: 2 for cents, 0 for counts."
    )
    max_abs: Annotated[float, Field(gt=0)] = Field(
        1e9, description="Largest absolute value; a row that exceeds it is quarantined."
    )
    unit: str = Field("", description="Unit, for people who read the tables: USD, minutes.")
    cleaning: CleaningSection = Field(default_factory=CleaningSection, description="How it is cleaned.")


class CategorySection(Section):
    """A category of an event, such as its product. A plain text is short for `{expression: ...}`."""

    expression: Text = Field(description="SQL over the raw columns, text.")
    approximate: bool = Field(False, description="Count distinct values with an HLL sketch instead of exactly.")
    max_values: Count = Field(
        10_000, description="Largest number of distinct values per customer and day that is counted exactly."
    )
    cleaning: CleaningSection = Field(default_factory=CleaningSection, description="How it is cleaned.")


class AttributeSection(Section):
    """A dated property of a customer."""

    expression: Text = Field(description="SQL over the raw columns.")
    type: Annotated[str, one_of(ATTRIBUTE_TYPES)] = Field(description=f"One of {', '.join(ATTRIBUTE_TYPES)}.")
    identifier: bool = Field(False, description="Identifies a person: pseudonymised like the customer id.")


class SourceSection(Section):
    """One source of rows about customers."""

    kind: Literal["events", "customers"] = Field(
        "events", description="events: what happened, and when; customers: versions of customer attributes."
    )
    format: Format = Field(description="File format.")
    path: Address = Field(
        description="Folder (or Delta table) with the deliveries; ${VAR} and ${VAR:-default} are replaced."
    )
    schema_: dict[Text, SparkType] = Field(
        alias="schema",
        min_length=1,
        description="Raw columns used, with their Spark types; other columns are ignored and logged.",
    )
    options: dict[OptionName, OptionValue] = Field(default_factory=dict, description=OPTIONS)
    customer_id: Text = Field(
        description="SQL over the raw columns: the customer the row belongs to (text or whole number)."
    )
    event_id: Several[Text] | None = Field(
        None,
        description="Events: SQL that identifies an event within its day, or a list of such SQL; default: the whole"
        " row.",
    )
    event_time: Text | None = Field(
        None,
        description="SQL that gives a timestamp or a date. Customers: when the row was last changed; the latest of"
        " several rows for a customer in one delivery counts.",
    )
    counterparty: Text | None = Field(
        None, description="Events: SQL that gives the customer id of the partner, for instance who was called or paid."
    )
    time_zone: Zone = Field(
        "UTC",
        description="Time zone of times without one (timestamp_ntz). A text with an offset or a zone keeps its own.",
    )
    delivered: DeliveredSection = Field(description="How it is delivered.")
    measures: dict[Name, MeasureSection] = Field(default_factory=dict, description="Numbers of an event, by name.")
    categories: dict[Name, Annotated[CategorySection, BeforeValidator(shorthand("expression"))]] = Field(
        default_factory=dict, description="Categories of an event, by name."
    )
    attributes: dict[Name, AttributeSection] = Field(
        default_factory=dict, description="Properties of a customer, by name (kind customers)."
    )
    lookups: dict[Name, LookupSection] = Field(
        default_factory=dict,
        description="Tables in which rows look up further columns, by name, in this order.",
    )
    identifiers: list[Text] = Field(
        default_factory=list, description="Further columns that identify a person, raw or looked up."
    )
    where: Text | None = Field(
        None,
        description="SQL that is true for the rows to use. Other rows are neither kept nor quarantined, only counted"
        " (as left_out).",
    )
    checks: dict[Name, Text] = Field(
        default_factory=dict,
        description="SQL that is true for valid rows, by reason. A row is quarantined where it is false or null.",
    )
    limits: dict[Text, Share] = Field(
        default_factory=dict,
        description="Largest allowed share of a delivery's rows with a reason, by reason. For JSON,"
        " absent: 1 allows a column to be missing from a whole file.",
    )
    default_limit: Share = Field(0.1, description="The limit for all other reasons.")
    starts: Day | None = Field(
        None,
        description="First day with data. Earlier events are refused (before_start), and the source's features are"
        " null at as-of dates up to this day.",
    )
    control_characters: ControlCharacters = Field(
        "remove",
        description="What is done with control characters (except tabs and line breaks) in texts that an expression"
        " uses."
        " remove: they are removed and counted; refuse: the row is refused as control_character.",
    )

    @property
    def resolved_lookups(self) -> tuple[Lookup, ...]:
        return tuple(lookup.resolved(name) for name, lookup in self.lookups.items())

    @property
    def columns(self) -> dict[str, str]:
        """The columns that SQL may use, raw ones and then those looked up, with their Spark types."""
        return self.schema_ | dict(column for lookup in self.resolved_lookups for column in lookup.columns)
