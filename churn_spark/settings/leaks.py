"""What training looks for in its data before anything is learnt from them."""

from typing import Annotated

from pydantic import Field

from churn_spark.settings.section import Name, Section, Share

Auc = Annotated[float, Field(gt=0.5, le=1)]
Factor = Annotated[float, Field(gt=1)]


class LeaksSection(Section):
    """Checks of the data before anything is learnt.

    What they find is in the log; where training goes on to a model, also in `model_checks` and the report.
    A feature that alone nearly decides the label, and stored features that differ from what was known on their date,
    stop the training. The other checks warn.
    """

    max_single_auc: Auc = Field(
        0.97,
        description="ROC AUC that one feature may reach alone, in bins; from there on it is taken for a leak of the"
        " label, and training stops. 1: only where it decides the label entirely.",
    )
    warn_single_auc: Auc = Field(0.9, description="The same for a warning.")
    max_known_odds: Factor = Field(
        3.0,
        description="Largest odds ratio of leaving, at equal activity, between customers of whom an attribute is known"
        " and the others. An attribute that was recorded later for those who stayed exceeds it.",
    )
    recomputed_customers: Annotated[int, Field(ge=0, le=10_000)] = Field(
        20,
        description="Customers of the oldest and of the newest training snapshot whose features are computed again from"
        " what was known on that date and compared; 0: none.",
    )
    max_active_after_churn: Share = Field(
        0.05,
        description="Largest share of the customers who left, by an event or a date of theirs, with events of other"
        " sources after that.",
    )
    max_rate_jump: Factor = Field(
        1.5,
        description="Largest factor between the odds of the base rates of two neighbouring snapshots; a larger one"
        " warns where chance does not explain it.",
    )
    max_drift: Annotated[float, Field(gt=0)] = Field(
        0.25, description="Largest population stability index of a feature between training and test."
    )
    accept: list[Name] = Field(
        default_factory=list,
        description="Features that are trained on although they fail a check that stops training; they warn instead.",
    )
