"""What actions have brought so far, as measured against customers who were withheld."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, grid
from churn_spark.report.query import Query
from churn_spark.report.section import Section
from churn_spark.report.units import money
from churn_spark.report.words import missing, percent, whole


def _measured(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    return tables["effects"].where(F.col("grouped_by") == "all")


MEASURED = Query(
    "measured",
    ("action", "treated", "control", "kept_share", "effect", "low", "high", "total_profit", "verdict"),
    lambda available: {"effects": (newest,) if (newest := available.newest("effects")) else ()},
    _measured,
)
"""The newest measured effect of each action, over all customers."""


UPLIFT = Query(
    "uplift",
    ("action", "verdict"),
    lambda available: {"uplift": (newest,) if (newest := available.newest("uplift")) else ()},
    lambda facts, tables: tables["uplift"],
)
"""What is known of whom each action helps more."""


def effect(facts: Facts) -> Grid | Absent:
    """A row for each action: fewer left in percentage points, what that brought, and how sure it is."""
    rows = facts[MEASURED]
    if rows.empty:
        return Absent("Nothing can be said of effects until the first interventions have matured.")
    unit = money(facts.project)
    uplift = dict(facts[UPLIFT][["action", "verdict"]].to_numpy().tolist())
    lines = [
        (
            Cell(str(row["action"]), f"{whole(row['treated'])} against {whole(row['control'])} withheld"),
            Cell(
                str(row["verdict"]),
                _said(_fewer(row["effect"], row["low"], row["high"]), uplift.get(row["action"])),
            ),
            Cell(whole(row["total_profit"]), "" if missing(row["total_profit"]) else unit),
        )
        for row in rows.sort_values("action").to_dict("records")
    ]
    return grid("Measured so far", ("Action", "Effect", "Profit"), lines, words=(0, 1))


def _said(fewer: str, uplift: str | None) -> str:
    return "; ".join(part for part in (fewer, uplift and f"ranking by uplift: {uplift}") if part)


def _fewer(value: object, low: object, high: object) -> str:
    if missing(value):
        return ""
    return f"{percent(value)} fewer left ({percent(low)} to {percent(high)})"


EFFECT = Section("effect", "What actions brought", effect, "{{ table(content) }}", (MEASURED, UPLIFT))
