"""From Arrow batches of scored customers to their reasons; runs in Spark's Python workers, without a session."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from churn_spark.definitions.phrases import Phrase
from churn_spark.models.explaining.concepts import Concepts, Places
from churn_spark.models.explaining.explainer import Explainer
from churn_spark.models.explaining.typical import Typical
from churn_spark.models.metrics import Array
from churn_spark.models.slots import Slot

NUMBERS = "numbers"
"""The column with the number of each of `numeric_features`, NaN where it is null or none."""
TEXTS = "texts"
"""The column with the value of each of `rated_features`, as texts; only where a model has some."""
BASE_VALUE, REASON_CODES = "base_value", "reason_codes"
OTHER, OTHER_TEXT = "other", "everything else together"
REASON = pa.struct(
    [
        ("feature", pa.string()),
        ("value", pa.float64()),
        ("typical", pa.float64()),
        ("contribution", pa.float64()),
        ("text", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Background:
    """What the customers of a date are compared with."""

    explainer: Explainer
    typical: Typical


@dataclass(frozen=True, slots=True)
class ReasonQuery:
    """shown: the most concepts named of a customer. vectors: the columns with the model's vectors, as arrays."""

    concepts: Concepts
    phrases: Mapping[str, Phrase]
    vectors: tuple[str, ...]
    shown: int
    dates: Mapping[date, Background]


@dataclass(frozen=True, slots=True)
class Said:
    """What rows say where their inputs are texts: the vector with the marks of values, and `TEXTS`."""

    marks: Array
    texts: list[list[str | None]]


def numeric_features(slots: tuple[Slot, ...]) -> tuple[str, ...]:
    """The features that are numbers, each once."""
    return tuple(dict.fromkeys(slot.feature for slot in slots if slot.holds in ("number", "missing")))


def rated_features(slots: tuple[Slot, ...]) -> tuple[str, ...]:
    """The features that are texts of which the model sees a rate."""
    return tuple(slot.feature for slot in slots if slot.holds == "rate")


def by_slot(slots: tuple[Slot, ...], numbers: Array) -> Array:
    """Rows x slots from rows x numeric features; NaN for texts."""
    place = {name: n for n, name in enumerate(numeric_features(slots))}
    nothing = np.full((len(numbers), 1), np.nan)
    return np.hstack([numbers, nothing])[:, [place.get(slot.feature, -1) for slot in slots]]


def matrix(arrays: pa.Array) -> Array:
    """Rows x elements from a column of arrays of one length."""
    elements: Array = arrays.flatten().to_numpy(zero_copy_only=False)
    return elements.reshape(len(arrays), len(elements) // max(1, len(arrays)))


def reasons(batches: Iterator[pa.RecordBatch], query: ReasonQuery) -> Iterator[pa.RecordBatch]:
    """The batches with base_value and reason_codes in place of their vectors and numbers."""
    for batch in batches:
        for day in batch["as_of_date"].unique().to_pylist():
            yield _explained(batch.filter(pc.equal(batch["as_of_date"], day)), query, query.dates[day])


def _explained(batch: pa.RecordBatch, query: ReasonQuery, background: Background) -> pa.RecordBatch:
    vectors = {name: matrix(batch[name]) for name in query.vectors}
    contributions = background.explainer.contributions(vectors)
    numbers = by_slot(query.concepts.slots, matrix(batch[NUMBERS]))
    texts = batch[TEXTS].to_pylist() if TEXTS in batch.schema.names else []
    codes = _codes(contributions, numbers, Said(vectors[query.vectors[0]], texts), query, background.typical)
    kept = batch.select([name for name in batch.schema.names if name not in (NUMBERS, TEXTS, *query.vectors)])
    base_value = pa.array(np.full(len(batch), background.explainer.base_value))
    return kept.append_column(BASE_VALUE, base_value).append_column(REASON_CODES, codes)


def _codes(contributions: Array, numbers: Array, said: Said, query: ReasonQuery, typical: Typical) -> pa.ListArray:
    """The reasons of each row, the largest contribution first and `other` last; those of 0 are left out."""
    concepts, rows = query.concepts, len(contributions)
    totals = concepts.totals(contributions)
    order = np.argsort(-np.abs(totals), axis=1, kind="stable")[:, : query.shown]
    shown = np.take_along_axis(totals, order, axis=1)
    other = (contributions.sum(axis=1) - shown.sum(axis=1))[:, None]
    slot = np.take_along_axis(concepts.strongest(contributions, totals), order, axis=1)
    places = np.hstack([slot, np.full((rows, 1), len(concepts.slots))])
    kept = np.hstack([shown != 0, np.ones((rows, 1), dtype=bool)])
    row, _ = np.nonzero(kept)
    chosen = places[kept]
    values = np.hstack([numbers, np.full((rows, 1), np.nan)])[row, chosen]
    medians = np.append(typical.medians, np.nan)[chosen]
    names = pa.array([*(one.feature for one in concepts.slots), OTHER])
    columns = [
        names.take(pa.array(chosen)),
        pa.array(values, from_pandas=True),
        pa.array(medians, from_pandas=True),
        pa.array(np.hstack([shown, other])[kept]),
        pa.array(_texts(row, chosen, values, medians, said, query, typical)),
    ]
    offsets = np.append(0, np.cumsum(kept.sum(axis=1))).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(columns, fields=list(REASON)))


def _texts(
    row: Places, chosen: Places, values: Array, medians: Array, said: Said, query: ReasonQuery, typical: Typical
) -> Iterator[str]:
    """The sentence of each reason: of the row and the slot that stands at the same place in `row` and `chosen`."""
    slots = query.concepts.slots
    phrases = [query.phrases.get(slot.feature) or _unsaid(slot.feature) for slot in slots]
    categories, rated = _categories(slots), rated_features(slots)
    for n, place in enumerate(chosen.tolist()):
        if place == len(slots):
            yield OTHER_TEXT
        elif slots[place].holds == "category":
            marked = [other for other in categories[slots[place].feature] if said.marks[row[n], other] > 0]
            yield phrases[place].sentence(slots[marked[0]].value if marked else None, typical.values[place])
        elif slots[place].holds == "rate":
            own = said.texts[row[n]][rated.index(slots[place].feature)]
            yield phrases[place].sentence(own or None, typical.values[place])
        else:
            yield phrases[place].sentence(_known(values[n]), _known(medians[n]))


def _categories(slots: tuple[Slot, ...]) -> dict[str, list[int]]:
    """Where the marks of each category stand."""
    found: dict[str, list[int]] = {}
    for place, slot in enumerate(slots):
        if slot.holds == "category":
            found.setdefault(slot.feature, []).append(place)
    return found


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _unsaid(feature: str) -> Phrase:
    """The phrase of a feature that the configuration no longer has."""
    return Phrase(feature.replace("_", " "), feature.replace("_", " "))
