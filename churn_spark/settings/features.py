"""Features, written compactly: a line a group, by source."""

from typing import Annotated

from pydantic import ConfigDict, Field

from churn_spark.definitions.ops import OPS
from churn_spark.settings.section import Name, PositiveDays, Section, Several, Text, one_of

WEEKLY = ("weekly_lag", "weekly_slope", "weekly_active")
OP_NAMES = (*(name for name in OPS if name not in WEEKLY), "weekly")
LONGEST_ONLY = ("recency", "ewm", "weekly")
"""Ops that take only the longest window where a line gives none: shorter ones would say the same."""


class FeatureLine(Section):
    """Features of one source: every op, column, value and window of the line combined."""

    op: Several[Annotated[str, one_of(OP_NAMES)]] = Field(description=f"Operations: {', '.join(OP_NAMES)}.")
    of: Several[Name] | None = Field(None, description="Measures (or categories, of distinct and share).")
    windows: Several[PositiveDays] | None = Field(
        None,
        description=f"Days; left out: those of features.windows ({', '.join(LONGEST_ONLY)}: its longest).",
    )
    value: Several[Text] | None = Field(None, description="With share: values of the category.")
    measure: Name | None = Field(None, description="With share: share of this measure's sum instead of events.")
    half_life: Several[PositiveDays] | None = Field(None, description="With ewm: half-lives, days.")


class FeaturesSection(Section):
    """All features. Besides the keys below, each source's name is a key with a list of lines."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, list[FeatureLine]]

    windows: Several[PositiveDays] = Field(description="Observation windows used where a line gives none, days.")
    attributes: list[Name] = Field(default_factory=list, description="Customer attributes taken as of the date.")
    left_after: PositiveDays | None = Field(
        None,
        description="Partners have left after so many silent days (left_partners, left_contacts, community_left); left "
        "out: the length of the performance window. With label rule event they leave by that event.",
    )
    derived: dict[Name, Text] = Field(
        default_factory=dict, description="Named SQL over features and attributes; use try_divide for ratios."
    )

    @property
    def lines(self) -> dict[str, list[FeatureLine]]:
        """The lines by source."""
        return self.__pydantic_extra__ or {}
