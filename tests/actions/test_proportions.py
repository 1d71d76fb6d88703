"""Intervals of differences: their level in simulations, also of repeated customers; estimates drawn to a prior."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from churn_spark.actions.proportions import (
    Arm,
    difference_of_means,
    difference_of_shares,
    shrunk,
    wilson,
)

REPETITIONS = 400
LEAST = int(binom.ppf(0.001, REPETITIONS, 0.95))
"""Fewer of so many intervals cover the truth with a probability of 1 in 1,000, if their level is 95 %."""


def arm(customers: Sequence[Sequence[tuple[int, float]]]) -> Arm:
    """The sums over customers, each a list of rows (left, value), by plain loops."""
    n = [len(rows) for rows in customers]
    y = [sum(left for left, _ in rows) for rows in customers]
    v = [sum((1 - left) * value for left, value in rows) for rows in customers]
    return Arm(
        customers=len(customers),
        rows=sum(n),
        left=sum(y),
        nn=sum(a * a for a in n),
        ny=sum(a * b for a, b in zip(n, y, strict=True)),
        yy=sum(b * b for b in y),
        value=sum(v),
        nv=sum(a * b for a, b in zip(n, v, strict=True)),
        vv=sum(b * b for b in v),
    )


def drawn(rng: np.random.Generator, customers: int, share: float, rows: int, spread: float) -> Arm:
    """Customers with up to `rows` rows; spread: how unlike customers are (0: all leave as often as others)."""
    made = []
    for _ in range(customers):
        mine = share if spread == 0 else rng.beta(share / spread, (1 - share) / spread)
        made.append([(int(rng.random() < mine), rng.exponential(100)) for _ in range(rng.integers(1, rows + 1))])
    return arm(made)


@pytest.mark.parametrize(
    ("control", "treated", "share", "effect", "rows", "spread"),
    [
        (50, 450, 0.02, 0.2, 1, 0.0),
        (30, 100, 0.1, 0.3, 1, 0.0),
        (100, 900, 0.3, 0.1, 1, 0.0),
        (60, 300, 0.25, 0.2, 8, 1.0),
    ],
)
def test_intervals_cover_the_truth(control, treated, share, effect, rows, spread):
    """Small arms, rare leaving, several rows of one customer: as many as 95 % within chance, money too."""
    rng = np.random.default_rng(18)
    truth, kept = share * effect, 100 * share * effect
    covered = in_money = 0
    for _ in range(REPETITIONS):
        withheld = drawn(rng, control, share, rows, spread)
        reached = drawn(rng, treated, share * (1 - effect), rows, spread)
        found = difference_of_shares(withheld, reached)
        covered += found.low <= truth <= found.high
        money = difference_of_means(reached, withheld)
        in_money += money.low <= kept <= money.high
    assert covered >= LEAST
    assert in_money >= LEAST - REPETITIONS * 0.02  # a normal interval of skewed money


def test_rows_of_one_customer_count_for_less_than_as_many_customers():
    alike = arm([[(1, 1.0)] * 4] * 10 + [[(0, 1.0)] * 4] * 30)
    assert alike.independent_rows == pytest.approx(40)
    single = arm([[(1, 1.0)]] * 40 + [[(0, 1.0)]] * 120)
    assert single.independent_rows == pytest.approx(160)
    assert arm([[(0, 1.0)] * 4] * 10).independent_rows == 10


def test_wilson_is_that_of_the_literature():
    """E. Wilson's interval of 81 of 263 in Newcombe's paper: 0.2553 to 0.3662."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_newcombe_is_that_of_the_literature():
    """56 of 70 less 48 of 80 in Newcombe's paper, method 10: 0.2000 (0.0524 to 0.3339)."""
    one, other = (arm([[(1, 1.0)]] * left + [[(0, 1.0)]] * (rows - left)) for left, rows in ((56, 70), (48, 80)))
    found = difference_of_shares(one, other)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


CUSTOMER = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1000)), min_size=1, max_size=4)


@given(st.lists(CUSTOMER, min_size=1, max_size=30), st.lists(CUSTOMER, min_size=1, max_size=30))
def test_intervals_hold_the_value_and_stay_possible(one, other):
    found = difference_of_shares(arm(one), arm(other))
    assert -1 - 1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1 + 1e-9
    turned = difference_of_shares(arm(other), arm(one))
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
    mean = difference_of_means(arm(one), arm(other))
    assert mean.low <= mean.value <= mean.high


@given(st.lists(CUSTOMER, min_size=1, max_size=20), st.lists(CUSTOMER, min_size=1, max_size=20), st.floats(0, 0.99))
def test_the_estimate_lies_between_the_prior_and_what_was_seen(reached, withheld, prior):
    treated, control = arm(reached), arm(withheld)
    found = shrunk(treated, control, prior, 200)
    assert -1 <= found <= 1
    if not treated.left and not control.left:
        assert found == prior
    elif control.share == treated.share:
        assert -1e-9 <= found <= prior + 1e-9
    strong = shrunk(treated, control, prior, 10**9)
    assert math.isclose(strong, prior, abs_tol=1e-4)


def test_with_many_customers_the_estimate_is_what_was_seen():
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(20):
        control, treated = drawn(rng, 3000, 0.3, 1, 0.0), drawn(rng, 3000, 0.3 * 0.75, 1, 0.0)
        errors.append(shrunk(treated, control, 0.6, 20) - 0.25)
    assert abs(np.mean(errors)) < 0.03
