"""What a plan comes to, in sums and in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.arms import Arms
from churn_spark.actions.exploring import STEPS
from churn_spark.actions.planning import Plan, bound
from churn_spark.actions.terms import terms
from churn_spark.definitions.actions import Arm, Interventions


@dataclass(frozen=True, slots=True)
class Summary:
    """customers: above the line; planned: with an action. profit, and what the best plan brings at `most`: money.

    arms: customers and cost of what is done, by arm.
    """

    customers: int
    planned: int
    profit: float
    most: float
    arms: dict[str, tuple[int, float]]

    @property
    def missed(self) -> float:
        """The largest share of the best plan's profit that this plan may miss."""
        return max(0.0, 1 - self.profit / self.most) if self.most > 0 else 0.0


def summed(rows: DataFrame, plan: Plan, playbook: Interventions) -> Summary:
    """The sums of a plan. rows: at_stake, effects, pays, arm, planned_action, expected_profit, cost of what is done."""
    terms_ = terms(playbook)
    sums = rows.groupBy("arm").agg(
        F.count(F.lit(1)).alias("customers"),
        F.count("planned_action").alias("planned"),
        F.coalesce(F.sum("expected_profit"), F.lit(0.0)).alias("profit"),
        F.sum("cost").alias("cost"),
        bound(plan, terms_).alias("gains"),
    )
    by_arm = sums.collect()
    most = sum(row.gains for row in by_arm) + (plan.prices.of_all(terms_) if plan.prices else 0.0)
    return Summary(
        customers=sum(row.customers for row in by_arm),
        planned=sum(row.planned for row in by_arm),
        profit=sum(row.profit for row in by_arm),
        most=most if plan.most is None else min(most, plan.most),
        arms={row.arm: (row.customers, row.cost) for row in by_arm},
    )


def sentences(summary: Summary, arms: Arms, playbook: Interventions) -> Iterator[str]:
    """The plan, the arms, and what could not be tried as often as configured."""
    yield (
        f"plan: {summary.planned:,} of {summary.customers:,} customers, profit {summary.profit:,.0f}"
        f" ({_below(summary.missed)})"
    )
    counts = [f"{summary.arms.get(arm, (0, 0.0))[0]:,} {arm}" for arm in get_args(Arm)]
    spent = sum(cost for _, cost in summary.arms.values())
    of_budget = f" of {playbook.budget:,.0f}" if playbook.budget is not None else ""
    yield f"arms: {', '.join(counts)}; what is done costs {spent:,.0f}{of_budget}"
    fewer = {
        action.name: playbook.holdout.explore * step / STEPS
        for action, step in zip(playbook.actions, arms.steps, strict=True)
        if step < STEPS
    }
    if fewer and playbook.holdout.explore:
        tried = ", ".join(f"{name} {share:.2%}" for name, share in fewer.items())
        yield (
            f"explored less than {playbook.holdout.explore:.2%}, as more would not fit into what the plan leaves of"
            f" budget and capacities: {tried}"
        )


def _below(missed: float) -> str:
    """In tenths of a percent, rounded up: it is an upper bound."""
    if missed < 1e-9:
        return "the optimum"
    return f"at most {-(-missed * 1000 // 1) / 10:.1f} % below the optimum"
