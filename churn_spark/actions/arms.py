"""What is done of a plan: it is carried out, withheld, or replaced by an action at random; and how likely that was."""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.exploring import STEPS, Drawn, explored_steps
from churn_spark.actions.holdout import EXPLORE, draw, in_control
from churn_spark.actions.terms import NOTHING, Places, room
from churn_spark.definitions.actions import Holdout, Interventions


@dataclass(frozen=True, slots=True)
class Arms:
    """customers: those given with `arm`, `done` (number of an action or null) and `propensity`.

    steps: by action, of STEPS steps of the share `explore`, how many were left.
    """

    customers: DataFrame
    steps: tuple[int, ...]

    @property
    def lowered(self) -> bool:
        """Whether fewer explore than configured."""
        return any(step < STEPS for step in self.steps)


def drawn(customers: DataFrame, holdout: Holdout, day: date) -> DataFrame:
    """Add `control`, `step` and `random`, the number of the action that is done if the customer explores, or null.

    customers: customer_id, suits (numbers of the actions that may be taken). The random action is drawn anew at each
    as-of date; who is in the control group and who explores is not.
    """
    position = F.floor(draw(holdout, f"which {day}") * F.size("suits")).cast("int")
    outside = draw(holdout, EXPLORE) / F.lit(holdout.explore) if holdout.explore else F.lit(1.0)
    return customers.withColumns(
        {
            "control": in_control(holdout),
            "step": F.least(F.floor(outside * F.lit(STEPS)), F.lit(STEPS)).cast("int"),
            "random": F.get("suits", position),
        }
    )


def assigned(customers: DataFrame, playbook: Interventions) -> Arms:
    """The arm of each customer, and what is done.

    customers: suits, planned, and the columns of `drawn`; counted once, so persisted by the caller.
    """
    steps = explored_steps(_counted(customers), room(playbook))
    allowed = F.element_at(F.array(*map(F.lit, map(int, steps))), F.col("random") + 1)
    exploring = F.col("random").isNotNull() & (F.col("step") < allowed)
    arm = (
        F.when(F.col("control"), "control")
        .when(exploring, "explore")
        .when(F.col("planned").isNotNull(), "treated")
        .otherwise("none")
    )
    done = F.when(arm == "explore", F.col("random")).when(arm == "treated", F.col("planned"))
    acted = customers.withColumns({"arm": arm, "done": done})
    return Arms(acted.withColumn("propensity", _propensity(playbook, steps)), tuple(map(int, steps)))


def _counted(customers: DataFrame) -> Drawn:
    """At most (STEPS + 1) x (actions + 1) squared rows."""
    exploring = F.when(F.col("step") < STEPS, F.coalesce("random", F.lit(NOTHING))).otherwise(NOTHING)
    keys = [F.col("step"), F.coalesce("planned", F.lit(NOTHING)).alias("planned"), exploring.alias("random")]
    counts = customers.where(~F.col("control")).groupBy(*keys).agg(F.count(F.lit(1)).alias("customers")).collect()
    columns = ([row[name] for row in counts] for name in ("step", "planned", "random", "customers"))
    return Drawn(*(np.array(column, dtype=np.int64) for column in columns))


def _propensity(playbook: Interventions, steps: Places) -> Column:
    """Probability of what is done, over all draws.

    With c of the control group, m actions that may be taken and e_k of the others exploring action k where it is
    drawn, somebody outside the control group gets k at random with e_k / m, and keeps the plan with what is left.
    """
    holdout = playbook.holdout
    chances = [
        F.when(F.array_contains("suits", k), F.lit(holdout.explore * int(step) / STEPS) / F.size("suits")).otherwise(
            0.0
        )
        for k, step in enumerate(steps)
    ]
    plan_kept = F.lit(1.0) - reduce(add, chances)
    at_random = reduce(add, (F.when(F.col("done") == k, chance).otherwise(0.0) for k, chance in enumerate(chances)))
    as_planned = F.col("done").eqNullSafe(F.col("planned"))
    outside = at_random + F.when(as_planned, plan_kept).otherwise(0.0)
    control = F.when(F.col("done").isNull(), F.lit(holdout.control)).otherwise(0.0)
    return control + F.lit(1 - holdout.control) * outside
