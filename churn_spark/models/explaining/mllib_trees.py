"""Explainers of MLlib's trees, forests and boosted trees."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from churn_spark.definitions.errors import ModelError
from churn_spark.models.explaining.explainer import Explainer, Unit
from churn_spark.models.explaining.tree_shap import Tree, tree_shap
from churn_spark.models.metrics import Array
from churn_spark.spark_internals.tree_nodes import tree_nodes

Nodes = Sequence[Mapping[str, Any]]
CONTINUOUS = -1


def mean_of_shares(vector: str, trees: Sequence[Any]) -> Explainer:
    """Explain a probability that is the mean over classification trees of the share of label 1 in the leaf.

    vector: the name of what they split on. trees: MLlib's models; one for a decision tree.
    """
    return _explainer("probability", vector, [_tree(tree_nodes(tree), _share, 1 / len(trees)) for tree in trees])


def shares(model: Any) -> Tree:
    """A classification tree of MLlib whose leaves have the share of label 1 as their value."""
    return _tree(tree_nodes(model), _share, 1.0)


def boosted(vector: str, trees: Sequence[Any], weights: Sequence[float]) -> Explainer:
    """Explain the log odds of MLlib's boosted regression trees: twice the weighted sum of their predictions."""
    grown = [_tree(tree_nodes(tree), _prediction, 2 * weight) for tree, weight in zip(trees, weights, strict=True)]
    return _explainer("log_odds", vector, grown)


def _explainer(unit: Unit, vector: str, trees: list[Tree]) -> Explainer:
    base_value = float(sum(tree.expected for tree in trees))
    return Explainer(unit, True, base_value, partial(_contributions, vector, trees))


def _contributions(vector: str, trees: Sequence[Tree], vectors: Mapping[str, Array]) -> Array:
    return tree_shap(trees, vectors[vector])


def _share(node: Mapping[str, Any]) -> tuple[float, float]:
    rows = node["impurityStats"]
    return sum(rows), (rows[1] / sum(rows) if len(rows) > 1 else 0.0)


def _prediction(node: Mapping[str, Any]) -> tuple[float, float]:
    return node["impurityStats"][0], node["prediction"]


def _tree(nodes: Nodes, read: Callable[[Mapping[str, Any]], tuple[float, float]], weight: float) -> Tree:
    """read: the cover of a node and the value of a leaf. weight: of the tree in the score."""
    ordered = sorted(nodes, key=lambda node: node["id"])
    splits = [_split(node) for node in ordered]
    figures = [read(node) for node in ordered]
    leaf = [node["leftChild"] < 0 for node in ordered]
    return Tree(
        feature=np.array([split[0] for split in splits], dtype=np.int32),
        threshold=np.array([split[1] for split in splits]),
        left=np.array([split[2] for split in splits], dtype=np.int32),
        right=np.array([split[3] for split in splits], dtype=np.int32),
        cover=np.array([float(cover) for cover, _ in figures]),
        value=np.array([weight * value if last else 0.0 for (_, value), last in zip(figures, leaf, strict=True)]),
    )


def _split(node: Mapping[str, Any]) -> tuple[int, float, int, int]:
    """Feature, threshold, and the children at most it and above it. Marks of 0 and 1 are categories to MLlib."""
    left, right, split = node["leftChild"], node["rightChild"], node["split"]
    if left < 0:
        return -1, 0.0, -1, -1
    feature, at_left = split["featureIndex"], split["leftCategoriesOrThreshold"]
    if split["numCategories"] == CONTINUOUS:
        return feature, at_left[0], left, right
    if split["numCategories"] != 2:
        raise ModelError(f"input {feature} has {split['numCategories']} categories; reasons need numbers or marks")
    return (feature, 0.5, left, right) if at_left == [0.0] else (feature, 0.5, right, left)
