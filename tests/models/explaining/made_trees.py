"""Trees made at random, with thresholds that rows meet exactly and features that stand on a path more than once."""

import numpy as np

from churn_spark.models.explaining.tree_shap import Tree

VALUES = (-1.0, 0.0, 0.5, 2.0)
"""Of features and thresholds alike, so that rows often lie on a threshold."""


def made_tree(random, features, depth):
    """A tree of at most this depth over features numbered from 0."""
    nodes = []

    def grow(levels, cover):
        node = len(nodes)
        nodes.append([-1, 0.0, -1, -1, float(cover), random.uniform(-1, 1)])
        if levels and cover > 1 and random.random() < 0.9:
            at_left = random.randint(1, cover - 1)
            threshold = random.choice(VALUES)
            split = random.randrange(features), threshold, grow(levels - 1, at_left), grow(levels - 1, cover - at_left)
            nodes[node] = [*split, float(cover), 0.0]
        return node

    grow(depth, random.randint(2, 500))
    kinds = (np.int32, float, np.int32, np.int32, float, float)
    return Tree(*(np.array(column, dtype=kind) for column, kind in zip(zip(*nodes, strict=True), kinds, strict=True)))


def made_rows(random, rows, features):
    """Rows with values of `VALUES`."""
    return np.array([[random.choice(VALUES) for _ in range(features)] for _ in range(rows)]).reshape(rows, features)
