"""When alerts are too many at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.actions.wave import is_wave
from churn_spark.definitions.actions import Wave


@pytest.mark.parametrize(
    ("new", "before", "stopped"),
    [
        (1000, [], False),
        (1000, [1, 1], False),  # too few dates
        (19, [1, 1, 1], False),  # too few alerts
        (20, [1, 1, 1], True),
        (30, [10, 10, 10], False),  # three times is not more
        (31, [10, 10, 10], True),
        (31, [5000, 11, 10, 12], False),  # 11.5: one large date is no habit
        (20, [0, 0, 0, 0], True),
        (300, [1] * 8 + [100] * 8, False),  # only the last eight count
        (300, [100] * 8 + [1] * 8, True),
    ],
)
def test_a_wave_is_more_than_a_multiple_of_the_median(new: int, before: list[int], stopped: bool) -> None:
    assert is_wave(new, before, Wave()) is stopped


@given(st.integers(0, 500), st.lists(st.integers(0, 200), max_size=12), st.sampled_from([1.0, 3.0]), st.integers(3, 9))
def test_it_is_that_of_the_oracle(new: int, before: list[int], times: float, dates: int) -> None:
    last = sorted(before[max(0, len(before) - dates) :])
    half = len(last) // 2
    middle = (last[half] + last[~half]) / 2 if last else 0
    assert is_wave(new, before, Wave(times, dates)) is (len(before) >= 3 and new >= 20 and new > times * middle)
