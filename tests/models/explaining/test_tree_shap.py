from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.models.explaining import tree_shap as module
from churn_spark.models.explaining.tree_shap import Tree, tree_shap
from tests.models.explaining.made_trees import made_rows, made_tree
from tests.models.explaining.oracle import expectation, tree_values


@given(st.randoms(use_true_random=False), st.integers(1, 5), st.integers(0, 6), st.sampled_from([1, 3, 40, 100]))
def test_it_is_the_mean_over_all_orders_of_what_knowing_a_feature_changes(random, features, depth, count):
    trees = [made_tree(random, features, depth) for _ in range(random.randint(1, 3))]
    rows = made_rows(random, count, features)
    found = tree_shap(trees, rows)
    assert found.shape == rows.shape
    for row, values in list(zip(rows, found, strict=True))[:4]:
        assert values.tolist() == pytest.approx(tree_values(trees, row), abs=1e-12)


@given(st.randoms(use_true_random=False), st.integers(1, 30), st.integers(1, 11))
def test_values_add_up_to_the_prediction_however_deep_the_tree(random, features, depth):
    tree = made_tree(random, features, depth)
    rows = made_rows(random, 50, features)
    predicted = [expectation(tree, row, range(features)) for row in rows]
    assert (tree.expected + tree_shap([tree], rows).sum(axis=1)).tolist() == pytest.approx(predicted, abs=1e-12)


def test_a_path_of_thirty_features_adds_up():
    depth = 30
    nodes = np.arange(2 * depth + 1)
    inner = (nodes % 2 == 0) & (nodes < 2 * depth)
    tree = Tree(
        feature=np.where(inner, nodes // 2, -1).astype(np.int32),
        threshold=np.zeros(len(nodes)),
        left=np.where(inner, nodes + 1, -1).astype(np.int32),
        right=np.where(inner, nodes + 2, -1).astype(np.int32),
        cover=np.where(inner | (nodes == 2 * depth), 2.0 ** (depth - nodes // 2), 2.0 ** (depth - 1 - nodes // 2)),
        value=np.where(inner, 0.0, nodes + 1.0),
    )
    rows = np.where(np.arange(depth) < np.array([[0], [1], [17], [30]]), 1.0, -1.0)
    found = tree_shap([tree], rows)
    predicted = [expectation(tree, row, range(depth)) for row in rows]
    assert (tree.expected + found.sum(axis=1)).tolist() == pytest.approx(predicted, rel=1e-12)


def test_rows_are_explained_alike_whatever_they_are_computed_with(monkeypatch):
    random = Random(5)
    trees = [made_tree(random, 6, 6) for _ in range(4)]
    rows = made_rows(random, 300, 6)
    together = tree_shap(trees, rows)
    monkeypatch.setattr(module, "ROWS", 7)
    assert (tree_shap(trees, rows) == together).all()
    assert tree_shap(trees, rows[:0]).shape == (0, 6)


def test_a_tree_that_is_one_leaf_explains_nothing():
    one = np.zeros(1)
    leaf = Tree(np.array([-1], np.int32), one, np.array([-1], np.int32), np.array([-1], np.int32), one + 9, one + 0.25)
    assert leaf.expected == 0.25
    assert (tree_shap([leaf], np.ones((3, 2))) == 0).all()
