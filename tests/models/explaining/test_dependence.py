"""Dependence curves beside means taken by hand, and a tree as points beside one walked node by node."""

import statistics
from types import SimpleNamespace

import numpy as np
import pytest

from churn_spark.models.explaining.dependence import BINS, FEATURES, _points
from churn_spark.models.explaining.tree_shap import Tree
from churn_spark.models.slots import Slot
from churn_spark.models.tree_points import tree_points


def test_a_curve_is_the_mean_contribution_in_bins_of_equal_count():
    rng = np.random.default_rng(3)
    rows = 1000
    numbers = np.column_stack([rng.permutation(rows).astype(float), rng.random(rows), np.full(rows, np.nan)])
    numbers[:100, 1] = np.nan
    contributions = rng.normal(size=(rows, 4)) * [3, 1, 0.5, 9]
    slots = (Slot("orders"), Slot("spent"), Slot("spent", "missing"), Slot("plan", "category", "basic"))
    by_slot = np.column_stack([numbers[:, 0], numbers[:, 1], numbers[:, 1], numbers[:, 2]])
    found = list(_points("c", SimpleNamespace(slots=slots), by_slot, contributions))
    assert [point.label for point in found] == ["orders"] * BINS + ["spent"] * BINS

    ordered = sorted(range(rows), key=lambda row: numbers[row, 0])
    for n, point in enumerate(found[:BINS]):
        mine = ordered[n * 100 : (n + 1) * 100]
        assert point.rows == 100
        assert point.x == pytest.approx(statistics.fmean(numbers[row, 0] for row in mine))
        assert point.y == pytest.approx(statistics.fmean(contributions[row, 0] for row in mine))
    # What a feature adds is what its number and the mark that it is null add; where it is null it has no place.
    assert sum(point.rows for point in found[BINS:]) == 900
    total = sum(point.y * point.rows for point in found[BINS:])
    assert total == pytest.approx(contributions[100:, 1:3].sum())


def test_only_the_features_that_add_most_are_kept_and_equal_values_share_a_bin():
    slots = tuple(Slot(f"f{n}") for n in range(FEATURES + 3))
    contributions = np.tile(np.arange(len(slots), dtype=float), (50, 1))
    numbers = np.tile(np.repeat([1.0, 2.0], 25)[:, None], (1, len(slots)))
    found = list(_points("c", SimpleNamespace(slots=slots), numbers, contributions))
    assert list(dict.fromkeys(p.label for p in found)) == [f"f{n}" for n in range(FEATURES + 2, 2, -1)]
    assert [(p.x, p.rows) for p in found[:2]] == [(1.0, 25), (2.0, 25)]


def test_a_tree_is_kept_parents_first_with_the_share_of_churners_of_every_node():
    tree = Tree(
        feature=np.array([1, -1, 0, -1, -1]),
        threshold=np.array([3.0, 0, 0.5, 0, 0]),
        left=np.array([1, -1, 3, -1, -1]),
        right=np.array([2, -1, 4, -1, -1]),
        cover=np.array([10.0, 4, 6, 2, 4]),
        value=np.array([0, 0.25, 0, 0.5, 1.0]),
    )
    found = tree_points(tree, (Slot("plan", "category", "basic"), Slot("recency")))
    assert [(p.position, p.label, p.y, p.rows) for p in found] == [
        (0, "recency", pytest.approx((1 + 1 + 4) / 10), 10), (1, None, 0.25, 4),
        (2, "plan = basic", pytest.approx(5 / 6), 6), (3, None, 0.5, 2), (4, None, 1.0, 4),
    ]  # fmt: skip
    assert [p.x for p in found if p.label] == [3.0, 0.5]
    assert all(np.isnan(p.x) for p in found if not p.label)
