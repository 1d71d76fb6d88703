"""The Qini curve beside a definition by loops over depths."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.actions.qini import qini

SCORE = st.tuples(st.integers(0, 6), st.integers(0, 6), st.floats(0, 1), st.floats(0, 1)).map(
    lambda s: (s[0], round(s[0] * s[2]), s[1], round(s[1] * s[3]))
)


def arrays(scores):
    return [np.array(column, dtype=float) for column in zip(*scores, strict=True)]


def oracle(scores):
    """Depths and customers kept down to them, from everybody counted anew at each depth."""
    everybody, reached = sum(s[0] + s[2] for s in scores), sum(s[0] for s in scores)
    depths = [(0.0, 0.0)]
    for last in range(1, len(scores) + 1):
        n, left, m, anyway = (sum(s[column] for s in scores[:last]) for column in range(4))
        kept = (anyway * n / m - left) / reached if m else 0.0
        depths.append(((n + m) / everybody, kept))
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(depths))
    return depths, area - depths[-1][1] / 2


@given(st.lists(SCORE, min_size=1, max_size=12))
def test_the_curve_is_that_of_the_loops(scores):
    found = qini(*arrays(scores))
    if not sum(s[0] for s in scores) or not sum(s[2] for s in scores):
        assert found is None
        return
    depths, coefficient = oracle(scores)
    assert found.coefficient == pytest.approx(coefficient)
    assert found.points[0] == (0.0, 0.0)
    assert found.points[-1] == pytest.approx((1.0, depths[-1][1]))


def test_a_ranking_by_who_can_be_kept_beats_its_reverse_and_a_tie_is_a_random_one():
    """Ten of each arm can be kept and ten cannot."""
    good = [(10, 0, 10, 10), (10, 0, 10, 0)]
    assert qini(*arrays(good)).coefficient == pytest.approx(0.125)
    assert qini(*arrays(good[::-1])).coefficient == pytest.approx(-0.125)
    assert qini(*arrays([(20, 0, 20, 10)])).coefficient == pytest.approx(0)
    assert qini(*arrays(good)).points[10] == pytest.approx((0.5, 0.5))
