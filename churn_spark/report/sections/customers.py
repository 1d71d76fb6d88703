"""The riskiest customers, and those with the largest expected loss."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Heading, grid
from churn_spark.report.query import Query
from churn_spark.report.risk_sums import loss_cell, loss_heading, no_scores, tier_cell
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import contactable, scores_of_the_date
from churn_spark.report.words import NOTHING, missing, percent, whole

MOST_RISKY = 20
MOST_COSTLY = 10


@dataclass(frozen=True, slots=True)
class CustomerLists:
    """The riskiest customers, and those with the largest expected loss where customers have a value.

    withheld: whether customers of the control group are left out.
    """

    riskiest: Grid
    costliest: Grid | None
    withheld: bool


def _riskiest_rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    return contactable(facts, tables["risk_scores"]).orderBy("risk_rank").limit(MOST_RISKY)


RISKIEST = Query(
    "riskiest",
    ("risk_rank", "customer_id", "risk", "tier", "segment", "value", "expected_loss"),
    scores_of_the_date,
    _riskiest_rows,
)


def _costliest_rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    valued = contactable(facts, tables["risk_scores"]).where(F.col("expected_loss").isNotNull())
    return valued.orderBy(F.desc("expected_loss"), "risk_rank").limit(MOST_COSTLY)


COSTLIEST = Query(
    "costliest",
    ("risk_rank", "customer_id", "risk", "tier", "value", "expected_loss"),
    lambda available: scores_of_the_date(available) if available.project.has_value else {},
    _costliest_rows,
)


def customer_lists(facts: Facts) -> CustomerLists | Absent:
    """The customers that are listed by name."""
    if facts[RISKIEST].empty:
        return no_scores(facts)
    costliest = _costliest(facts) if len(facts[COSTLIEST]) else None
    return CustomerLists(_riskiest(facts), costliest, facts.project.interventions is not None)


def _riskiest(facts: Facts) -> Grid:
    """One row per customer; columns that say nothing for anyone are left out."""
    rows = facts[RISKIEST]
    segment, value = rows["segment"].notna().any(), rows["value"].notna().any()
    headings: list[Heading] = ["Rank", "Customer", ("Risk", "Probability of leaving in the window."), "Tier"]
    headings += ["Segment"] if segment else []
    headings += [loss_heading(facts)] if value else []
    cells = (
        (
            whole(row["risk_rank"]),
            Cell(str(row["customer_id"]), kind="name"),
            Cell(percent(row["risk"]), bar=float(row["risk"])),
            tier_cell(str(row["tier"])),
            *((NOTHING if missing(row["segment"]) else str(row["segment"]),) if segment else ()),
            *((loss_cell(row),) if value else ()),
        )
        for row in rows.sort_values("risk_rank").to_dict("records")
    )
    return grid(f"The {len(rows)} riskiest customers", headings, cells, words=(1, 3, 4) if segment else (1, 3))


def _costliest(facts: Facts) -> Grid:
    rows = facts[COSTLIEST].sort_values(["expected_loss", "risk_rank"], ascending=[False, True])
    cells = (
        (Cell(str(row["customer_id"]), kind="name"), loss_cell(row), percent(row["risk"]), tier_cell(str(row["tier"])))
        for row in rows.to_dict("records")
    )
    headings = ("Customer", loss_heading(facts), "Risk", "Tier")
    return grid(f"The {len(rows)} largest expected losses", headings, cells, words=(0, 3))


CUSTOMERS = Section(
    "customers",
    "The riskiest customers",
    customer_lists,
    """
<p>Ranked by the model's score. A risk of 60 % says: of ten customers like this one, six leave.
{%- if content.withheld %} Customers of the control group, who are not to be contacted, are left out.{% endif %}</p>
{% if content.costliest %}
<div class="lists">
{{ table(content.riskiest) }}
{{ table(content.costliest) }}
</div>
{% else %}
{{ table(content.riskiest) }}
{% endif %}
""",
    (RISKIEST, COSTLIEST),
)
