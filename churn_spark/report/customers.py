"""Who is at risk: the riskiest few, the spread of risks, tiers and segments."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Heading, Picture, grid
from churn_spark.report.risk_charts import risk_histogram
from churn_spark.report.words import NOTHING, amount, missing, percent, whole

TIERS = ("high", "medium", "low")
TINT = 70
"""Percent of colour behind the riskiest cell."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How risks are spread, and the tiers cut from their ranks."""

    picture: Picture
    tiers: Grid


@dataclass(frozen=True, slots=True)
class Segments:
    """The k-means segments, and recency by frequency."""

    segments: Grid
    heat: Grid | None


def riskiest(facts: Facts) -> Grid | Absent:
    """The riskiest customers, a row each; columns that say nothing for anyone are left out."""
    rows = facts.riskiest
    if rows.empty:
        return _no_scores(facts)
    segment, value = rows["segment"].notna().any(), rows["value"].notna().any()
    headings: list[Heading] = ["Rank", "Customer", ("Risk", "Probability of leaving in the window."), "Tier"]
    headings += ["Segment"] if segment else []
    headings += [("Value", "Money a year."), ("Expected loss", "Risk × value, money a year.")] if value else []
    cells = (
        (
            whole(row["risk_rank"]),
            Cell(str(row["customer_id"]), kind="name"),
            Cell(percent(row["risk"]), bar=float(row["risk"])),
            Cell(str(row["tier"]), kind=f"tier {row['tier']}" if row["tier"] in TIERS else ""),
            *((NOTHING if missing(row["segment"]) else str(row["segment"]),) if segment else ()),
            *((amount(row["value"]), amount(row["expected_loss"])) if value else ()),
        )
        for row in rows.sort_values("risk_rank").to_dict("records")
    )
    return grid(f"The {len(rows)} riskiest customers", headings, cells, words=(1, 3, 4) if segment else (1, 3))


def spread(facts: Facts) -> Spread | Absent:
    """The histogram of risks and the tiers."""
    risks = facts.risks
    if risks.empty:
        return _no_scores(facts)
    scoring = facts.project.scoring
    caption = (
        "Each bar counts the customers of a span of two percentage points of risk. A long tail to the right is what a"
        " campaign can aim at; one hump means the model tells customers little apart. Tiers are cut by rank: the"
        f" riskiest {percent(scoring.high_share, 0)} are high, the next {percent(scoring.medium_share, 0)} medium."
    )
    return Spread(Picture(risk_histogram(risks), "Risk of all customers watched", caption), _tiers(risks))


def _tiers(risks: pd.DataFrame) -> Grid:
    sums = risks.groupby("tier")[["customers", "risk", "value", "expected_loss"]].sum(min_count=1)
    everyone = sums["customers"].sum()
    money = bool(risks["value"].notna().any())
    rows = [
        _sums(Cell(tier, kind=f"tier {tier}"), sums.loc[tier], everyone, money) for tier in TIERS if tier in sums.index
    ]
    rows.append(_sums(Cell("all"), sums.sum(min_count=1), everyone, money))
    return grid("Tiers", _sum_headings("Tier", money), rows, total=True)


def segments(facts: Facts) -> Segments | Absent:
    """Customers, mean risk and value of each segment, and the mean risk by recency and frequency."""
    if facts.project.segmentation is None:
        return Absent("The configuration asks for no segments (key segmentation).")
    rows = facts.segments
    if rows.empty:
        return Absent(f"There are no segments with scores for {facts.run.as_of}.", facts.how("build_features"))
    sums = rows.groupby("segment", dropna=False)[["customers", "high", "risk", "value", "expected_loss"]].sum(
        min_count=1
    )
    money, everyone = bool(rows["value"].notna().any()), sums["customers"].sum()
    typical = _typical(facts)
    headings = _sum_headings("Segment", money)
    headings[1:1] = [(name, f"Typical {name} of the segment (its centre).") for name in typical.columns]
    listed = []
    for segment, row in sums.iterrows():
        known: Any = typical.loc[str(segment)] if segment in typical.index else dict.fromkeys(typical.columns)
        title, *figures = _sums(Cell(NOTHING if missing(segment) else str(segment)), row, everyone, money)
        listed.append((title, *(amount(known[name]) for name in typical.columns), *figures))
    return Segments(grid("Segments (k-means), 0 has the highest value", headings, listed), _heat(rows))


def _typical(facts: Facts) -> pd.DataFrame:
    """The centres in the units of the RFM features: a row a segment."""
    segmentation = facts.project.segmentation
    names = [segmentation.recency, segmentation.frequency, segmentation.monetary] if segmentation else []
    centres = facts.centres[facts.centres["feature"].isin(names)]
    if centres.empty:
        return pd.DataFrame()
    table = centres.pivot_table(index="segment", columns="feature", values="typical", aggfunc="first")
    return table[[name for name in names if name in table.columns]]


def _heat(rows: pd.DataFrame) -> Grid | None:
    known = rows.dropna(subset=["recency_quintile", "frequency_quintile"])
    if known.empty:
        return None
    sums = known.groupby(["recency_quintile", "frequency_quintile"])[["customers", "risk"]].sum()
    means = (sums["risk"] / sums["customers"]).astype(float)
    most = means.max() or 1.0
    cells = [
        [Cell(_quintile(recency, "longest ago", "most recent"), kind="head")]
        + [_heat_cell(sums, means, most, (recency, frequency)) for frequency in range(1, 6)]
        for recency in range(5, 0, -1)
    ]
    headings = ["Recency", *(_quintile(f, "rarest", "most frequent") for f in range(1, 6))]
    return grid("Mean risk by recency (down) and frequency (across)", headings, cells)


def _heat_cell(sums: pd.DataFrame, means: pd.Series, most: float, at: tuple[int, int]) -> Cell:
    if at not in means.index:
        return Cell(NOTHING)
    return Cell(
        percent(means[at]),
        f"{whole(sums['customers'][at])} customers",
        "heat",
        bar=float(means[at]) / most * TINT / 100,
    )


def _quintile(number: int, least: str, most: str) -> str:
    return f"{number} ({least})" if number == 1 else f"{number} ({most})" if number == 5 else str(number)


def _sum_headings(first: str, money: bool) -> list[Heading]:
    headings: list[Heading] = [first, "Customers", "Share", ("Mean risk", "Mean probability of leaving.")]
    headings.append(("Leavers", "Expected to leave: the sum of the risks."))
    return headings + ([("Value", "Money a year."), ("Expected loss", "Money a year.")] if money else [])


def _sums(title: Cell, row: Any, everyone: float, money: bool) -> tuple[Cell | str, ...]:
    customers = row["customers"]
    figures = (whole(customers), percent(customers / everyone), percent(row["risk"] / customers), whole(row["risk"]))
    return (title, *figures, *((whole(row["value"]), whole(row["expected_loss"])) if money else ()))


def _no_scores(facts: Facts) -> Absent:
    return Absent(f"There are no scores for {facts.run.as_of}.", facts.how("score"))
