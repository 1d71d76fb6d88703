"""Draws are a function of their keys, and have the distributions they say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.simulate.draws import Draws, choice, normal, poisson, zipf

NUMBERS = np.arange(20_000)


def test_a_draw_depends_on_its_keys_alone():
    one, other = Draws(7), Draws(8)
    alone = one.uniform("leaves", 3, np.array([11]))
    assert alone == one.uniform("leaves", 3, NUMBERS)[11]
    others = [
        one.uniform("leaves", 4, np.array([11])),
        one.uniform("stays", 3, np.array([11])),
        one.uniform("leaves", 3, np.array([12])),
        other.uniform("leaves", 3, np.array([11])),
        one.uniform("leaves", 3, np.array([11]), np.array([0])),
    ]
    assert len({float(drawn[0]) for drawn in (alone, *others)}) == 6


def test_uniform_numbers_are_even_and_unrelated():
    drawn = Draws(1).uniform("luck", 0, NUMBERS)
    counts, _ = np.histogram(drawn, bins=20, range=(0, 1))
    # The chi-square quantile of 19 degrees of freedom at 0.9999.
    assert ((counts - 1000) ** 2 / 1000).sum() < 50
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.03
    assert abs(np.corrcoef(drawn, Draws(1).uniform("luck", 1, NUMBERS))[0, 1]) < 0.03


def test_normal_numbers_have_their_moments():
    drawn = Draws(1).normal("height", 0, NUMBERS)
    assert abs(drawn.mean()) < 0.03
    assert drawn.std() == pytest.approx(1, abs=0.03)
    assert normal(np.array([0.5, 0.975])) == pytest.approx([0, 1.96], abs=0.01)


@given(st.floats(0.0001, 0.9999), st.floats(0, 60))
def test_a_poisson_count_is_the_quantile(uniform: float, rate: float):
    drawn = int(poisson(np.array([uniform]), np.array([rate]))[0])
    assert drawn == _quantile(uniform, rate)


def _quantile(uniform: float, rate: float) -> int:
    reached, n = math.exp(-rate), 0
    while reached < uniform:
        n += 1
        reached += math.exp(-rate + n * math.log(rate) - math.lgamma(n + 1))
    return n


def test_a_choice_has_its_shares():
    shares = zipf(5)
    counts = np.bincount(choice(Draws(1).uniform("word", 0, NUMBERS), shares * 3), minlength=5)
    assert counts / len(NUMBERS) == pytest.approx(shares, abs=0.015)
