"""What keeps a trained model out of force."""

from typing import Annotated

from pydantic import Field

from churn_spark.settings.section import Count, Name, Section

Positive = Annotated[float, Field(gt=0)]


class GateSection(Section):
    """Floors that a model's untouched test must reach before it goes in force; without a value there is none.

    Besides, a model that is worse than the one in force, by more than one standard error of the difference in average
    precision on the test snapshots at which that could have been in force, is registered and stays out of force.
    """

    min_roc_auc: Annotated[float, Field(ge=0.5, le=1)] | None = Field(None, description="Least ROC AUC.")
    min_lift: Positive | None = Field(None, description="Least lift at the riskiest tenth.")
    max_calibration_error: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Largest expected calibration error; above it by no more than chance adds, it warns."
    )
    min_positives: Count | None = Field(None, description="Least number of customers in the test who left.")
    groups: list[Name] = Field(
        default_factory=list, description="Features that part customers into groups which are to be served alike."
    )
    max_group_gap: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="Largest difference in ROC AUC between two groups of one feature of `groups`; above it by no more"
        " than chance adds, it warns.",
    )
