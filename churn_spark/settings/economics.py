"""What contacting customers costs and what keeping one is worth."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from churn_spark.settings.section import Section, Text


def _written(value: Any) -> Any:
    """A number as the SQL that it is."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Expression = Annotated[Text, BeforeValidator(_written)]
Money = Annotated[float, Field(ge=0)]


class EconomicsSection(Section):
    """A retention campaign that contacts customers and offers them an incentive to stay, all in the same money.

    Training then takes the threshold that brings the highest profit over the folds, and reports profit. The sums are
    those of [reading scores](reading-scores.md#what-contacting-pays).
    """

    value: Expression | None = Field(
        None,
        description="What a customer is worth who would have left and stays: a number, or SQL over the features."
        " Default: `scoring.value`.",
    )
    contact_cost: Money = Field(description="Cost of contacting one customer.")
    incentive_cost: Money = Field(
        description="Cost of the incentive for one customer who takes it; those who would have stayed always do."
    )
    acceptance: Annotated[float, Field(gt=0, le=1)] = Field(
        description="Share of those leaving who, once contacted, take the incentive and stay."
    )
    acceptance_deviation: Annotated[float, Field(ge=0, lt=0.5)] = Field(
        0,
        description="Standard deviation of `acceptance`, where it is not known exactly: it is then Beta distributed,"
        " for the expected maximum profit. 0.1 with acceptance 0.3 is the Beta(6, 14) of the literature.",
    )
