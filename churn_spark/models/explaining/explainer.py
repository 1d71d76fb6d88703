"""What explains the scores of a fitted model: a value that holds all it needs and goes to Spark's Python workers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from churn_spark.models.metrics import Array

Unit = Literal["log_odds", "probability"]
"""What contributions add up to: the raw score itself (probability), or ln(raw score / (1 - raw score))."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """What each element of the vector adds to the raw score of a row.

    unit: of base_value and contributions. exact: whether contributions are the exact Shapley values of the score in
    that unit; they add up either way. base_value: the score where nothing is known of the row. contributions: from the
    family's vectors by name, each rows x elements, to what every element adds, rows x elements; their sum over a row
    and base_value make its score, in `unit`. It runs without Spark.
    """

    unit: Unit
    exact: bool
    base_value: float
    contributions: Callable[["Mapping[str, Array]"], "Array"]
