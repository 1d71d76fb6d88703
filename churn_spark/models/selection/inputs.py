"""The inputs that each feature brings into the vector, and vectors with those of some features only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pyspark.ml.feature import VectorSlicer
from pyspark.sql import DataFrame

from churn_spark.models.families.family import LOGGED
from churn_spark.models.metrics import Array
from churn_spark.models.slots import Slot


@dataclass(frozen=True, slots=True)
class Inputs:
    """members: of each feature the places of its inputs. Features that are null together share the mark of it."""

    members: Mapping[str, tuple[int, ...]]

    def places(self, features: Collection[str]) -> list[int]:
        """Where the inputs of some features stand, rising."""
        return sorted({place for name in features for place in self.members[name]})

    def weights(self, features: Collection[str], importances: Array) -> dict[str, float]:
        """The weight of some features: of their inputs together, those shared in equal parts.

        importances: of the inputs of these features alone, in the order of `places`.
        """
        by_place = dict(zip(self.places(features), abs(importances).tolist(), strict=True))
        sharers = dict.fromkeys(by_place, 0)
        for name in features:
            for place in self.members[name]:
                sharers[place] += 1
        return {name: sum(by_place[p] / sharers[p] for p in self.members[name]) for name in features}


def inputs_of(slots: Sequence[Slot], marks: Mapping[str, str]) -> Inputs:
    """The inputs of a vector. marks: the feature whose mark says where a feature is null, by its name."""
    missing = {slot.feature: place for place, slot in enumerate(slots) if slot.holds == "missing"}
    members: dict[str, list[int]] = {}
    for place, slot in enumerate(slots):
        if slot.holds != "missing":
            members.setdefault(slot.feature, []).append(place)
    for name, mark in marks.items():
        members[name].append(missing[mark])
    return Inputs({name: tuple(places) for name, places in members.items()})


def sliced(rows: DataFrame, places: Sequence[int], vectors: Sequence[str] = (LOGGED,)) -> DataFrame:
    """Rows with only some elements of their vectors, in the order of `places` and under the same names."""
    for vector in vectors:
        narrow = VectorSlicer(inputCol=vector, outputCol=f"{vector} sliced", indices=list(places))
        rows = narrow.transform(rows).drop(vector).withColumnRenamed(f"{vector} sliced", vector)
    return rows
