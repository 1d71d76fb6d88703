"""Statistics of values against NumPy and plain counting."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.definitions.sources import Category, Cleaning, Delivered, Measure, Source
from churn_spark.events import statistics

DAY = date(2026, 3, 1)
SHOP = Source(
    name="shop",
    kind="events",
    format="csv",
    path="shop",
    schema=(),
    customer_id="c",
    delivered=Delivered(),
    measures=(Measure("amount", "amount", scale=2, cleaning=Cleaning(outliers="clip", fence_factor=1.5)),),
    categories=(Category("city", "city", cleaning=Cleaning(missing="mode")),),
)
COLUMNS = "known_from date, amount decimal(18,2), city string"


def counts(spark, rows, *dates):
    """Value counts of (days after DAY, cents, city)."""
    made = [(DAY + timedelta(days=n), None if c is None else Decimal(c) / 100, city) for n, c, city in rows]
    return statistics.value_counts(spark.createDataFrame(made, COLUMNS), SHOP, dates)


def mode(values):
    """The most frequent value, of several the smallest."""
    found = Counter(value for value in values if value is not None)
    return min(found, key=lambda value: (-found[value], value)) if found else None


rows = st.lists(
    st.tuples(st.integers(0, 4), st.one_of(st.none(), st.integers(-500, 500)), st.sampled_from(["a", "b", None])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=6)
@given(rows)
def test_limits_of_a_date_come_from_what_was_known_by_then(spark, drawn):
    dates = [DAY + timedelta(days=1), DAY + timedelta(days=3), DAY + timedelta(days=9)]
    counted = counts(spark, drawn, *dates)
    for day in dates:
        found = {row["column"]: row for row in statistics.limits(counted, SHOP, day).collect()}
        known = [row for row in drawn if DAY + timedelta(days=row[0]) <= day]
        amounts = [cents / 100 for _, cents, _ in known if cents is not None]
        assert ("amount" in found) == bool(amounts)
        if amounts:
            q1, median, q3 = np.percentile(amounts, [25, 50, 75])
            told = [found["amount"][name] for name in ("q1", "median", "q3", "mean", "lower", "upper")]
            fences = [q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)]
            assert told == pytest.approx([q1, median, q3, np.mean(amounts), *fences], abs=1e-9)
            assert found["amount"]["rows"] == len(amounts)
        city = mode([city for _, _, city in known])
        assert (found["city"]["mode"] if "city" in found else None) == city


def test_a_profile_counts_rows_nulls_values_and_outliers(spark):
    drawn = [(0, n, "a") for n in range(100, 120)] + [(0, 99_900, "b"), (0, None, None), (9, 7, "c")]
    found = statistics.profile(counts(spark, drawn, DAY, DAY + timedelta(days=9)), SHOP, DAY).collect()
    told = {(row["column"], row["statistic"]): row["value"] for row in found}
    assert (told["amount", "rows"], told["amount", "nulls"], told["amount", "distinct"]) == (22, 1, 21)
    assert (told["amount", "min"], told["amount", "max"], told["amount", "outliers"]) == (1.0, 999.0, 1)
    assert told["amount", "p50"] == pytest.approx(1.10)
    assert (told["city", "distinct"], ("city", "mean") in told) == (2, False)
    assert [row["text"] for row in found if (row["column"], row["statistic"]) == ("city", "mode")] == ["a"]
