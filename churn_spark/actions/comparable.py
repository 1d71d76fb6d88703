"""Which customers effects are learnt from: those of whom chance decided what was done about the first plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

PLAN, TREATED, LEFT, RISK, WEIGHT = "(plan)", "(treated)", "(left)", "(risk)", "(weight)"
"""Columns beside the features of a customer; in brackets, as no feature is."""


@dataclass(frozen=True, slots=True)
class Side:
    """Customers of one side and those of them who left; sums of weights and their squares, of all and of who left."""

    customers: int = 0
    left: int = 0
    weights: float = 0.0
    squares: float = 0.0
    weights_left: float = 0.0
    squares_left: float = 0.0

    @property
    def stayed(self) -> int:
        return self.customers - self.left

    @property
    def fewer(self) -> int:
        """Those who left or those who stayed, whichever are fewer."""
        return min(self.left, self.stayed)


@dataclass(frozen=True, slots=True)
class Sides:
    """The customers of an action's comparison."""

    treated: Side = Side()
    control: Side = Side()

    @property
    def fewest(self) -> int:
        return min(self.treated.fewer, self.control.fewer)


def first_plans(outcomes: DataFrame, day: date) -> DataFrame:
    """The rows of `outcomes` by which the effect of an action can be seen at a date, with TREATED and WEIGHT.

    outcomes: from the first date on; customer_id, as_of_date, planned_action, action (null: nothing was done), arm,
    retained, matured_on, propensity, and whatever else is to be kept. A customer counts once, with the first plan there
    was, whatever came of it: later ones are made for those who are still there, and that depends on what was done.
    Whoever had an action at random before is left out. TREATED: got what was planned; not: was withheld. Who got
    another action at random is on neither side. WEIGHT: 1 / propensity, which turns each side into a picture of all for
    whom the action was planned, whatever share was withheld when. What matured after `day` is not known yet.
    """
    decided = outcomes.where(F.col("planned_action").isNotNull() | F.col("action").isNotNull())
    first = F.min_by(F.struct(*outcomes.columns), "as_of_date").alias("first")
    rows = decided.groupBy("customer_id").agg(first).select("first.*").where(F.col("planned_action").isNotNull())
    treated, withheld = F.col("action").eqNullSafe(F.col("planned_action")), F.col("arm") == "control"
    known = F.col("retained").isNotNull() & (F.col("matured_on") <= F.lit(day))
    return rows.where(known & (treated | withheld) & (F.col("propensity") > 0)).withColumns(
        {TREATED: treated, WEIGHT: 1 / F.col("propensity")}
    )


def comparable(outcomes: DataFrame, day: date) -> DataFrame:
    """The customers of `first_plans` as models know them: customer_id, as_of_date, PLAN (the planned action), TREATED,
    LEFT (1.0 or 0.0), RISK (see `log_odds`) and WEIGHT.
    """
    return first_plans(outcomes, day).select(
        "customer_id",
        "as_of_date",
        F.col("planned_action").alias(PLAN),
        TREATED,
        (1 - F.col("retained")).cast("double").alias(LEFT),
        log_odds("risk").alias(RISK),
        WEIGHT,
    )


def log_odds(risk: str) -> Column:
    """The log odds of a risk, by which models know it; of 0 and 1 those of a millionth and its counterpart."""
    inside = F.least(F.greatest(F.col(risk), F.lit(1e-6)), F.lit(1 - 1e-6))
    return F.log(inside / (1 - inside))


def sides(rows: DataFrame) -> dict[str, Sides]:
    """The sums of both sides by planned action; rows: see `comparable`."""
    weight = F.col(WEIGHT)
    sums = rows.groupBy(PLAN, TREATED).agg(
        F.count("*").alias("customers"),
        F.sum(LEFT).cast("long").alias("left"),
        F.sum(weight).alias("weights"),
        F.sum(weight * weight).alias("squares"),
        F.sum(weight * F.col(LEFT)).alias("weights_left"),
        F.sum(weight * weight * F.col(LEFT)).alias("squares_left"),
    )
    found: dict[str, dict[bool, Row]] = {}
    for row in sums.collect():
        found.setdefault(row[PLAN], {})[row[TREATED]] = row
    return {action: Sides(_side(by_side, True), _side(by_side, False)) for action, by_side in sorted(found.items())}


def _side(rows: Mapping[bool, Row], treated: bool) -> Side:
    row = rows.get(treated)
    return Side() if row is None else Side(*(row[name] for name in Side.__slots__))
