"""Who is at risk: the riskiest few, the spread of risks, tiers and segments."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Heading, Picture, grid
from churn_spark.report.risk_charts import risk_histogram
from churn_spark.report.units import counted, money, unit
from churn_spark.report.words import NOTHING, amount, joined, missing, percent, whole

TIERS = ("high", "medium", "low")
TINT = 70
"""Percent of colour behind the riskiest cell."""


@dataclass(frozen=True, slots=True)
class Named:
    """The riskiest customers, and those with the largest expected loss where customers have a value."""

    riskiest: Grid
    costliest: Grid | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How risks are spread, and the tiers cut from their ranks."""

    picture: Picture
    tiers: Grid


@dataclass(frozen=True, slots=True)
class Segments:
    """The k-means segments with what is typical of them, and recency by frequency."""

    segments: Grid
    typical: str
    heat: Grid | None


def named(facts: Facts) -> Named | Absent:
    """The customers that are told by name."""
    if facts.riskiest.empty:
        return _no_scores(facts)
    return Named(_riskiest(facts), _costliest(facts) if len(facts.costliest) else None)


def _riskiest(facts: Facts) -> Grid:
    """A row a customer; columns that say nothing for anyone are left out."""
    rows = facts.riskiest
    segment, value = rows["segment"].notna().any(), rows["value"].notna().any()
    headings: list[Heading] = ["Rank", "Customer", ("Risk", "Probability of leaving in the window."), "Tier"]
    headings += ["Segment"] if segment else []
    headings += [_loss_heading(facts)] if value else []
    cells = (
        (
            whole(row["risk_rank"]),
            Cell(str(row["customer_id"]), kind="name"),
            Cell(percent(row["risk"]), bar=float(row["risk"])),
            _tier(str(row["tier"])),
            *((NOTHING if missing(row["segment"]) else str(row["segment"]),) if segment else ()),
            *((_loss(row),) if value else ()),
        )
        for row in rows.sort_values("risk_rank").to_dict("records")
    )
    return grid(f"The {len(rows)} riskiest customers", headings, cells, words=(1, 3, 4) if segment else (1, 3))


def _costliest(facts: Facts) -> Grid:
    rows = facts.costliest.sort_values(["expected_loss", "risk_rank"], ascending=[False, True])
    cells = (
        (Cell(str(row["customer_id"]), kind="name"), _loss(row), percent(row["risk"]), _tier(str(row["tier"])))
        for row in rows.to_dict("records")
    )
    headings = ("Customer", _loss_heading(facts), "Risk", "Tier")
    return grid(f"The {len(rows)} largest expected losses", headings, cells, words=(0, 3))


def _tier(name: str) -> Cell:
    return Cell(name, kind=f"tier {name}" if name in TIERS else "")


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
    return Spread(Picture(risk_histogram(risks), "Risk of all customers watched", caption), _tiers(facts))


def _tiers(facts: Facts) -> Grid:
    risks = facts.risks
    sums = risks.groupby("tier")[["customers", "risk", "value", "expected_loss"]].sum(min_count=1)
    everyone = sums["customers"].sum()
    value = bool(risks["value"].notna().any())
    rows = [_sums(_tier(tier), sums.loc[tier], everyone, value) for tier in TIERS if tier in sums.index]
    rows.append(_sums(Cell("all"), sums.sum(min_count=1), everyone, value))
    return grid("Tiers", _sum_headings(facts, "Tier", value), rows, total=True)


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
    value, everyone = bool(rows["value"].notna().any()), sums["customers"].sum()
    typical, roles = _typical(facts), _roles(facts)
    headings = _sum_headings(facts, "Segment", value)
    headings += [(roles[name], f"Typical {name} of the segment (its centre).") for name in typical.columns]
    listed = []
    for segment, row in sums.iterrows():
        known: Any = typical.loc[str(segment)] if segment in typical.index else dict.fromkeys(typical.columns)
        title, *figures = _sums(Cell(NOTHING if missing(segment) else str(segment)), row, everyone, value)
        listed.append((title, *figures, *(amount(known[name]) for name in typical.columns)))
    told = f"What is typical of a segment are the values at its centre: {joined(typical.columns)}."
    listed_segments = grid("Segments (k-means), 0 has the highest value", headings, listed)
    return Segments(listed_segments, told if len(typical.columns) else "", _heat(rows))


def _roles(facts: Facts) -> dict[str, str]:
    """Short headings of the features that segments are told by."""
    chosen = facts.project.segmentation
    if chosen is None:
        return {}
    heading = counted("Monetary", unit(facts.project, chosen.monetary))
    return {chosen.recency: "Recency, days", chosen.frequency: "Frequency", chosen.monetary: heading}


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


def _sum_headings(facts: Facts, first: str, value: bool) -> list[Heading]:
    headings: list[Heading] = [first, ("Customers", "Below: their share of all.")]
    headings += [("Mean risk", "Mean probability of leaving."), ("Leavers", "Expected to leave: the sum of the risks.")]
    return headings + ([_loss_heading(facts)] if value else [])


def _sums(title: Cell, row: Any, everyone: float, value: bool) -> tuple[Cell | str, ...]:
    customers = row["customers"]
    people = Cell(whole(customers), percent(customers / everyone))
    return (title, people, percent(row["risk"] / customers), whole(row["risk"]), *((_loss(row),) if value else ()))


def _loss_heading(facts: Facts) -> Heading:
    of = money(facts.project)
    return counted("Expected loss", of), f"Risk × value, {of or 'money'} a year; below: the value that is at risk."


def _loss(row: Any) -> Cell:
    return Cell(whole(row["expected_loss"]), "" if missing(row["value"]) else f"of\u00a0{whole(row['value'])}")


def _no_scores(facts: Facts) -> Absent:
    return Absent(f"There are no scores for {facts.run.as_of}.", facts.how("score"))
