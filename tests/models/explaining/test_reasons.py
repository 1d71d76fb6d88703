"""Reasons from Arrow batches, without Spark."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from churn_spark.definitions.phrases import Phrase
from churn_spark.models.explaining.concepts import concepts_of
from churn_spark.models.explaining.explainer import Explainer
from churn_spark.models.explaining.reasons import Background, ReasonQuery, by_slot, numeric_features, reasons
from churn_spark.models.explaining.typical import typical_of
from churn_spark.models.slots import Slot

MONDAY, TUESDAY = date(2026, 6, 1), date(2026, 6, 2)
SLOTS = (
    Slot("spent_28d"),
    Slot("spent_84d"),
    Slot("recency"),
    Slot("recency", "missing"),
    Slot("plan", "category", "basic"),
    Slot("plan", "category", "gold"),
)
PHRASES = {
    "spent_28d": Phrase("spending", "spending in 28 days", unit="USD"),
    "spent_84d": Phrase("spending", "spending in 84 days", unit="USD"),
    "recency": Phrase("silence", "days without purchases"),
}
VECTOR = np.array(
    [[12.0, 150, 30, 0, 1, 0], [55.0, 160, 14, 1, 0, 1], [60.0, 170, 3, 0, 0, 0], [80.0, 400, 14, 0, 1, 0]]
)
NUMBERS = np.array([[12.0, 150, 30], [55.0, 160, np.nan], [60.0, 170, 3], [80.0, 400, 14]])
WEIGHTS = np.array([-1.0, 0.25, 2.0, 1.0, 5.0, 0.0])


def contributions(vectors):
    return vectors["x"] * WEIGHTS


def query(shown=4, dates=(MONDAY,)):
    typical = typical_of(SLOTS, by_slot(SLOTS, NUMBERS), VECTOR)
    days = {
        day: Background(Explainer("log_odds", True, n + 0.5, contributions), typical) for n, day in enumerate(dates)
    }
    return ReasonQuery(concepts_of(SLOTS, PHRASES), PHRASES, ("x",), shown, days)


def batch(days=(MONDAY,) * 4):
    rows = {"customer_id": list("abcd"), "as_of_date": list(days), "numbers": NUMBERS.tolist(), "x": VECTOR.tolist()}
    return pa.RecordBatch.from_pydict(rows)


def explained(asked, given):
    return pa.Table.from_batches(reasons(iter([given]), asked)).sort_by("customer_id").to_pylist()


def test_windows_are_one_reason_named_by_the_one_that_says_most_in_its_direction():
    (first, *_) = explained(query(), batch())
    assert first["reason_codes"] == [
        {
            "feature": "recency",
            "value": 30.0,
            "typical": 14.0,
            "contribution": 60.0,
            "text": "days without purchases: 30 against 14 typical",
        },
        {
            "feature": "spent_84d",
            "value": 150.0,
            "typical": 165.0,
            "contribution": 25.5,
            "text": "spending in 84 days: 150 USD against 165 typical",
        },
        {
            "feature": "plan",
            "value": None,
            "typical": None,
            "contribution": 5.0,
            "text": "plan: basic against basic typical",
        },
        {
            "feature": "other",
            "value": None,
            "typical": None,
            "contribution": 0.0,
            "text": "everything else together",
        },
    ]
    assert set(first) == {"customer_id", "as_of_date", "base_value", "reason_codes"}


@pytest.mark.parametrize("shown", [1, 2, 3, 20])
def test_what_is_shown_and_other_add_up(shown):
    for row, values in zip(explained(query(shown), batch()), VECTOR * WEIGHTS, strict=True):
        codes = row["reason_codes"]
        assert sum(code["contribution"] for code in codes) == pytest.approx(values.sum(), abs=1e-12)
        assert codes[-1]["feature"] == "other"
        assert len(codes) <= shown + 1
        sizes = [abs(code["contribution"]) for code in codes[:-1]]
        assert sizes == sorted(sizes, reverse=True)


def test_unknown_numbers_and_values_unseen_in_training_are_said_to_be_unknown():
    rows = explained(query(), batch())
    said = [{code["feature"]: code for code in row["reason_codes"]} for row in rows]
    assert said[1]["recency"]["value"] is None
    assert said[1]["recency"]["text"] == "days without purchases: unknown against 14 typical"
    # Nothing is added by the plan of the third customer, so it is no reason.
    assert set(said[2]) == {"recency", "spent_28d", "other"}


def test_each_date_has_its_own_background():
    rows = explained(query(dates=(MONDAY, TUESDAY)), batch((MONDAY, TUESDAY, MONDAY, TUESDAY)))
    assert [row["base_value"] for row in rows] == [0.5, 1.5, 0.5, 1.5]


def test_numbers_are_of_features_and_nothing_of_categories():
    assert numeric_features(SLOTS) == ("spent_28d", "spent_84d", "recency")
    assert by_slot(SLOTS, NUMBERS)[0, :4].tolist() == [12, 150, 30, 30]
    assert np.isnan(by_slot(SLOTS, NUMBERS)[0, 4:]).all()
    typical = typical_of(SLOTS, by_slot(SLOTS, np.full((2, 3), np.nan)), VECTOR[:2])
    assert np.isnan(typical.medians).all()


def test_a_batch_without_rows_gives_none():
    assert list(reasons(iter([batch().slice(0, 0)]), query())) == []
