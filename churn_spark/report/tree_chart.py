"""A decision tree from the points that training kept of it: as nodes, as a picture, and as rules."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from churn_spark.report.canvas import HIGH, INK, LOW, MEDIUM, MUTED, PAPER, RULE, drawing, svg
from churn_spark.report.words import amount, missing, percent, whole

DEEPEST = 3
"""Levels of splits that are drawn: more would not be readable."""
MARK = 0.5
"""The threshold of an input that is 0 or 1."""


@dataclass(frozen=True, slots=True)
class Node:
    """share: of churners among its rows. no, yes: the branches of rows at most the threshold and above it."""

    label: str
    threshold: float
    share: float
    rows: int
    no: "Node | None" = None
    yes: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A leaf: what leads to it, and whom it holds."""

    conditions: tuple[str, ...]
    share: float
    rows: int


def tree_of(points: pd.DataFrame) -> Node:
    """The root, from the points of a curve `tree` (position, x, y, rows, label): parents first, left before right."""
    return _node(iter(points.sort_values("position").to_dict("records")))


def rules(root: Node) -> list[Rule]:
    """The leaves, from the highest share of churners."""
    return sorted(_rules(root, ()), key=lambda rule: (-rule.share, -rule.rows))


def draw(root: Node) -> Markup:
    """The first levels of the tree, the root on top; the thicker a branch, the more customers go along it."""
    with drawing(0.9 + 0.95 * min(DEEPEST, _depth(root))) as (figure, axes):
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(-DEEPEST - 0.45 if _depth(root) >= DEEPEST else -_depth(root) - 0.45, 0.4)
        base = max(root.share, 1e-9)
        for node, level, place, parent in _placed(root, 0, 0.0, 1.0, None):
            if parent is not None:
                axes.plot([parent, place], [1 - level, -level], color=RULE, linewidth=0.8 + 5 * node.rows / root.rows)
            colour = HIGH if node.share > 1.5 * base else LOW if node.share < base / 1.5 else MEDIUM
            text = f"{percent(node.share, 0)} of {whole(node.rows)}"
            if node.no is not None and level < DEEPEST:
                text = f"{_condition(node, True)}?\n{text}"
            axes.text(
                place,
                -level,
                text,
                ha="center",
                va="center",
                fontsize=8 - level * 0.8,
                color=INK,
                bbox={"boxstyle": "round", "facecolor": PAPER, "edgecolor": colour},
            )
        axes.text(0, 0.35, "left: no, right: yes", fontsize=8, color=MUTED, va="top")
        return svg(figure, "tree", "The decision tree, its first levels")


def _node(points: Iterator[Mapping[Hashable, object]]) -> Node:
    point = next(points)
    share, rows = float(str(point["y"])), int(float(str(point["rows"])))
    if missing(point["x"]):
        return Node("", float("nan"), share, rows)
    no, yes = _node(points), _node(points)
    return Node(str(point["label"]), float(str(point["x"])), share, rows, no, yes)


def _rules(node: Node, before: tuple[str, ...]) -> Iterator[Rule]:
    if node.no is None or node.yes is None:
        yield Rule(before, node.share, node.rows)
        return
    yield from _rules(node.no, (*before, _condition(node, False)))
    yield from _rules(node.yes, (*before, _condition(node, True)))


def _condition(node: Node, holds: bool) -> str:
    """Such as `purchases_recency > 21`; of a mark, `plan = basic` or `not plan = basic`."""
    if node.threshold == MARK and (" = " in node.label or node.label.endswith(" is null")):
        return node.label if holds else f"not {node.label}"
    return f"{node.label} {'>' if holds else '≤'} {amount(node.threshold)}"


def _depth(node: Node) -> int:
    return 0 if node.no is None or node.yes is None else 1 + max(_depth(node.no), _depth(node.yes))


def _placed(
    node: Node, level: int, left: float, right: float, parent: float | None
) -> Iterator[tuple[Node, int, float, float | None]]:
    """Each node to be drawn with its level, its place across, and that of its parent."""
    place = (left + right) / 2
    yield node, level, place, parent
    if node.no is not None and node.yes is not None and level < DEEPEST:
        yield from _placed(node.no, level + 1, left, place, place)
        yield from _placed(node.yes, level + 1, place, right, place)
