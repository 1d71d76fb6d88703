from datetime import date

import pytest

from churn_spark.events.days import DaysOfEvents, days_of_events

MARCH = {date(2026, 3, day): 2 for day in range(1, 31)}


@pytest.mark.parametrize(
    ("others", "first", "rest", "before"),
    [
        pytest.param({}, date(2026, 3, 1), date(2026, 3, 1), 0, id="one month"),
        pytest.param({date(1970, 1, 1): 1}, date(1970, 1, 1), date(2026, 3, 1), 1, id="a date that stands for none"),
        pytest.param({date(1900, 1, 1): 3, date(1970, 1, 1): 1}, date(1900, 1, 1), date(2026, 3, 1), 4, id="two"),
        pytest.param({date(2025, 3, 1): 5}, date(2025, 3, 1), date(2025, 3, 1), 0, id="a quiet year"),
    ],
)
def test_rows_far_before_the_rest_are_counted(others, first, rest, before):
    days = days_of_events(MARCH | others)
    assert days == DaysOfEvents(first, date(2026, 3, 30), rest, before, 60 + sum(others.values()))
