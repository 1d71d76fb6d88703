"""Snapshots to learn from, training, scoring, segments."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, create_model

from churn_spark.models.families import FAMILIES, Family, Parameter
from churn_spark.settings.gate import GateSection
from churn_spark.settings.leaks import LeaksSection
from churn_spark.settings.section import Count, Day, Name, PositiveDays, Section, Seed, Several, Text
from churn_spark.settings.training_features import SelectionSection, TargetEncodingSection

Positive = Annotated[float, Field(gt=0)]
MOST_PERIODS = 60
"""Each period is another row for every customer of every snapshot."""
MOST_UNITS = 156
"""Three years of weeks: beyond, customers would differ in too many ways to be counted by them."""


class SnapshotsSection(Section):
    """The as-of dates that models learn from."""

    first: Day = Field(description="First snapshot; the longest window before it should have data.")
    every: PositiveDays = Field(28, description="Days between snapshots.")


TRIED = "The grid to try ({}: the defaults); default: the family is not tried."


class GridSection(Section):
    """Grid of a model family: every combination of the values is tried."""


class SurvivalSection(Section):
    """A model of how long customers stay, beside that of the risk, for label rules inactivity, event and attribute.

    `risk_scores` then has `survival`, the probability that a customer has not left by each horizon, and
    `expected_days`. With label rule inactivity a customer leaves on the first day of a silence as long as
    `label.performance`. Days count from the as-of date, the gap too.
    """

    model: Literal["hazard", "aft"] = Field(
        "hazard",
        description="`hazard`: logistic regression of leaving in each period on features and period; `aft`: accelerated"
        " failure time with a Weibull distribution.",
    )
    horizons: Several[PositiveDays] = Field(
        description=f"Days after the as-of date, ascending, each a multiple of `period_days`; at most {MOST_PERIODS}"
        " periods."
    )
    period_days: PositiveDays = Field(14, description="Days of a period. Survival is modelled from period to period.")


class CommonTrainingSection(Section):
    """Cross-validation over a grid, calibration and an untouched test. Name at least one model family."""

    folds: Annotated[int, Field(ge=2, le=20)] = Field(3, description="Folds, grouped by customer.")
    test_snapshots: Count = Field(3, description="Number of newest matured snapshots reserved for the untouched test.")
    backtest_snapshots: Annotated[int, Field(ge=0, le=50)] = Field(
        2,
        description="Number of newest training snapshots on which each candidate is measured after learning from those"
        " that had matured by then (walk-forward backtest); fewer where too few had. It costs one model per candidate"
        " and snapshot; 0: candidates are chosen by the folds alone.",
    )
    metric: Literal["average_precision", "log_loss"] = Field(
        "average_precision", description="Metric by which parameters are chosen; of those that tie the simplest."
    )
    exclude: list[Name] = Field(default_factory=list, description="Features that no model may use.")
    seed: Seed = Field(1, description="Seed of folds, forests and intervals.")
    bootstrap: Annotated[int, Field(ge=0, le=100_000)] = Field(
        200, description="Bootstrap resamples (by customer) for the confidence intervals; 0: no intervals."
    )
    max_score_drift: Positive = Field(
        0.2,
        description="Largest population stability index between the scores of the tested and the refitted model."
        " Above it there is a warning, and the refitted model does not replace a model in force if it ranks customers"
        " differently, or if its scores differ in level by more than the base rate explains.",
    )
    accept_weak: bool = Field(
        False,
        description="Whether a model may go in force that is no better than chance on its folds or its test, or no"
        " better than a score without fitting. If false, training then ends with an error, and the model in force"
        " stays.",
    )
    gate: GateSection = Field(default_factory=GateSection, description="Floors of a model's test.")
    leaks: LeaksSection = Field(
        default_factory=LeaksSection, description="Checks of the data before anything is learnt from them."
    )
    survival: SurvivalSection | None = Field(None, description="How long customers stay; default: not modelled.")
    target_encoding: TargetEncodingSection | None = Field(
        None, description="Texts of many values as churn rates; default: they are left out."
    )
    selection: SelectionSection | None = Field(
        None, description="Selection of features; default: every feature is used."
    )

    @classmethod
    def families(cls) -> tuple[str, ...]:
        """The families that can be named."""
        return tuple(name for name in cls.model_fields if name not in CommonTrainingSection.model_fields)

    @property
    def grids(self) -> dict[str, GridSection]:
        """The families to try."""
        grids = {name: getattr(self, name) for name in self.families()}
        return {name: grid for name, grid in grids.items() if grid is not None}


def training_section(families: Sequence[Family]) -> type[CommonTrainingSection]:
    """The section with a key for each family, which takes a grid of the parameters that the family declares."""
    grids: dict[str, Any] = {}
    for family in families:
        doc = f"Grid of the {family.title}: every combination of the values is tried."
        keys: dict[str, Any] = {parameter.name: _values(parameter) for parameter in family.parameters}
        grid = create_model(f"{family.name}_grid", __base__=GridSection, __doc__=doc, **keys)
        grids[family.name] = (grid | None, Field(None, description=TRIED))
    return create_model(
        "TrainingSection", __base__=CommonTrainingSection, __doc__=CommonTrainingSection.__doc__, **grids
    )


def _values(parameter: Parameter) -> Any:
    kind = int if isinstance(parameter.default, int) else float
    bounded = Annotated[kind, Field(ge=parameter.least, le=parameter.most)]  # type: ignore[valid-type]
    return Several[bounded], Field(default_factory=lambda: [parameter.default], description=parameter.meaning)


if TYPE_CHECKING:
    TrainingSection = CommonTrainingSection
else:
    TrainingSection = training_section(FAMILIES)


class ExpectedValueSection(Section):
    """The money that a customer is expected to spend, from the past transactions of all, instead of a formula.

    Training fits BG/NBD to how often and how lately customers made transactions, and gamma-gamma to how much these were
    worth; `score` applies both to each customer. A transaction is a unit of `unit_days` days with at least one value of
    the measure. Where a part cannot be fitted, the mean of all customers stands in for it, and the checks of the
    training say so.
    """

    model: Literal["bg_nbd"] = Field(description="The model of the number of transactions.")
    source: Name = Field(description="Source of events with the transactions.")
    measure: Name = Field(description="Measure with the value of a transaction, in money.")
    horizon_days: PositiveDays = Field(365, description="Days after the as-of date whose spending is expected.")
    history_days: PositiveDays = Field(
        364, description=f"Days before the as-of date whose transactions count, at most {MOST_UNITS} units."
    )
    unit_days: PositiveDays = Field(7, description="Days in which transactions count as one.")


class ScoringSection(Section):
    """How risks are presented."""

    high_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="Share of the population in tier high: those with the highest raw score."
    )
    medium_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="The next share, in tier medium; the rest is in tier low."
    )
    value: Text | None = Field(None, description="SQL over the features: a customer's value per year, in money.")
    expected_value: ExpectedValueSection | None = Field(
        None, description="The value from models of purchasing, in place of `value`; default: none."
    )
    reasons: Annotated[int, Field(ge=0, le=20)] = Field(
        4, description="The most reasons named of each score (`reason_codes`); 0: scores come without, and faster."
    )


class SegmentationSection(Section):
    """RFM quintiles and k-means segments."""

    recency: Name = Field(description="Feature with the days since the last event.")
    frequency: Name = Field(description="Feature with the frequency.")
    monetary: Name = Field(description="Feature with the amount.")
    clusters: Annotated[int, Field(ge=2, le=50)] = Field(5, description="Number of k-means segments.")
    features: list[Name] = Field(default_factory=list, description="Features to cluster on; default: the three above.")
    seed: Seed = Field(1, description="Seed of k-means.")
