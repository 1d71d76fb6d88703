"""Which customers an uplift may be learnt from: those of whom chance decided what was done about the same plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

PLAN, TREATED, LEFT, RISK, WEIGHT = "(plan)", "(treated)", "(left)", "(risk)", "(weight)"
"""Columns beside the features of a customer; in brackets, as no feature is."""


@dataclass(frozen=True, slots=True)
class Side:
    """Customers of one side, those of them who left, and sums of their weights and of the squares."""

    customers: int = 0
    left: int = 0
    weights: float = 0.0
    squares: float = 0.0

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


def comparable(outcomes: DataFrame, day: date) -> DataFrame:
    """The customers that can be compared at a date.

    Returns customer_id, as_of_date, PLAN (the planned action), TREATED, LEFT (1.0 or 0.0), RISK (see `log_odds`) and
    WEIGHT; outcomes that matured after `day` are not among them.

    outcomes: customer_id, as_of_date, planned_action, action (null: nothing was done), arm, retained, matured_on, risk,
    propensity. A customer counts once for each action: with the first plan of it that `outcomes` has, whatever came of
    it, as what follows is changed by what was done. Treated is who got what was planned, withheld who got nothing; who
    got another action at random is on neither side. WEIGHT: 1 / propensity, which turns each side into a picture of all
    for whom the action was planned.
    """
    names = ("action", "arm", "retained", "matured_on", "risk", "propensity")
    first = F.min_by(F.struct("as_of_date", *names), "as_of_date").alias("first")
    plans = outcomes.where(F.col("planned_action").isNotNull()).groupBy("customer_id", "planned_action").agg(first)
    rows = plans.select("customer_id", "planned_action", "first.*")
    treated, withheld = F.col("action").eqNullSafe(F.col("planned_action")), F.col("arm") == "control"
    known = F.col("retained").isNotNull() & (F.col("matured_on") <= F.lit(day))
    return rows.where(known & (treated | withheld) & (F.col("propensity") > 0)).select(
        "customer_id",
        "as_of_date",
        F.col("planned_action").alias(PLAN),
        treated.alias(TREATED),
        (1 - F.col("retained")).cast("double").alias(LEFT),
        log_odds("risk").alias(RISK),
        (1 / F.col("propensity")).alias(WEIGHT),
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
    )
    found: dict[str, dict[bool, Row]] = {}
    for row in sums.collect():
        found.setdefault(row[PLAN], {})[row[TREATED]] = row
    return {action: Sides(_side(by_side, True), _side(by_side, False)) for action, by_side in sorted(found.items())}


def _side(rows: Mapping[bool, Row], treated: bool) -> Side:
    row = rows.get(treated)
    return Side() if row is None else Side(*(row[name] for name in Side.__slots__))
