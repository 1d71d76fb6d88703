"""The elements of the vector that a model learns from, by name, and as a saved pipeline has them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyspark.ml import Transformer
from pyspark.ml.feature import StringIndexerModel, VectorAssembler

from churn_spark.definitions.errors import ModelError

FILLED, SCALED, READ, INDEXED, ENCODED, RATE = "__filled", "__logged", "__read", "__index", "__encoded", "__rate"
"""What is appended to a feature's name in the columns between it and the vector."""
MISSING = " is null"


@dataclass(frozen=True, slots=True)
class Slot:
    """One element of the vector.

    number: the feature's value (booleans 0 or 1, dates as days before the as-of date), its training median where null.
    missing: 1 where the feature is null. category: 1 where the feature has this value. rate: the churn rate of the
    feature's value.
    """

    feature: str
    holds: Literal["number", "missing", "category", "rate"] = "number"
    value: str | None = None

    @property
    def name(self) -> str:
        """Such as `orders`, `orders is null`, `plan = basic`, `churn rate by town`."""
        if self.holds == "category":
            return f"{self.feature} = {self.value}"
        if self.holds == "rate":
            return f"churn rate by {self.feature}"
        return f"{self.feature}{MISSING}" if self.holds == "missing" else self.feature


def slots_of(stages: Sequence[Transformer]) -> tuple[Slot, ...]:
    """The slots of the vectors that fitted stages assemble; ModelError where they assemble none, or different ones."""
    labels: dict[str, Sequence[str]] = {}
    for stage in stages:
        if isinstance(stage, StringIndexerModel):
            features = (column.removesuffix(READ) for column in stage.getInputCols())
            labels |= zip(features, stage.labelsArray, strict=True)
    vectors = {tuple(_slots(stage.getInputCols(), labels)) for stage in stages if isinstance(stage, VectorAssembler)}
    if len(vectors) != 1:
        raise ModelError(f"the pipeline of the model assembles {len(vectors)} different vectors; it must be one")
    return vectors.pop()


def _slots(columns: Sequence[str], labels: Mapping[str, Sequence[str]]) -> Iterator[Slot]:
    for column in columns:
        if column.endswith(MISSING):
            yield Slot(column.removesuffix(MISSING), "missing")
        elif column.endswith(RATE):
            yield Slot(column.removesuffix(RATE), "rate")
        elif column.endswith(ENCODED):
            feature = column.removesuffix(ENCODED)
            yield from (Slot(feature, "category", value) for value in labels[feature])
        else:
            yield Slot(column.removesuffix(SCALED).removesuffix(FILLED))
