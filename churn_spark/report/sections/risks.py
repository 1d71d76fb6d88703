"""How risks are spread, and the tiers cut from their ranks."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from churn_spark.report.canvas import TIERS as COLOURS
from churn_spark.report.canvas import drawing, format_ticks, svg
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Picture, grid
from churn_spark.report.risk_sums import TIERS, no_scores, sum_cells, sum_headings, tier_cell
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import BUCKET, RISKS
from churn_spark.report.words import percent, whole


@dataclass(frozen=True, slots=True)
class Spread:
    """The histogram, and sums by tier."""

    picture: Picture
    tiers: Grid


def spread(facts: Facts) -> Spread | Absent:
    """The histogram of risks and the tiers."""
    risks = facts[RISKS]
    if risks.empty:
        return no_scores(facts)
    scoring = facts.project.scoring
    caption = (
        "Each bar counts the customers of a span of two percentage points of risk. A long tail to the right is what a"
        " campaign can aim at; one hump means the model tells customers little apart. Tiers are cut by rank: the"
        f" riskiest {percent(scoring.high_share, 0)} are high, the next {percent(scoring.medium_share, 0)} medium."
    )
    return Spread(Picture(histogram(risks), "Risk of all customers watched", caption), _tiers(facts))


def histogram(risks: pd.DataFrame) -> Markup:
    """Customers by risk, a bar every `BUCKET`, stacked by tier.

    risks: tier, bucket (0 is the lowest risk), customers.
    """
    counts = risks.pivot_table(index="bucket", columns="tier", values="customers", aggfunc="sum", fill_value=0)
    with drawing() as (figure, axes):
        below = pd.Series(0, index=counts.index)
        for tier in reversed(TIERS):
            if tier in counts:
                axes.bar(
                    counts.index * BUCKET, counts[tier], BUCKET, below, align="edge", color=COLOURS[tier], label=tier,
                    edgecolor="none",
                )  # fmt: skip
                below = below + counts[tier]
        axes.set_xlim(0, (counts.index.max() + 1) * BUCKET)
        format_ticks(axes.xaxis, lambda value: percent(value, 0))
        format_ticks(axes.yaxis, whole, most=5, integer=True)
        axes.grid(axis="x", visible=False)
        axes.set_xlabel("risk of leaving")
        axes.set_ylabel("customers")
        axes.legend(title="tier", reverse=True)
        return svg(figure, "risks", f"Histogram of the risk of {whole(risks['customers'].sum())} customers by tier")


def _tiers(facts: Facts) -> Grid:
    risks = facts[RISKS]
    sums = risks.groupby("tier")[["customers", "risk", "value", "expected_loss"]].sum(min_count=1)
    everyone = sums["customers"].sum()
    value = bool(risks["value"].notna().any())
    rows = [sum_cells(tier_cell(tier), sums.loc[tier], everyone, value) for tier in TIERS if tier in sums.index]
    rows.append(sum_cells(Cell("all"), sums.sum(min_count=1), everyone, value))
    return grid("Tiers", sum_headings(facts, "Tier", value), rows, total=True)


SPREAD = Section(
    "risks",
    "How risks are spread",
    spread,
    """
<div class="beside">
{{ figure(content.picture) }}
{{ table(content.tiers) }}
</div>
""",
    (RISKS,),
)
