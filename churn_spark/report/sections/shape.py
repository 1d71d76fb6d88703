"""How scores depend on what adds most to them, and the decision tree where there is one."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from churn_spark.report import tree_chart
from churn_spark.report.canvas import ACCENT, MUTED, drawings, format_ticks, svg
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Picture, grid
from churn_spark.report.section import Section
from churn_spark.report.sections.model import CURVES
from churn_spark.report.words import amount, percent, whole

IN_PROBABILITY, IN_LOG_ODDS = "dependence_in_probability", "dependence_in_log_odds"
MOST_RULES = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """Pictures, and the rules of the tree, those with the highest risk first."""

    pictures: tuple[Picture, ...]
    rules: Grid | None


def shape(facts: Facts) -> Shape | Absent:
    """What training kept of how the model in force scores."""
    if facts.champion is None:
        return Absent("No model is in force on this date.", facts.how("train"))
    curves = facts[CURVES]
    mine = curves[(curves["model"] == facts.champion.family) & curves["curve"].isin((IN_PROBABILITY, IN_LOG_ODDS))]
    trees = curves[curves["curve"] == "tree"]
    if mine.empty and trees.empty:
        why = "The training of the model in force kept nothing of it: its family explains no scores, or it is older."
        return Absent(why)
    pictures = [_dependence(mine)] if len(mine) else []
    if trees.empty:
        return Shape(tuple(pictures), None)
    family = str(trees.iloc[0]["model"])
    root = tree_chart.tree_of(trees)
    which = "in force" if family == facts.champion.family else "not in force, but was also tried"
    caption = f"Of the training customers that reach a box, the share that left. This model is {which}."
    pictures.append(Picture(tree_chart.draw(root), "The decision tree", caption))
    return Shape(tuple(pictures), _rules(root))


def _dependence(points: pd.DataFrame) -> Picture:
    in_probability = set(points["curve"]) == {IN_PROBABILITY}
    caption = (
        "What a number adds to the score of customers who have it, in"
        f" {'probability' if in_probability else 'log odds'} before calibration: tenths of the test customers from the"
        " lowest value to the highest. It is what the model learnt, not what causes leaving."
    )
    return Picture(_drawn(points, in_probability), "How the score depends on what weighs most", caption)


def _drawn(points: pd.DataFrame, in_probability: bool) -> Markup:
    features = list(dict.fromkeys(points.sort_values("position")["label"]))
    with drawings(len(features), 1.7) as (figure, all_axes):
        for axes, feature in zip(all_axes, features, strict=True):
            curve = points[points["label"] == feature].sort_values("position")
            axes.axhline(0, color=MUTED, linestyle="--", linewidth=1)
            axes.plot(curve["x"], curve["y"], color=ACCENT, marker="o", markersize=3)
            axes.set_title(str(feature), fontsize=8)
            format_ticks(axes.xaxis, amount, most=4)
            format_ticks(axes.yaxis, (lambda value: percent(value, 1)) if in_probability else amount, most=4)
            axes.tick_params(labelsize=8)
        return svg(figure, "dependence", f"What {', '.join(map(str, features))} add to the scores")


def _rules(root: tree_chart.Node) -> Grid:
    rules = tree_chart.rules(root)
    rows = [
        [Cell(", ".join(rule.conditions) or "everybody"), Cell(percent(rule.share)), Cell(whole(rule.rows))]
        for rule in rules[:MOST_RULES]
    ]
    caption = "The rules of the tree" if len(rules) <= MOST_RULES else f"{MOST_RULES} of {len(rules)} rules of the tree"
    return grid(caption, ["Customers with", ("Left", "Share that left of those it was learnt from."), "Rows"], rows)


SHAPE = Section(
    "shape",
    "How the model decides",
    shape,
    """
<div class="pictures">
{% for picture in content.pictures %}
{{ figure(picture) }}
{% endfor %}
</div>
{% if content.rules %}
{{ table(content.rules) }}
{% endif %}
""",
    (CURVES,),
)
