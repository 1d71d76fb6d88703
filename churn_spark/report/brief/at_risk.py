"""Who is at risk, and why: the customers with new alerts."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from churn_spark.report.brief.queries import ALERTED, AT_RISK, MOVERS
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, grid
from churn_spark.report.risk_sums import tier_cell
from churn_spark.report.section import Section
from churn_spark.report.units import money
from churn_spark.report.words import missing, percent, whole

SAID = 2
"""Reasons named of a customer."""


@dataclass(frozen=True, slots=True)
class Customers:
    """Those with alerts, and those whose risk rose most; None: there are none."""

    at_risk: Grid
    movers: Grid | None


def customers(facts: Facts) -> Customers | Absent:
    """The first customers of each list."""
    if facts[ALERTED].empty:
        return no_alerts(facts)
    rows = facts[AT_RISK]
    if rows.empty:
        return Absent("Nobody is above the line who was not before.")
    value, unit = rows["expected_loss"].notna().any(), money(facts.project)
    listed = (
        (
            _customer(row),
            Cell(percent(row["risk"], 0), _loss(row["expected_loss"], unit), bar=float(row["risk"])),
        )
        for row in rows.to_dict("records")
    )
    title = "Most depends on these (below the risk: the expected loss)" if value else "The riskiest"
    return Customers(grid(title, ("Customer", "Risk"), listed), _movers(facts))


def _loss(value: object, unit: str) -> str:
    return "" if missing(value) else f"{whole(value)}\u00a0{unit}".strip()


def _movers(facts: Facts) -> Grid | None:
    rows = facts[MOVERS]
    if rows.empty:
        return None
    listed = (
        (
            _customer(row),
            Cell(percent(row["risk"], 0), f"from {percent(row['previous_risk'], 0)}", bar=float(row["risk"])),
        )
        for row in rows.to_dict("records")
    )
    return grid("Risk rose most", ("Customer", "Risk"), listed)


def _customer(row: Mapping[Hashable, Any]) -> Cell:
    """The customer with the main reasons below."""
    reasons = row["reasons"]
    said = "; ".join(list(reasons)[:SAID]) if isinstance(reasons, list | tuple) else ""
    tier = tier_cell(str(row["tier"]))
    return Cell(str(row["customer_id"]), said, tier.kind)


def no_alerts(facts: Facts) -> Absent:
    """Why there is nothing to show of alerts."""
    if facts.as_of in facts.available.dates("alerts"):
        return Absent("Nobody is above the line.")
    return Absent(f"The alerts of {facts.as_of} were not made.", facts.how("alert"))


WHO = Section(
    "who",
    "Who is at risk, and why",
    customers,
    """
{{ table(content.at_risk) }}
{% if content.movers %}
{{ table(content.movers) }}
{% endif %}
""",
    (ALERTED, AT_RISK, MOVERS),
)
