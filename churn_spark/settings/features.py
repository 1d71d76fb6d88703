"""Features, by source; each line is a group of features."""

from typing import Annotated

from pydantic import ConfigDict, Field

from churn_spark.definitions.ops import OPS
from churn_spark.settings.section import Name, PositiveDays, Section, Several, Text, one_of

WEEKLY = ("weekly_lag", "weekly_slope", "weekly_active")
OP_NAMES = (*(name for name in OPS if name not in WEEKLY), "weekly")
LONGEST_ONLY = ("recency", "ewm", "weekly")
"""Ops that use only the longest window where a line gives none, since shorter ones would add nothing."""


class FeatureLine(Section):
    """Features of one source: every combination of the line's ops, columns, values and windows."""

    op: Several[Annotated[str, one_of(OP_NAMES)]] = Field(description=f"Operations: {', '.join(OP_NAMES)}.")
    of: Several[Name] | None = Field(None, description="Measures (for distinct and share: categories).")
    windows: Several[PositiveDays] | None = Field(
        None,
        description=f"Days; default: those of features.windows (for {', '.join(LONGEST_ONLY)}: the longest of them).",
    )
    value: Several[Text] | None = Field(None, description="With op: share, values of the category.")
    measure: Name | None = Field(
        None, description="With op: share, the measure whose sum is divided, instead of the number of events."
    )
    half_life: Several[PositiveDays] | None = Field(None, description="With op: ewm, half-lives in days.")


class FeaturesSection(Section):
    """All features. Besides the keys below, the name of each source of events is a key with a list of lines."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, list[FeatureLine]]

    windows: Several[PositiveDays] = Field(
        default_factory=lambda: [28], description="Observation windows in days, for lines without their own."
    )
    attributes: list[Name] = Field(default_factory=list, description="Customer attributes, as of the date.")
    left_after: PositiveDays | None = Field(
        None,
        description="Days without an event after which a partner counts as left (left_partners, left_contacts, "
        "community_left); default: the performance window. With label rule event, partners leave by that event.",
    )
    derived: dict[Name, Text] = Field(
        default_factory=dict, description="SQL over features and attributes, by name; null where it fails."
    )

    @property
    def lines(self) -> dict[str, list[FeatureLine]]:
        """The lines by source."""
        return self.__pydantic_extra__ or {}
