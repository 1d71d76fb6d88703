"""The effect of actions: customers who got the planned action beside those for whom it was planned and withheld.

Who is withheld is drawn by chance, so both are alike but for the action (intention to treat), as long as nothing was
done before: each customer counts with the first plan (see `comparable`).
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from churn_spark.actions.comparable import TREATED, WEIGHT
from churn_spark.actions.proportions import Arm, difference_of_means, difference_of_shares, shrunk
from churn_spark.actions.qini import Qini, qini
from churn_spark.definitions.feedback import ALL, AUDIENCE, HARMS, SEGMENT, TOO_FEW, UNDECIDED, WORKS, Feedback

UNKNOWN = "unknown"
SCORES = 1000
"""Risks as fine as that are kept apart in a Qini curve."""
NOBODY = Arm(0, 0.0, 0.0, 0.0, 0.0, 0.0)
VERDICT = 3.0
"""Standard errors that a verdict needs. It is looked at again every day and for every group: of 95 % intervals one or
another lies beside the truth by and by. S. Pocock, Group sequential methods in the design and analysis of clinical
trials (1977).
"""
Group = tuple[str, str, str]
"""Action, what customers are grouped by, and the group."""


def arms(outcomes: DataFrame) -> dict[Group, dict[str, Arm]]:
    """The sums of both arms by planned action and group: one row for each reaches the driver.

    outcomes: see `comparable.first_plans`; planned_action, TREATED, WEIGHT, segment, audience, value, retained, cost.
    """
    group = [
        F.struct(F.lit(by).alias("by"), F.coalesce(name, F.lit(UNKNOWN)).alias("name"))
        for by, name in ((ALL, F.lit(ALL)), (SEGMENT, F.col("segment")), (AUDIENCE, F.col("audience")))
    ]
    n, left = F.col(WEIGHT), (1 - F.col("retained")).cast("double")
    y, v = n * left, n * F.coalesce("value", F.lit(0.0)) * F.col("retained")
    sums = (
        outcomes.select("*", F.explode(F.array(*group)).alias("group"))
        .groupBy("planned_action", "group", F.when(F.col(TREATED), "treated").otherwise("control").alias("arm"))
        .agg(
            F.count("*").alias("customers"),
            F.sum(left).cast("long").alias("customers_left"),
            *(F.sum(what).alias(name) for name, what in (("rows", n), ("left", y), ("value", v))),
            *(F.sum(what).alias(name) for name, what in (("nn", n * n), ("ny", n * y), ("yy", y * y))),
            *(F.sum(what).alias(name) for name, what in (("nv", n * v), ("vv", v * v))),
            F.sum(n * F.col("cost")).alias("cost"),
            (F.count("value") == F.count("*")).alias("valued"),
        )
    )
    found: dict[Group, dict[str, Arm]] = {}
    for row in sums.collect():
        group_key = (row["planned_action"], row["group"]["by"], row["group"]["name"])
        found.setdefault(group_key, {})[row["arm"]] = Arm(**{name: row[name] for name in Arm.__slots__})
    return found


def qini_curves(outcomes: DataFrame) -> dict[str, Qini | None]:
    """The Qini curve of the risk by planned action; risks that agree to a thousandth stand together.

    outcomes: see `comparable.first_plans`; planned_action, TREATED, WEIGHT, risk, retained.
    """
    treated, weight, left = F.col(TREATED), F.col(WEIGHT), 1 - F.col("retained")
    sums = {
        "treated": F.when(treated, weight),
        "treated_left": F.when(treated, weight * left),
        "control": F.when(~treated, weight),
        "control_left": F.when(~treated, weight * left),
    }
    counts = (
        outcomes.groupBy("planned_action", F.floor(F.col("risk") * SCORES).alias("score"))
        .agg(*(F.coalesce(F.sum(of), F.lit(0.0)).alias(name) for name, of in sums.items()))
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
    treated, control = by_arm.get("treated", NOBODY), by_arm.get("control", NOBODY)
    row: dict[str, object] = {
        "action": action,
        "grouped_by": grouped_by,
        "segment": segment,
        "treated": treated.customers,
        "control": control.customers,
        "treated_left": treated.customers_left,
        "control_left": control.customers_left,
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
        sure = difference_of_shares(control, treated, VERDICT)
        row["verdict"] = WORKS if sure.low > 0 else HARMS if sure.high < 0 else UNDECIDED
    return row


def _money(treated: Arm, control: Arm) -> dict[str, float]:
    kept = difference_of_means(treated, control)
    profit = kept.value - treated.cost / treated.rows
    return {
        "value_kept": kept.value,
        "value_low": kept.low,
        "value_high": kept.high,
        "profit": profit,
        "total_profit": profit * treated.customers,
    }
