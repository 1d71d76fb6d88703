"""The plot of the loop benchmark: ranks and level of the risks by week, arm by arm."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from benchmarks.loop_page import TITLES
from benchmarks.loop_weeks import OVER, level

COLOURS = {"never": "#777777", "monthly": "#d2691e", "drift": "#1f6feb", "advice": "#2e8b57", "reference": "#222222"}


def plot(kept: Mapping[str, Any], path: Path) -> None:
    """ROC AUC of the arms, and customers who left by those expected, over OVER weeks each; the change is marked."""
    figure = Figure(figsize=(9, 6.6), layout="constrained")
    ranks, levels = figure.subplots(2, 1, sharex=True)
    for name, arm in {**kept["arms"], "reference": kept["reference"]}.items():
        weeks = arm["weeks"]
        spans = [weeks[n : n + OVER] for n in range(len(weeks) - OVER + 1)]
        days = [date.fromisoformat(span[-1]["day"]) for span in spans]
        style = {"color": COLOURS[name], "linestyle": "--" if name == "reference" else "-"}
        auc = [sum(week["roc_auc"][0] for week in span) / OVER for span in spans]
        ranks.plot(days, auc, label=TITLES[name].replace("`", ""), **style)
        levels.plot(days, [level(span) for span in spans], **style)
    _marked(ranks, kept["change"], f"ROC AUC, mean of {OVER} weeks")
    _marked(levels, kept["change"], f"customers who left by those expected, {OVER} weeks together")
    levels.axhline(1, color="#bbbbbb", zorder=0)
    levels.set_xlabel("as-of date of the last of the weeks")
    figure.legend(*ranks.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "loop"}):
        FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None, "Creator": None})


def _marked(axes: Axes, change: str, title: str) -> None:
    at = float(date2num(date.fromisoformat(change)))
    axes.axvline(at, color="#cc3333", linewidth=1)
    axes.text(
        at + 2, 0.97, "change of regime", transform=axes.get_xaxis_transform(), va="top", fontsize=8, color="#cc3333"
    )
    axes.set_title(title, loc="left", fontsize=10)
    axes.grid(axis="y", color="#eeeeee")
