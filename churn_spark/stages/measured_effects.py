"""What is known of the effects of actions when a plan is made."""

from dataclasses import replace
from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.actions import Interventions
from churn_spark.definitions.feedback import ALL, TOO_FEW
from churn_spark.definitions.project import Project
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.outcomes import EFFECTS


def measured_effects(project: Project, catalog: Catalog, as_of: date) -> dict[str, float]:
    """The share of leavers that each action keeps, by the newest effects of an earlier date; 0 where it harms.

    Effects of the date itself do not count, so that a plan is the same whether or not they were measured before it.
    Actions of which too little was measured are not in it.
    """
    days = [day for day, state in catalog.ledger.partitions(EFFECTS.name).items() if day < as_of and state.rows]
    if not days:
        return {}
    rows = catalog.read(EFFECTS, [max(days)]).where(
        (F.col("grouped_by") == ALL) & F.col("shrunk").isNotNull() & (F.col("verdict") != TOO_FEW)
    )
    return {row["action"]: min(max(row["shrunk"], 0.0), 1.0) for row in rows.select("action", "shrunk").collect()}


def learnt(project: Project, catalog: Catalog, as_of: date) -> Interventions | None:
    """The playbook that a plan of a date goes by: with the measured effects where feedback.learn says so."""
    playbook = project.interventions
    if playbook is None or not project.feedback.learn:
        return playbook
    measured = measured_effects(project, catalog, as_of)
    actions = tuple(replace(one, effect=measured.get(one.name, one.effect)) for one in playbook.actions)
    return replace(playbook, actions=actions)
