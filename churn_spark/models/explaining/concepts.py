"""Inputs of a model grouped into concepts: the windows of one number, the marks of one category."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from churn_spark.definitions.phrases import Phrase
from churn_spark.models.metrics import Array
from churn_spark.models.slots import Slot

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Concepts:
    """slots: the inputs of the model. members: of each concept, where its inputs stand among them."""

    slots: tuple[Slot, ...]
    members: tuple[Places, ...]

    def totals(self, contributions: Array) -> Array:
        """The contribution of each concept: rows x concepts, from rows x slots."""
        return np.stack([contributions[:, places].sum(axis=1) for places in self.members], axis=1)

    def strongest(self, contributions: Array, totals: Array) -> Places:
        """Of each concept the slot that adds most in the direction of its total: rows x concepts."""
        signs = np.where(totals < 0, -1.0, 1.0)
        chosen = (
            places[np.argmax(contributions[:, places] * signs[:, [n]], axis=1)] for n, places in enumerate(self.members)
        )
        return np.stack(list(chosen), axis=1)


def concepts_of(slots: Sequence[Slot], phrases: Mapping[str, Phrase]) -> Concepts:
    """The concepts of a model's inputs, in the order of their first; a feature without a phrase is one by itself."""
    members: dict[tuple[str, str], list[int]] = {}
    for place, slot in enumerate(slots):
        known = phrases.get(slot.feature)
        members.setdefault(("concept", known.concept) if known else ("feature", slot.feature), []).append(place)
    return Concepts(tuple(slots), tuple(np.array(places) for places in members.values()))
