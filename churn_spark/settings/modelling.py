"""Snapshots to learn from, training, scoring, segments."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from churn_spark.definitions.modelling import PARAMETERS
from churn_spark.settings.section import Name, PositiveDays, Section, Several, Text

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
LINEAR, FOREST = PARAMETERS["logistic_regression"], PARAMETERS["random_forest"]


class SnapshotsSection(Section):
    """The as-of dates models learn from."""

    first: date = Field(description="First snapshot; leave room for the windows before it.")
    every: PositiveDays = Field(28, description="Days between snapshots.")


class LogisticRegressionSection(Section):
    """Grid of the logistic regression: every combination of the values is tried."""

    l2: Several[Annotated[float, Field(ge=0)]] = Field(
        default_factory=lambda: [LINEAR["l2"]], description="Penalties on the standardised coefficients."
    )
    iterations: Several[Count] = Field(
        default_factory=lambda: [int(LINEAR["iterations"])], description="Most iterations."
    )


class RandomForestSection(Section):
    """Grid of the random forest: every combination of the values is tried."""

    trees: Several[Count] = Field(default_factory=lambda: [int(FOREST["trees"])], description="Numbers of trees.")
    depth: Several[Annotated[int, Field(ge=1, le=30)]] = Field(
        default_factory=lambda: [int(FOREST["depth"])], description="Largest depths."
    )
    leaf_rows: Several[Count] = Field(
        default_factory=lambda: [int(FOREST["leaf_rows"])], description="Least rows in a leaf."
    )


class TrainingSection(Section):
    """Cross-validation over a grid, an untouched test, calibration. At least one model family."""

    logistic_regression: LogisticRegressionSection | None = Field(
        None, description="Try it with this grid ({}: the defaults)."
    )
    random_forest: RandomForestSection | None = Field(None, description="Try it with this grid ({}: the defaults).")
    folds: Annotated[int, Field(ge=2, le=20)] = Field(3, description="Folds, grouped by customer.")
    test_snapshots: Count = Field(3, description="Newest matured snapshots kept for the untouched test.")
    metric: Literal["average_precision", "log_loss"] = Field("average_precision", description="What tuning goes by.")
    exclude: list[Name] = Field(default_factory=list, description="Features no model may use.")
    seed: int = Field(1, description="Seed of folds, forests and intervals.")
    bootstrap: Annotated[int, Field(ge=0)] = Field(
        200, description="Resamples (by customer) behind the intervals; 0: none."
    )
    max_score_drift: Positive = Field(
        0.2,
        description="Largest population stability index between the scores of the tested and of the refitted model.",
    )


class ScoringSection(Section):
    """How risks are told."""

    high_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="Riskiest share of the population: tier high."
    )
    medium_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="The next share: tier medium; the rest is low."
    )
    value: Text | None = Field(None, description="SQL over the features: what a customer is worth a year, money.")


class SegmentationSection(Section):
    """RFM quintiles and k-means segments; left out: none."""

    recency: Name = Field(description="Feature: days since the last event.")
    frequency: Name = Field(description="Feature: how often.")
    monetary: Name = Field(description="Feature: how much.")
    clusters: Annotated[int, Field(ge=2, le=50)] = Field(5, description="Number of k-means segments.")
    features: list[Name] = Field(default_factory=list, description="Features clustered on; left out: the three above.")
    seed: int = Field(1, description="Seed of k-means.")
