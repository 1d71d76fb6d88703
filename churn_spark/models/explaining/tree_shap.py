"""Exact SHAP values of decision trees, path-dependent: a feature that is not known follows every branch by its cover.

S. M. Lundberg et al., From local explanations to global understanding with explainable AI for trees (2020). A leaf of
value v whose path splits on d features says v times the product over them of "the row goes this way" (1 or 0), or of
the share z of training rows that do while the feature is not known. So it gives feature j

    v (o_j - z_j) ∫ Π_{k≠j} ((1 - t) z_k + t o_k) dt    for t from 0 to 1,

a polynomial of degree d - 1, which Gauss and Legendre's ceil(d / 2) points integrate exactly. Rows that agree in all o
of a leaf get the same from it: it is computed once for each of the 2^d patterns where these are fewer than the rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Patterns = npt.NDArray[np.int64]

_Path = tuple[int, tuple[int, ...], tuple[float, ...], Patterns]
"""A node, and of the path to it what `_Leaf` has."""

ROWS = 16_384
"""Rows computed together: many enough to pay for the patterns, few enough for the processor's cache."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A binary tree as arrays by node, the root first; children stand behind their parent.

    feature: that it splits on, -1 in a leaf. threshold: a row goes left where its value is at most that. left, right:
    the children. cover: training rows that came by. value: of a leaf, in the unit of the score; 0 elsewhere.
    """

    feature: npt.NDArray[np.int32]
    threshold: Array
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    cover: Array
    value: Array

    @property
    def expected(self) -> float:
        """The mean value of the training rows."""
        leaves = self.feature < 0
        return float(self.value[leaves] @ self.cover[leaves] / self.cover[0])


@dataclass(frozen=True, slots=True)
class _Leaf:
    """features: on its path, each once. zeros: the share z of each. pattern: of each row, bit k is o of feature k."""

    value: float
    features: tuple[int, ...]
    zeros: tuple[float, ...]
    pattern: Patterns


def tree_shap(trees: Sequence[Tree], rows: Array) -> Array:
    """What each feature adds to the sum of the trees' values, for each row: rows x features, as the rows are."""
    columns = np.ascontiguousarray(rows.T)
    sums = np.zeros_like(columns)
    for start in range(0, len(rows), ROWS):
        part = slice(start, start + ROWS)
        for tree in trees:
            _add(tree, columns[:, part], sums[:, part])
    return sums.T


def _add(tree: Tree, columns: Array, sums: Array) -> None:
    for leaf in _leaves(tree, columns):
        terms = _terms(leaf)
        for feature, term in zip(leaf.features, terms, strict=True):
            sums[feature] += term


def _terms(leaf: _Leaf) -> Iterator[Array]:
    """What each of the leaf's features gets from it, for each row; to be used before the next one."""
    width = len(leaf.features)
    if 2**width > len(leaf.pattern):
        yield from leaf.value * _shapley(leaf.zeros, _bits(leaf.pattern, width))
    else:
        term = np.empty(len(leaf.pattern))
        for by_pattern in leaf.value * _shapley(leaf.zeros, _all_bits(width)):
            # Into an array that is there already, and without a check of each index, it is ten times as fast.
            yield by_pattern.take(leaf.pattern, out=term, mode="clip")


def _leaves(tree: Tree, columns: Array) -> Iterator[_Leaf]:
    """The leaves of a tree with the patterns of rows, which come as features x rows."""
    waiting: list[_Path] = [(0, (), (), np.zeros(columns.shape[1], dtype=np.int64))]
    while waiting:
        node, features, zeros, pattern = waiting.pop()
        feature = int(tree.feature[node])
        if feature < 0:
            yield _Leaf(float(tree.value[node]), features, zeros, pattern)
            continue
        goes_left = columns[feature] <= tree.threshold[node]
        for child, ones in ((tree.left[node], goes_left), (tree.right[node], ~goes_left)):
            zero = float(tree.cover[child] / tree.cover[node])
            if feature in features:
                k = features.index(feature)
                narrowed = (*zeros[:k], zeros[k] * zero, *zeros[k + 1 :])
                waiting.append((child, features, narrowed, pattern & ~(~ones << np.int64(k))))
            else:
                bit = ones.astype(np.int64) << len(features)
                waiting.append((child, (*features, feature), (*zeros, zero), pattern | bit))


def _bits(patterns: Patterns, width: int) -> Array:
    """The o of each feature: width x patterns."""
    return ((patterns >> np.arange(width)[:, None]) & 1).astype(np.float64)


@cache
def _all_bits(width: int) -> Array:
    """The bits of every pattern of so many features."""
    return _bits(np.arange(2**width), width)


def _shapley(zeros: Sequence[float], ones: Array) -> Array:
    """The term above for v = 1: features x patterns, as `ones` is."""
    points, weights = _quadrature(len(zeros))
    z = np.array(zeros)[:, None]
    factors = (1 - points) * z + points * ones
    products = weights * factors.prod(axis=1, keepdims=True)
    return (ones - z) * (products / factors).sum(axis=0)


@cache
def _quadrature(degree: int) -> tuple[Array, Array]:
    """Points and weights on [0, 1] that are exact for polynomials of a degree below `degree`: points x 1 x 1."""
    points, weights = np.polynomial.legendre.leggauss(max(1, (degree + 1) // 2))
    return ((points + 1) / 2)[:, None, None], (weights / 2)[:, None, None]
