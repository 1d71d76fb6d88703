"""The effect of actions: customers who got the planned action beside those for whom it was planned and withheld.

Who is withheld is drawn by chance, so both are alike but for the action (intention to treat). Customers who got another
action at random (explore) are on neither side; as that is drawn too, leaving them out changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from churn_spark.actions.proportions import Arm, difference_of_means, difference_of_shares, shrunk
from churn_spark.actions.qini import Qini, qini
from churn_spark.definitions.feedback import ALL, AUDIENCE, HARMS, SEGMENT, TOO_FEW, UNDECIDED, WORKS, Feedback

UNKNOWN = "unknown"
TREATED, CONTROL = ARMS = ("treated", "control")
SCORES = 1000
"""Risks as fine as that are kept apart in a Qini curve."""
NOBODY = Arm(0, 0, 0, 0.0, 0.0, 0.0)
Group = tuple[str, str, str]
"""Action, what customers are grouped by, and the group."""


def compared(outcomes: DataFrame) -> DataFrame:
    """The outcomes that say something of an effect: something was planned, the customer was treated or withheld, and
    whether it stayed is known.
    """
    return outcomes.where(
        F.col("planned_action").isNotNull() & F.col("arm").isin(*ARMS) & F.col("retained").isNotNull()
    )


def arms(outcomes: DataFrame) -> dict[Group, dict[str, Arm]]:
    """The sums of both arms by planned action and group: one row for each reaches the driver.

    outcomes: see `compared`; customer_id, planned_action, arm, segment, audience, value, retained, cost.
    """
    group = [
        F.struct(F.lit(by).alias("by"), F.coalesce(name, F.lit(UNKNOWN)).alias("name"))
        for by, name in ((ALL, F.lit(ALL)), (SEGMENT, F.col("segment")), (AUDIENCE, F.col("audience")))
    ]
    kept = F.col("value") * F.col("retained")
    by_customer = (
        outcomes.select("*", F.explode(F.array(*group)).alias("group"))
        .groupBy("planned_action", "group", "arm", "customer_id")
        .agg(
            F.count("*").cast("double").alias("n"),
            F.sum(1 - F.col("retained")).cast("double").alias("y"),
            F.sum(kept).alias("v"),
            F.sum("cost").alias("cost"),
            F.count("value").alias("values"),
        )
    )
    n, y, v = (F.col(name) for name in ("n", "y", "v"))
    sums = by_customer.groupBy("planned_action", "group", "arm").agg(
        F.count("*").alias("customers"),
        F.sum(n).cast("long").alias("rows"),
        F.sum(y).cast("long").alias("left"),
        F.sum(n * n).alias("nn"),
        F.sum(n * y).alias("ny"),
        F.sum(y * y).alias("yy"),
        *(F.coalesce(F.sum(what), F.lit(0.0)).alias(name) for name, what in (("value", v), ("nv", n * v))),
        F.coalesce(F.sum(v * v), F.lit(0.0)).alias("vv"),
        F.sum("cost").alias("cost"),
        (F.sum("values") == F.sum(n)).alias("valued"),
    )
    found: dict[Group, dict[str, Arm]] = {}
    for row in sums.collect():
        group_key = (row["planned_action"], row["group"]["by"], row["group"]["name"])
        found.setdefault(group_key, {})[row["arm"]] = Arm(**{name: row[name] for name in Arm.__slots__})
    return found


def qini_curves(outcomes: DataFrame) -> dict[str, Qini | None]:
    """The Qini curve of the risk by planned action; risks that agree to a thousandth stand together.

    outcomes: see `compared`; planned_action, arm, risk, retained.
    """
    treated, left = F.col("arm") == TREATED, 1 - F.col("retained")
    counts = (
        outcomes.groupBy("planned_action", F.floor(F.col("risk") * SCORES).alias("score"))
        .agg(
            F.count_if(treated).alias("treated"),
            F.sum(F.when(treated, left).otherwise(0)).alias("treated_left"),
            F.count_if(~treated).alias("control"),
            F.sum(F.when(treated, 0).otherwise(left)).alias("control_left"),
        )
        .collect()
    )
    by_action: dict[str, list[Row]] = {}
    for row in sorted(counts, key=lambda row: -int(row["score"])):
        by_action.setdefault(row["planned_action"], []).append(row)
    return {action: qini(*_columns(rows)) for action, rows in by_action.items()}


def _columns(rows: Sequence[Row]) -> Iterable[np.ndarray]:
    names = ("treated", "treated_left", "control", "control_left")
    return [np.array([row[name] for row in rows], dtype=np.float64) for name in names]


def effect_row(
    group: Group, by_arm: Mapping[str, Arm], curve: Qini | None, prior: float | None, settings: Feedback
) -> dict[str, object]:
    """A row of `effects` without its date. curve: of everybody, else None. prior: what the playbook says."""
    action, grouped_by, segment = group
    treated, control = by_arm.get(TREATED, NOBODY), by_arm.get(CONTROL, NOBODY)
    row: dict[str, object] = {
        "action": action,
        "grouped_by": grouped_by,
        "segment": segment,
        "treated": treated.rows,
        "control": control.rows,
        "treated_customers": treated.customers,
        "control_customers": control.customers,
        "treated_left": treated.left,
        "control_left": control.left,
        "cost": treated.cost / treated.rows if treated.rows else None,
        "prior": prior,
        "shrunk": prior,
        "qini": curve.coefficient if curve else None,
        "qini_points": [*curve.points] if curve else None,
        "verdict": TOO_FEW,
    }
    if not (treated.rows and control.rows):
        return row
    effect = difference_of_shares(control, treated)
    row |= {"effect": effect.value, "low": effect.low, "high": effect.high}
    row["kept_share"] = effect.value / control.share if control.left else None
    if prior is not None:
        row["shrunk"] = shrunk(treated, control, prior, settings.prior_customers)
    if treated.valued and control.valued:
        row |= _money(treated, control)
    if min(treated.customers, control.customers) >= settings.least:
        row["verdict"] = WORKS if effect.low > 0 else HARMS if effect.high < 0 else UNDECIDED
    return row


def _money(treated: Arm, control: Arm) -> dict[str, float]:
    kept = difference_of_means(treated, control)
    profit = kept.value - treated.cost / treated.rows
    return {
        "value_kept": kept.value,
        "value_low": kept.low,
        "value_high": kept.high,
        "profit": profit,
        "total_profit": profit * treated.rows,
    }
