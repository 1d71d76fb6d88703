"""The picture of what contacting pays, on the untouched test."""

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from churn_spark.report.canvas import ACCENT, MUTED, drawing, format_ticks, svg
from churn_spark.report.model_charts import model_lines
from churn_spark.report.units import counted
from churn_spark.report.words import amount

ABOVE = 1.12
"""Room above the highest profit, as a factor of it."""


def profit(curves: pd.DataFrame, models: Sequence[str], chosen: tuple[float, float] | None, unit: str) -> Markup:
    """Profit per customer watched against the share contacted.

    chosen: share contacted and profit at the threshold; the first of `models` is the one in force.
    """
    points = curves[curves["curve"] == "profit"]
    top = max(points["y"].max(), chosen[1] if chosen else 0.0, 0.0)
    with drawing() as (figure, axes):
        axes.axhline(0, color=MUTED, linestyle="--", linewidth=1, label="nobody contacted")
        model_lines(axes, curves, "profit", models)
        if chosen is not None:
            axes.plot(*([each] for each in chosen), color=ACCENT, marker="o", markersize=8)
        # Contacting everybody may lose many times of what can be won; below that much, the picture says no more.
        axes.set_ylim(max(points["y"].min(), -top) * ABOVE if top else None, top * ABOVE if top else None)
        format_ticks(axes.yaxis, amount)
        axes.set_xlabel("share of customers contacted, riskiest first")
        axes.set_ylabel(counted("profit per customer watched", unit))
        axes.legend(loc="upper right")
        return svg(figure, "profit", "Profit of contacting on the untouched test")
