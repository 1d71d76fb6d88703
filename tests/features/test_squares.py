"""Squares in two integers: exact up to the largest value, made in Spark and added up in NumPy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.definitions.columns import LARGEST_SQUARED, SQUARE_BITS, Measure
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.features.tiles import compact
from churn_spark.features.wide import deviations, squares
from tests.frames import rows

EVENT = {
    "customer_id": "a",
    "event_id": "1",
    "event_time": "2026-03-02T10:00:00",
    "event_date": "2026-03-02",
    "known_from": "2026-03-03",
    "amount": 0,
    "amount_missing": 0,
    "amount_outlier": 0,
}
SOURCE = Source(
    "purchases", "events", "csv", "", (), "id", Delivered(), measures=(Measure("amount", "amount", points=False),)
)
NUMBERS = st.integers(-LARGEST_SQUARED, LARGEST_SQUARED)


def test_the_parts_of_every_square_are_exact(spark):
    edges = [0, 1, 2**18 - 1, 2**18, 2**18 + 1, 2**36, LARGEST_SQUARED - 1, LARGEST_SQUARED]
    numbers = [sign * number for number in edges for sign in (1, -1)]
    events = rows(spark, EVENT, *({"customer_id": str(number), "amount": number} for number in numbers))
    tiles = compact(events, SOURCE).select("customer_id", "amount_sumsq_high", "amount_sumsq_low").collect()
    assert {(int(who), high * 2**SQUARE_BITS + low) for who, high, low in tiles} == {(n, n * n) for n in numbers}
    assert all(0 <= low < 2**SQUARE_BITS for _, _, low in tiles)


@given(st.lists(NUMBERS, min_size=1, max_size=50))
def test_deviations_are_those_of_whole_numbers(numbers):
    parts = [divmod(number**2, 2**SQUARE_BITS) for number in numbers]
    high, low = (np.array([sum(part)]) for part in zip(*parts, strict=True))
    count, total = len(numbers), sum(numbers)
    squared = deviations(np.array([count]), np.array([total]), squares(high, low))
    right = (count * sum(number**2 for number in numbers) - total**2) / count
    assert np.isclose(squared[0], right, rtol=1e-12, atol=0)
