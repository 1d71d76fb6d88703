"""How many left before: the churn rate of every snapshot with labels."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
from markupsafe import Markup
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.report import metrics
from churn_spark.report.canvas import ACCENT, MUTED, SECOND, date_ticks, drawing, format_ticks, svg
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Picture, grid
from churn_spark.report.query import Query
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import MODEL_METRICS, sums
from churn_spark.report.words import day, percent, whole

MOST = 60
"""Newest training snapshots that are shown, so that a report costs the same in later years."""
FEW = 40
"""Snapshots up to which each one gets a mark of its own."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The churn rate of every snapshot with labels."""

    picture: Picture
    table: Grid


def _snapshot_rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    reasons = (
        tables["labels"]
        .where(F.col("matured_on") <= F.lit(facts.as_of))
        .groupBy("as_of_date", "excluded")
        .agg(F.count("*").alias("customers"), F.count("label").alias("labelled"), F.sum("label").alias("churned"))
    )
    counted = F.concat("excluded", F.lit(" "), F.format_number("customers", 0))
    return (
        reasons.groupBy("as_of_date")
        .agg(
            *sums("customers", "labelled"),
            F.coalesce(F.sum("churned"), F.lit(0)).alias("churned"),
            F.concat_ws(", ", F.sort_array(F.collect_list(counted))).alias("excluded"),
        )
    )  # fmt: skip


SNAPSHOTS = Query(
    "snapshots",
    ("as_of_date", "customers", "labelled", "churned", "excluded"),
    lambda available: {"labels": available.matured[-MOST:]},
    _snapshot_rows,
)
"""Customers, labels and churners of each snapshot whose labels were known by the date, and why others have none."""


def rates(facts: Facts) -> Rates | Absent:
    """The share that left, snapshot by snapshot, and who got no label."""
    rows = facts[SNAPSHOTS]
    if rows.empty or not rows["labelled"].sum():
        matured = facts.project.periods.newest_matured(facts.as_of)
        why = f"No snapshot has labels yet; snapshots up to {matured} are old enough to have some."
        return Absent(why, facts.how("build_labels"))
    tested = metrics.tested_on(facts)
    caption = (
        "The base rate a model has to live with. A rate that moves with the seasons, or jumps, says that the past"
        " teaches the present less."
    )
    if tested:
        caption += " The snapshots marked as test were kept from training until the model had been measured on them."
    headings = ("As-of date", "Customers", "With a label", "Left", "Churn rate", ("No label", "Excluded, by reason."))
    cells = [
        (
            Cell(day(row["as_of_date"]), "test" if row["as_of_date"] in tested else ""),
            *(Cell(whole(row[count])) for count in ("customers", "labelled", "churned")),
            Cell(percent(row["churned"] / row["labelled"] if row["labelled"] else None)),
            Cell(str(row["excluded"]) or "none", kind="long"),
        )
        for row in rows.sort_values("as_of_date", ascending=False).to_dict("records")
    ]
    picture = Picture(churn_rates(rows, tested), "Churn rate by snapshot", caption)
    return Rates(picture, grid("Snapshots with labels", headings, cells, words=(0, 5)))


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
        format_ticks(axes.yaxis, lambda value: percent(value, 0), most=5)
        date_ticks(axes.xaxis)
        axes.grid(axis="x", visible=False)
        axes.set_ylabel("share that left")
        return svg(
            figure, "rates", f"Churn rate of {len(dates)} snapshots, {percent(min(rates))} to {percent(max(rates))}"
        )


RATES = Section(
    "rates",
    "How many left before",
    rates,
    """
<div class="beside">
{{ figure(content.picture) }}
{{ table(content.table) }}
</div>
""",
    (SNAPSHOTS, MODEL_METRICS),
)
