"""Who is alerted about, and how an alert reads."""

from typing import Annotated, Literal

from pydantic import Field

from churn_spark.definitions.actions import Language
from churn_spark.settings.section import Address, Count, Days, Name, PositiveDays, Section, Share

Rise = Annotated[float, Field(gt=0, le=1)]
Times = Annotated[float, Field(gt=0)]
BY_AUDIENCE = "Another threshold for an audience, by its name."


class LineSection(Section):
    """From where on a risk is high: exactly one of these keys."""

    tier: Literal["high", "medium"] | None = Field(None, description="Customers of this tier or above.")
    risk: Share | None = Field(None, description="Customers with at least this risk.")
    riskiest: Count | None = Field(None, description="So many customers: those with the highest scores.")
    model: bool | None = Field(
        None,
        description="`true`: customers from the threshold on that training found, of the model that made the scores"
        " (with `economics` the one that pays best).",
    )


class HighRiskSection(LineSection):
    """Alerts about high risks: exactly one of `tier`, `risk`, `riskiest` and `model`."""

    by_audience: dict[Name, LineSection] = Field(default_factory=dict, description=BY_AUDIENCE)


class RiseSection(Section):
    """A threshold of `risk_jump` for an audience."""

    rise: Rise = Field(description="Least rise of the risk.")


class RiskJumpSection(Section):
    """Alerts about a risk that rose since the newest earlier as-of date with scores."""

    rise: Rise = Field(description="Least rise: 0.2 is from 10 % to 30 %.")
    within_days: PositiveDays = Field(35, description="Scores older than this are not compared with.")
    by_audience: dict[Name, RiseSection] = Field(default_factory=dict, description=BY_AUDIENCE)


class TimesSection(Section):
    """A threshold of `silent` for an audience."""

    times: Times = Field(description="Least value of the feature.")


class SilentSection(Section):
    """Alerts about customers who are overdue against their own rhythm."""

    feature: Name = Field(
        description="Feature that counts the silence in usual intervals: one of the operations `overdue_mean`,"
        " `overdue_median`, `overdue_p90` and `overdue_max`, or any other number."
    )
    times: Times = Field(description="Least value: 3 is a silence of three usual intervals.")
    by_audience: dict[Name, TimesSection] = Field(default_factory=dict, description=BY_AUDIENCE)


class WaveSection(Section):
    """When alerts are so many that something is probably wrong with the data: then none is written.

    Counted are new alerts: neither in their cooldown, nor the first ones after it of customers who stayed above the
    line all the time. It takes at least 20 of them, and 3 dates before.
    """

    times: Annotated[float, Field(ge=1)] = Field(3, description="Multiple of the median that is too many.")
    dates: Annotated[int, Field(ge=3, le=100)] = Field(8, description="Last as-of dates whose median counts.")


class AlertsSection(Section):
    """Alerts about customers, written by `alert` after each scoring: at least one of the three kinds.

    [How they are decided and worded](operations.md#alerts).
    """

    high_risk: HighRiskSection | None = Field(None, description="A high risk; default: no such alerts.")
    risk_jump: RiskJumpSection | None = Field(None, description="A risk that rose; default: no such alerts.")
    silent: SilentSection | None = Field(None, description="A customer who is overdue; default: no such alerts.")
    cooldown_days: Days = Field(
        28, description="Days in which a customer has no second alert of a kind, unless the tier rose; 0: none."
    )
    wave: WaveSection | None = Field(None, description="When to stop; default: as its keys say.")
    reasons: Annotated[int, Field(ge=0, le=20)] = Field(3, description="The most reasons named in a text.")
    language: Language = Field("en", description="Language of the texts that come with the package, and of messages.")
    texts: Address | None = Field(
        None,
        description="Folder with templates of your own in their place: `KIND.title.txt` and `KIND.text.txt` of each"
        " kind above.",
    )
