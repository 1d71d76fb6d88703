"""How a training treats features: texts of many values, and the selection."""

from typing import Annotated

from pydantic import Field

from churn_spark.settings.section import Count, Section, Share


class TargetEncodingSection(Section):
    """Texts with more than 100 values as numbers: the churn rate of each value; without this group they are left out.

    A row that teaches a model sees the rate over other customers only. `{}` takes the defaults.
    """

    smoothing: Annotated[float, Field(gt=0)] = Field(
        20.0, description="Rows of the base rate that are added to those of each value; more where rates are noisy."
    )
    most_values: Annotated[int, Field(ge=101, le=100_000)] = Field(
        10_000, description="A text with more values is an identifier, and is left out all the same."
    )


class SelectionSection(Section):
    """Selection of features, learnt from the training rows alone; without this group every feature is used.

    Near-constant features go first, then those without an association with the label, then the weaker of two numbers
    that say the same. Of the rest ever fewer are tried over the folds by a logistic regression, half of them at a time
    (recursive feature elimination), and the smallest number is kept that is as good as the best, within one standard
    error or `max_loss`. Where that is all of them, nothing is dropped. `{}` takes the defaults.
    """

    min_variance: Annotated[float, Field(ge=0)] = Field(
        0.0001,
        description="A feature goes if no input of it varies more: variance on the signed logarithmic scale (a mark of"
        " 1 in one of 10,000 rows has 0.0001).",
    )
    false_discovery: Annotated[float, Field(gt=0, le=1)] = Field(
        0.05,
        description="Largest share of false discoveries among the features that a chi-square test finds associated with"
        " the label (Benjamini-Hochberg); the others go. 1: none goes.",
    )
    max_correlation: Annotated[float, Field(gt=0, le=1)] = Field(
        0.95,
        description="Of two numbers that correlate more, the one less associated with the label goes. 1: none goes.",
    )
    max_loss: Share = Field(
        0.01,
        description="Share of the best average precision that a smaller set may cost, where that is more than one"
        " standard error of the difference.",
    )
    min_stability: Share = Field(
        0.5, description="Least share of the folds that choose a feature as well. 0: none goes."
    )
    fewest: Count = Field(5, description="Smallest number of features that is tried.")
