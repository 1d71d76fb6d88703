"""What is typical of the customers of a date, from a sample of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from churn_spark.models.metrics import Array
from churn_spark.models.slots import Slot

SAMPLE = 5_000
"""About how many customers are looked at: a median of so many lies within 1.4 percentiles of that of all (95 %)."""


@dataclass(frozen=True, slots=True)
class Typical:
    """By slot: medians of numbers (NaN where there is none), and the most frequent value of texts (else None)."""

    medians: Array
    values: tuple[str | None, ...]


def typical_of(
    slots: Sequence[Slot], numbers: Array, vector: Array, texts: Mapping[str, Sequence[str | None]] | None = None
) -> Typical:
    """The typical customer of a sample.

    numbers: rows x slots, the feature of each slot before anything was filled in; NaN where null or no number. vector:
    rows x slots, of which the marks of categories are read. texts: of each feature with a rate, by row.
    """
    known = np.where(np.isnan(numbers).all(axis=0), 0.0, numbers)
    medians = np.where(np.isnan(numbers).all(axis=0), np.nan, np.nanmedian(known, axis=0))
    shares = vector.mean(axis=0)
    most: dict[str, tuple[float, str]] = {}
    for slot, share in zip(slots, shares, strict=True):
        if slot.value is not None and share > most.get(slot.feature, (0.0, ""))[0]:
            most[slot.feature] = (float(share), slot.value)
    for name, rows in (texts or {}).items():
        counts = Counter(filter(None, rows))
        if counts:
            value = min(counts, key=lambda text: (-counts[text], text))
            most[name] = (counts[value] / len(rows), value)
    return Typical(medians, tuple(most[s.feature][1] if s.feature in most else None for s in slots))
