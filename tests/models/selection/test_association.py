"""Chi-square tests and discoveries beside SciPy's, and Cramér's V beside its formula in plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2_contingency

from churn_spark.models.selection.association import association, discoveries

TABLES = arrays(np.int64, st.tuples(st.integers(2, 12), st.just(2)), elements=st.integers(40, 4000))


@given(TABLES)
def test_the_test_is_that_of_scipy_where_no_bin_is_small(table):
    expected = chi2_contingency(table, correction=False)
    found = association(table)
    if expected.expected_freq.min() >= 5:
        assert found.statistic == pytest.approx(expected.statistic)
        assert found.freedom == expected.dof
        assert found.p_value == pytest.approx(expected.pvalue, abs=1e-12)


@given(TABLES)
def test_the_strength_is_cramers_v_corrected_for_bias(table):
    n, k, r = float(table.sum()), len(table), 2
    phi = chi2_contingency(table, correction=False).statistic / n - (k - 1) * (r - 1) / (n - 1)
    narrow = min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    assert association(table).strength == pytest.approx(math.sqrt(max(0.0, phi) / narrow))


def test_small_bins_are_pooled_and_empty_ones_do_not_count():
    table = np.array([[400, 100], [0, 0], [9, 3], [8, 4], [300, 90], [10, 5]])
    pooled = np.array([[400, 100], [300, 90], [27, 12]])
    assert association(table).statistic == pytest.approx(chi2_contingency(pooled, correction=False).statistic)
    assert association(table).freedom == 2
    alone = np.array([[400, 100], [300, 90], [3, 4]])
    neighbour = np.array([[400, 100], [303, 94]])
    assert association(alone).statistic == pytest.approx(chi2_contingency(neighbour, correction=False).statistic)


@pytest.mark.parametrize("table", [[[50, 10]], [[50, 0], [30, 0]], [[0, 0]], [[0, 0], [4, 2]]])
def test_a_feature_or_label_of_one_kind_has_no_association(table):
    found = association(np.array(table))
    assert (found.p_value, found.strength) == (1.0, 0.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.001, 1))
def test_discoveries_are_those_of_benjamini_and_hochberg(p_values, rate):
    named = {str(n): p for n, p in enumerate(p_values)}
    limits = [rate * n / len(p_values) for n in range(1, len(p_values) + 1)]
    passing = [p for p, limit in zip(sorted(p_values), limits, strict=True) if p <= limit]
    expected = {name for name, p in named.items() if passing and p <= passing[-1]}
    if not np.isclose(sorted(p_values), limits, rtol=1e-9).any():
        assert discoveries(named, rate) == expected
