"""How long customers stay: the mean survival of each tier by horizon, and the days expected."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.report.canvas import TIERS as COLOURS
from churn_spark.report.canvas import drawing, format_ticks, svg
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Heading, Picture, grid
from churn_spark.report.query import Query
from churn_spark.report.risk_sums import TIERS, no_scores, tier_cell
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import RISKS, scores_of_the_date
from churn_spark.report.words import decimal, percent, whole


@dataclass(frozen=True, slots=True)
class Staying:
    """A sentence on what staying means, the curves, and their points."""

    means: str
    picture: Picture
    tiers: Grid


def _rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    each = tables["risk_scores"].select("tier", "expected_days", F.explode("survival").alias("at"))
    return each.groupBy("tier", F.col("at.days").alias("days")).agg(
        F.count("*").alias("customers"),
        F.avg("at.survival").alias("survival"),
        F.avg("expected_days").alias("expected_days"),
    )


SURVIVAL = Query("survival", ("tier", "days", "customers", "survival", "expected_days"), scores_of_the_date, _rows)
"""Mean survival and mean expected days by tier and horizon; empty where the scores have none."""


def staying(facts: Facts) -> Staying | Absent:
    """The curves by tier."""
    rows = facts[SURVIVAL]
    if facts[RISKS].empty:
        return no_scores(facts)
    if rows.empty:
        return Absent(
            "The model in force says of each customer how likely they leave, but not when. With training.survival in"
            " the configuration, training fits how long customers stay too, and this part shows it by tier.",
            facts.how("train"),
        )
    caption = (
        "The share of a tier's customers that is expected to be still there, by days from this date. A curve that falls"
        " steeply at first says that there is little time to act."
    )
    return Staying(_means(facts), Picture(curves(rows), "Survival by tier", caption), _tiers(rows))


def curves(rows: pd.DataFrame) -> Markup:
    """A line for each tier, from everybody at day 0. rows: tier, days, survival."""
    with drawing() as (figure, axes):
        for tier in reversed(TIERS):
            points = rows[rows["tier"] == tier].sort_values("days")
            if len(points):
                axes.plot([0, *points["days"]], [1, *points["survival"]], marker="o", color=COLOURS[tier], label=tier)
        axes.set_xlim(0, rows["days"].max() * 1.02)
        axes.set_ylim(0, 1.02)
        format_ticks(axes.xaxis, whole, integer=True, most=6)
        format_ticks(axes.yaxis, lambda value: percent(value, 0))
        axes.set_xlabel("days from this date")
        axes.set_ylabel("still there")
        axes.legend(title="tier")
        return svg(figure, "survival", f"Survival by tier over {whole(rows['days'].max())} days")


def _means(facts: Facts) -> str:
    project = facts.project
    if project.label.rule == "inactivity":
        left = f"on the first day of a silence of {project.periods.performance} days"
    else:
        left = "on the day that the label's rule names"
    return f"A customer leaves {left}; days count from this date, the gap too."


def _tiers(rows: pd.DataFrame) -> Grid:
    last = int(rows["days"].max())
    horizons = sorted(int(days) for days in rows["days"].unique())
    headings: list[Heading] = [
        "Tier",
        *(f"{days:,} days" for days in horizons),
        ("Expected days", f"Mean days until leaving, of the next {last:,}: who stays longer counts as {last:,}."),
    ]
    cells = []
    for tier in TIERS:
        mine = rows[rows["tier"] == tier].set_index("days")
        if len(mine):
            shares = (Cell(percent(mine["survival"].get(days))) for days in horizons)
            cells.append((tier_cell(tier), *shares, Cell(decimal(mine["expected_days"].iloc[0], 1))))
    return grid("Still there after", headings, cells)


STAYING = Section(
    "survival",
    "How long customers stay",
    staying,
    """
<p>{{ content.means }}</p>
<div class="beside">
{{ figure(content.picture) }}
{{ table(content.tiers) }}
</div>
""",
    (SURVIVAL, RISKS),
)
