"""A decision tree as points that can be kept beside curves and drawn."""

from collections.abc import Iterator, Sequence

from churn_spark.models.curves import Point
from churn_spark.models.explaining.tree_shap import Tree
from churn_spark.models.slots import Slot

CURVE = "tree"
LEAF = float("nan")


def tree_points(tree: Tree, slots: Sequence[Slot]) -> list[Point]:
    """Its nodes, each before its left branch and that before its right one, so that their order gives the tree.

    slots: the inputs by the tree's number of them. label: the input a node splits on, None in a leaf; x: its threshold,
    up to which rows go left; y: the share of churners among the rows, NaN for x in a leaf.
    """
    return [Point(CURVE, n, x, y, rows, label) for n, (label, x, y, rows) in enumerate(_nodes(tree, slots, 0))]


def _nodes(tree: Tree, slots: Sequence[Slot], node: int) -> Iterator[tuple[str | None, float, float, int]]:
    rows = round(float(tree.cover[node]))
    if tree.feature[node] < 0:
        yield None, LEAF, float(tree.value[node]), rows
        return
    branches = [list(_nodes(tree, slots, int(side[node]))) for side in (tree.left, tree.right)]
    share = sum(branch[0][2] * branch[0][3] for branch in branches) / sum(branch[0][3] for branch in branches)
    yield slots[tree.feature[node]].name, float(tree.threshold[node]), share, rows
    for branch in branches:
        yield from branch
