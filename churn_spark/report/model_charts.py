"""Pictures of how well a model ranks and how true its probabilities are, on the untouched test."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup

from churn_spark.report.canvas import ACCENT, HEIGHT, MUTED, SECOND, THIRD, drawing, format_ticks, svg
from churn_spark.report.words import decimal, missing, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_FEATURES = 15
LONGEST_NAME = 34
_OTHERS = ((SECOND, "-"), (THIRD, "-"), (MUTED, "-"), (MUTED, ":"))


def roc(curves: pd.DataFrame, models: Sequence[str]) -> Markup:
    """True against false positive rate; the first of `models` is the one in force."""
    with drawing() as (figure, axes):
        axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1, label="chance")
        model_lines(axes, curves, "roc", models)
        axes.set_xlabel("share of stayers contacted")
        axes.set_ylabel("share of leavers found")
        axes.legend(loc="lower right")
        return svg(figure, "roc", "ROC curve on the untouched test")


def precision_recall(curves: pd.DataFrame, models: Sequence[str], base_rate: float | None) -> Markup:
    """Precision against recall, with the base rate that chance would reach."""
    with drawing() as (figure, axes):
        if base_rate is not None:
            axes.axhline(base_rate, color=MUTED, linestyle="--", linewidth=1, label=f"chance ({percent(base_rate)})")
        model_lines(axes, curves, "precision_recall", models)
        axes.set_xlabel("share of leavers found (recall)")
        axes.set_ylabel("leavers among contacted (precision)")
        axes.legend(loc="upper right")
        return svg(figure, "precision-recall", "Precision-recall curve on the untouched test")


def gain(curves: pd.DataFrame, models: Sequence[str]) -> Markup:
    """Share of leavers found against share of customers contacted, riskiest first."""
    with drawing() as (figure, axes):
        axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1, label="chance")
        model_lines(axes, curves, "gain", models)
        axes.set_xlabel("share of customers contacted, riskiest first")
        axes.set_ylabel("share of leavers found")
        axes.legend(loc="lower right")
        return svg(figure, "gain", "Cumulative gain on the untouched test")


def reliability(curves: pd.DataFrame, models: Sequence[str]) -> Markup:
    """Observed churn rate against mean predicted risk; on the diagonal probabilities mean what they say."""
    points = _points(curves, "reliability", models[0])
    most = max(points["x"].max(), points["y"].max(), 0.05) * 1.08
    with drawing() as (figure, axes):
        axes.plot([0, most], [0, most], color=MUTED, linestyle="--", linewidth=1, label="perfectly reliable")
        axes.plot(points["x"], points["y"], color=ACCENT, marker="o", markersize=5, label=_short(models[0]))
        _shares(axes, most)
        axes.set_xlabel("predicted risk")
        axes.set_ylabel("share that left")
        axes.legend(loc="upper left")
        return svg(figure, "reliability", "Reliability curve on the untouched test")


def importances(curves: pd.DataFrame, model: str) -> Markup:
    """The features a model leans on most."""
    points = _points(curves, "importance", model)
    ranked = points.reindex(points["y"].abs().sort_values(ascending=False).index).head(MOST_FEATURES)[::-1]
    names = [_short(str(name)) for name in ranked["label"]]
    with drawing(max(HEIGHT, 0.26 * len(names) + 0.6)) as (figure, axes):
        axes.barh(range(len(names)), ranked["y"].abs(), 0.66, color=ACCENT)
        axes.set_yticks(range(len(names)), names, fontsize=9)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("importance")
        return svg(figure, "importances", f"Importance of the {len(names)} most used features")


def sets_of_features(points: pd.DataFrame, chosen: float) -> Markup:
    """The average precision over the folds by the number of features, with intervals; the chosen number stands out.

    points: features, value, low, high.
    """
    ordered = points.sort_values("features")
    with drawing() as (figure, axes):
        axes.plot(ordered["features"], ordered["value"], color=MUTED, linewidth=1.2)
        for row in ordered.to_dict("records"):
            mine = row["features"] == chosen
            colour = ACCENT if mine else SECOND
            if not (missing(row["low"]) or missing(row["high"])):
                axes.plot([row["features"]] * 2, [row["low"], row["high"]], color=colour, linewidth=3, alpha=0.45)
            label = "chosen" if mine else "_"
            axes.plot([row["features"]], [row["value"]], "o", color=colour, markersize=7, label=label)
        axes.set_xscale("log", base=2)
        axes.set_xticks(ordered["features"], [f"{number:.0f}" for number in ordered["features"]])
        axes.minorticks_off()
        axes.set_xlabel("number of features")
        axes.set_ylabel("average precision over the folds")
        axes.legend(loc="lower right")
        return svg(figure, "selection", "Average precision over the folds by the number of features")


def intervals(figures: pd.DataFrame, models: Sequence[str], metric: str) -> Markup:
    """One metric of every model with its interval, best first.

    figures: name (as shown), value, low, high, kind (champion, candidate, baseline, naive).
    """
    ordered = figures.sort_values("value", ascending=True, kind="stable")
    colours = {"champion": ACCENT, "candidate": SECOND, "baseline": MUTED, "naive": THIRD}
    with drawing(max(2.2, 0.42 * len(ordered) + 0.9)) as (figure, axes):
        for place, row in enumerate(ordered.to_dict("records")):
            colour = colours[str(row["kind"])]
            value, low, high = row["value"], row["low"], row["high"]
            if not (missing(low) or missing(high)):
                axes.plot([low, high], [place, place], color=colour, linewidth=3, alpha=0.45)
            axes.plot([value], [place], color=colour, marker="D" if row["kind"] == "naive" else "o", markersize=7)
            axes.annotate(decimal(value), (value, place), (0, 8), textcoords="offset points", ha="center", fontsize=9)
        axes.set_yticks(range(len(ordered)), [_short(str(name)) for name in ordered["name"]], fontsize=9)
        axes.set_ylim(-0.6, len(ordered) - 0.3)
        axes.margins(x=0.12)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(metric)
        return svg(figure, "intervals", f"{metric} of {', '.join(models)} with intervals")


def model_lines(axes: "Axes", curves: pd.DataFrame, curve: str, models: Sequence[str]) -> None:
    """One line of a curve for each model, over shares; the first of `models` stands out."""
    for place, model in reversed(list(enumerate(models))):
        points = _points(curves, curve, model)
        if len(points):
            colour, style = (ACCENT, "-") if place == 0 else _OTHERS[(place - 1) % len(_OTHERS)]
            axes.plot(
                points["x"],
                points["y"],
                color=colour,
                linestyle=style,
                label=_short(model),
                linewidth=2.2 if place == 0 else 1.4,
            )
    _shares(axes, 1)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _points(curves: pd.DataFrame, curve: str, model: str) -> pd.DataFrame:
    return curves[(curves["curve"] == curve) & (curves["model"] == model)].sort_values("position")


def _shares(axes: "Axes", most: float) -> None:
    axes.set_xlim(0, most)
    axes.set_ylim(0, most * 1.02)
    digits = 0 if most >= 0.1 else 1
    for axis in (axes.xaxis, axes.yaxis):
        format_ticks(axis, lambda value: percent(value, digits))
