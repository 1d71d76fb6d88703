"""Pictures of who is at risk and of how many left before."""

from collections.abc import Collection
from datetime import date

import pandas as pd
from markupsafe import Markup
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter, MaxNLocator

from churn_spark.report.canvas import ACCENT, INK, MUTED, SECOND, TIERS, drawing, svg
from churn_spark.report.facts import BUCKET
from churn_spark.report.words import percent, whole

FEW = 40
"""Snapshots up to which each one gets a mark of its own."""


def risk_histogram(risks: pd.DataFrame) -> Markup:
    """Customers by risk, a bar every `BUCKET`, stacked by tier.

    risks: tier, bucket (0 is the lowest risk), customers.
    """
    counts = risks.pivot_table(index="bucket", columns="tier", values="customers", aggfunc="sum", fill_value=0)
    with drawing() as (figure, axes):
        below = pd.Series(0, index=counts.index)
        for tier in ("low", "medium", "high"):
            if tier in counts:
                axes.bar(
                    counts.index * BUCKET, counts[tier], BUCKET, below, align="edge", color=TIERS[tier], label=tier,
                    edgecolor="none",
                )  # fmt: skip
                below = below + counts[tier]
        axes.set_xlim(0, (counts.index.max() + 1) * BUCKET)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: whole(value)))
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.grid(axis="x", visible=False)
        axes.set_xlabel("risk of leaving")
        axes.set_ylabel("customers")
        axes.legend(title="tier", reverse=True)
        return svg(figure, "risks", f"Histogram of the risk of {whole(risks['customers'].sum())} customers by tier")


def churn_rates(snapshots: pd.DataFrame, tested_on: Collection[date]) -> Markup:
    """The share that left, by snapshot; the snapshots of the untouched test stand out.

    snapshots: as_of_date, labelled, churned.
    """
    known = snapshots[snapshots["labelled"] > 0].sort_values("as_of_date")
    dates, rates = list(known["as_of_date"]), list(known["churned"] / known["labelled"])
    marker = "o" if len(dates) <= FEW else None
    with drawing() as (figure, axes):
        axes.plot(dates, rates, color=ACCENT, marker=marker, markersize=5, label="snapshot")
        tested = [(day, rate) for day, rate in zip(dates, rates, strict=True) if day in tested_on]
        if tested:
            axes.plot(
                *zip(*tested, strict=True), color=SECOND, marker="o", markersize=7, linestyle="none", label="test"
            )
            axes.legend()
        if marker and len(dates) <= 14:
            for day, rate in zip(dates, rates, strict=True):
                axes.annotate(
                    percent(rate, 0),
                    (day, rate),
                    (0, 8),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                    color=MUTED,
                )
        axes.set_ylim(0, max(rates) * 1.25 or 1)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        locator = AutoDateLocator(minticks=3, maxticks=7)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.xaxis.get_offset_text().set_color(INK)
        axes.grid(axis="x", visible=False)
        axes.set_ylabel("share that left")
        return svg(
            figure, "rates", f"Churn rate of {len(dates)} snapshots, {percent(min(rates))} to {percent(max(rates))}"
        )
