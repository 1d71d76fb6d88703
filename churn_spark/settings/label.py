"""Who is watched, and what churn means."""

from typing import Annotated, Literal

from pydantic import Field

from churn_spark.settings.section import Days, Name, PositiveDays, Section, Several, Text


class PopulationSection(Section):
    """Who has features and a score at an as-of date."""

    by: Literal["active", "contract"] = Field(
        "active", description="active: had an event lately; contract: an expression over the attributes is true."
    )
    sources: Several[Name] | None = Field(None, description="With active: sources whose events count.")
    days: PositiveDays | None = Field(None, description="With active: how lately, days; at most the longest window.")
    tenure_days: Days = Field(0, description="With active: first seen at least this many days ago.")
    expression: Text | None = Field(None, description="With contract: SQL over the attributes as of the date.")


class LabelSection(Section):
    """What makes a customer a churner: seen from an as-of date, in the performance window after the gap."""

    rule: Literal["inactivity", "decline", "event"] = Field(
        description="inactivity: no event; decline: a measure falls below ratio times its base; event: an event."
    )
    sources: Several[Name] = Field(description="Sources looked at; exactly one with decline and event.")
    gap: Days = Field(0, description="First days from the as-of date, needed to act, days.")
    performance: PositiveDays = Field(description="Length of the performance window, days.")
    lateness: Days = Field(
        0, description="How many days late a row may become known and still count; at least lag_days - 1."
    )
    measure: Name | None = Field(None, description="With decline: the measure whose sum a day is compared.")
    ratio: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.4, description="With decline: churn is below this part of the base."
    )
    base_days: PositiveDays = Field(28, description="With decline: days before the as-of date that are the base.")
    filter: Text | None = Field(
        None, description="With event: SQL over the columns of `events_<source>`; rows passing count."
    )
