"""Which customers get features and scores, and what churn means."""

from typing import Annotated, Literal

from pydantic import Field

from churn_spark.settings.section import Days, Name, PositiveDays, Section, Several, Text


class PopulationSection(Section):
    """Which customers get features and a score at an as-of date."""

    by: Literal["active", "contract"] = Field(
        "active",
        description="active: customers with a recent event; contract: customers for whom an expression over"
        " the attributes is true.",
    )
    sources: Several[Name] | None = Field(None, description="With by: active, the sources whose events count.")
    days: PositiveDays | None = Field(
        None, description="With by: active, how recent the event must be, in days; at most the longest window."
    )
    tenure_days: Days = Field(0, description="With by: active, least number of days since the customer was first seen.")
    expression: Text | None = Field(None, description="With by: contract, SQL over the attributes as of the date.")


class LabelSection(Section):
    """Which customers count as churned: what counts is the performance window, after an as-of date and the gap."""

    rule: Literal["inactivity", "decline", "event", "attribute", "column"] = Field(
        description="inactivity: no event; decline: a measure falls below ratio times its base; event: a certain event;"
        " attribute: a date attribute of the customer; column: an attribute that says who left (not temporal)."
    )
    sources: Several[Name] | None = Field(
        None,
        description="Sources of events that decide; exactly one with decline and event, none with attribute and"
        " column.",
    )
    gap: Days = Field(
        0, description="Days after the as-of date that are needed to act; churn within them is not predicted."
    )
    performance: PositiveDays | None = Field(
        None, description="Length of the performance window, in days; all rules except column need it."
    )
    lateness: Days = Field(
        0,
        description="How many days late a row may become known and still count, from the morning after its day; at"
        " least"
        " lag_days - 1.",
    )
    measure: Name | None = Field(None, description="With rule: decline, the measure whose sum per day is compared.")
    ratio: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.4, description="With rule: decline, below this share of the base a customer counts as churned."
    )
    base_days: PositiveDays = Field(
        28, description="With rule: decline, the days before the as-of date that form the base."
    )
    filter: Text | None = Field(
        None,
        description="With rule: event, SQL over the columns of `events_<source>` that is true for the events that"
        " mean churn.",
    )
    attribute: Name | None = Field(
        None,
        description="With rule: attribute, the attribute (of type date) with the day on which the customer left. With"
        " rule: column, the attribute that says whether the customer left (boolean, or int or bigint with 0 and 1;"
        " null:"
        " no label).",
    )
