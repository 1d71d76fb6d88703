"""Statistics of values against NumPy and plain counting."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.definitions.columns import Category, Cleaning, Measure
from churn_spark.definitions.sources import Delivered, Source
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
    occurrences = Counter(value for value in values if value is not None)
    return min(occurrences, key=lambda value: (-occurrences[value], value)) if occurrences else None


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
    learnt = statistics.limits(counted, SHOP, dates).collect()
    for day in dates:
        by_column = {row["column"]: row for row in learnt if row["learnt_on"] == day}
        known = [row for row in drawn if DAY + timedelta(days=row[0]) <= day]
        amounts = [cents / 100 for _, cents, _ in known if cents is not None]
        assert ("amount" in by_column) == bool(amounts)
        if amounts:
            q1, median, q3 = np.percentile(amounts, [25, 50, 75])
            statistics_of_amount = [
                by_column["amount"][name] for name in ("q1", "median", "q3", "mean", "lower", "upper")
            ]
            fences = [q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)]
            assert statistics_of_amount == pytest.approx([q1, median, q3, np.mean(amounts), *fences], abs=1e-9)
            assert by_column["amount"]["rows"] == len(amounts)
        city = mode([city for _, _, city in known])
        assert (by_column["city"]["mode"] if "city" in by_column else None) == city


def test_a_profile_counts_rows_nulls_values_and_outliers(spark):
    drawn = [(0, n, "a") for n in range(100, 120)] + [(0, 99_900, "b"), (0, None, None), (9, 7, "c")]
    rows = statistics.profile(counts(spark, drawn, DAY, DAY + timedelta(days=9)), SHOP, DAY).collect()
    profile = {(row["column"], row["statistic"]): row["value"] for row in rows}
    assert (profile["amount", "rows"], profile["amount", "nulls"], profile["amount", "distinct"]) == (22, 1, 21)
    assert (profile["amount", "min"], profile["amount", "max"], profile["amount", "outliers"]) == (1.0, 999.0, 1)
    assert profile["amount", "p50"] == pytest.approx(1.10)
    assert (profile["city", "distinct"], ("city", "mean") in profile) == (2, False)
    assert [row["text"] for row in rows if (row["column"], row["statistic"]) == ("city", "mode")] == ["a"]


def test_a_lifetime_of_learning_dates_is_no_larger_a_plan_than_three(spark):
    placeholder = (-20_500, 100, "a")  # 1970
    plans = []
    for every in (10_000, 28):
        dates = [DAY + timedelta(days=n) for n in range(-20_450, 60, every)]
        learnt = statistics.limits(counts(spark, [placeholder, (0, 200, "b")], *dates), SHOP, dates)
        plans.append(len(learnt._jdf.queryExecution().optimizedPlan().toString().splitlines()))
    assert plans[0] == plans[1]
    rows = {(row["learnt_on"], row["column"]): row["rows"] for row in learnt.collect()}
    assert len(rows) == 2 * len(dates)
    assert [rows[day, "amount"] for day in (dates[0], dates[-1])] == [1, 2]
