"""Segments: what is typical of them, how risky they are, and risk by recency and frequency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import month
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, grid
from churn_spark.report.query import Available, Dates, Query
from churn_spark.report.risk_sums import sum_cells, sum_headings
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import sums
from churn_spark.report.units import counted, unit
from churn_spark.report.words import NOTHING, amount, joined, missing, percent, whole

TINT = 70
"""Percent of colour behind the riskiest cell."""


@dataclass(frozen=True, slots=True)
class Segments:
    """The k-means segments with what is typical of them, and recency by frequency."""

    segments: Grid
    typical: str
    heat: Grid | None


def _of_the_date(available: Available) -> Mapping[str, Dates]:
    if available.project.segmentation is None:
        return {}
    return {"risk_scores": (available.as_of,), "segments": (available.as_of,)}


def _segment_rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    scores = tables["risk_scores"].select("customer_id", "risk", "tier", "value", "expected_loss")
    segmented = tables["segments"].select("customer_id", "segment", "recency_quintile", "frequency_quintile")
    high = F.sum(F.when(F.col("tier") == "high", 1).otherwise(0)).alias("high")
    return (
        segmented.join(scores, on="customer_id", how="inner")
        .groupBy(F.col("segment").cast("string").alias("segment"), "recency_quintile", "frequency_quintile")
        .agg(F.count("*").alias("customers"), high, *sums("risk", "value", "expected_loss"))
    )


SEGMENTS = Query(
    "segments",
    ("segment", "recency_quintile", "frequency_quintile", "customers", "high", "risk", "value", "expected_loss"),
    _of_the_date,
    _segment_rows,
)
"""Customers with scores, those of the high tier, and sums, by k-means segment, recency and frequency quintile."""


def _month(available: Available) -> Mapping[str, Dates]:
    return {"segment_centres": (month(available.as_of),)} if available.project.segmentation else {}


def _centre_rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    """They are kept as standardised log(1 + value)."""
    typical = F.expm1(F.col("centre") * F.col("std") + F.col("mean")).alias("typical")
    chosen = tables["segment_centres"].where(F.col("feature").isin(*_roles(facts)))
    return chosen.select(F.col("segment").cast("string").alias("segment"), "feature", typical)


CENTRES = Query("centres", ("segment", "feature", "typical"), _month, _centre_rows)
"""The centres of the segments, in the units of the features that describe them."""


def segments(facts: Facts) -> Segments | Absent:
    """Customers, mean risk and value of each segment, and the mean risk by recency and frequency."""
    if facts.project.segmentation is None:
        return Absent("The configuration asks for no segments (key segmentation).")
    rows = facts[SEGMENTS]
    if rows.empty:
        return Absent(f"There are no segments with scores for {facts.as_of}.", facts.how("build_features"))
    sums = rows.groupby("segment", dropna=False)[["customers", "high", "risk", "value", "expected_loss"]].sum(
        min_count=1
    )
    value, everyone = bool(rows["value"].notna().any()), sums["customers"].sum()
    typical, roles = _typical(facts), _roles(facts)
    headings = sum_headings(facts, "Segment", value)
    headings += [(roles[name], f"Typical {name} of the segment (its centre).") for name in typical.columns]
    listed = []
    for segment, row in sums.iterrows():
        known: Any = typical.loc[str(segment)] if segment in typical.index else dict.fromkeys(typical.columns)
        title, *figures = sum_cells(Cell(NOTHING if missing(segment) else str(segment)), row, everyone, value)
        listed.append((title, *figures, *(amount(known[name]) for name in typical.columns)))
    centres = f"What is typical of a segment are the values at its centre: {joined(typical.columns)}."
    listed_segments = grid("Segments (k-means), 0 has the highest value", headings, listed)
    return Segments(listed_segments, centres if len(typical.columns) else "", _heat(rows))


def _roles(facts: Facts) -> dict[str, str]:
    """Short headings of the features that describe segments."""
    chosen = facts.project.segmentation
    if chosen is None:
        return {}
    heading = counted("Monetary", unit(facts.project, chosen.monetary))
    return {chosen.recency: "Recency, days", chosen.frequency: "Frequency", chosen.monetary: heading}


def _typical(facts: Facts) -> pd.DataFrame:
    """The centres in the units of the RFM features: one row per segment."""
    centres = facts[CENTRES]
    if centres.empty:
        return pd.DataFrame()
    table = centres.pivot_table(index="segment", columns="feature", values="typical", aggfunc="first")
    return table[[name for name in _roles(facts) if name in table.columns]]


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


SEGMENTED = Section(
    "segments",
    "Segments",
    segments,
    """
{{ table(content.segments) }}
{% if content.typical %}
<p>{{ content.typical }}</p>
{% endif %}
{% if content.heat %}
<p>The redder, the more of these customers are expected to leave. Frequent customers gone quiet (lower right)
are worth a call.</p>
{{ table(content.heat, "heat") }}
{% endif %}
""",
    (SEGMENTS, CENTRES),
)
