"""The plan for everybody: at most one action for each customer, for the highest profit within budget and capacities.

Customers of one kind, on whom every action has the same effect, and for whom the same actions pay, differ in one number
only, what is at stake: value x risk. So they are counted in groups by it, and only these counts reach the driver, which
finds the prices and with them the groups that are served as a whole. Groups on the margin are taken apart and counted
again, until a few customers are left to be settled one by one. All of it rests on counts, extremes and comparisons,
which do not depend on the order of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from churn_spark.actions.allotment import PARTS, Allotment, Cut, allotted
from churn_spark.actions.core import settled
from churn_spark.actions.prices import Groups, Prices
from churn_spark.actions.terms import Kinds, Terms, room, terms
from churn_spark.definitions.actions import Interventions

GROUPS = 14
"""Of a kind and a set of actions that pay: 2 to the power of (14 less the number of actions, less the binary digits of
the number of kinds) groups by what is at stake."""


@dataclass(frozen=True, slots=True)
class Plan:
    """customers: those given with `planned`, the number of an action or null.

    prices: of the budget and the capacities; None where everybody's best action fits. most: what the best plan brings
    at most, where it is known beside the bound that the prices give.
    """

    customers: DataFrame
    prices: Prices | None = None
    most: float | None = None


def weighed(customers: DataFrame, playbook: Interventions, kinds: Kinds | None = None) -> DataFrame:
    """Add `effects` by action, `pays` (bit k is set where action k brings a profit, and above these bits is the kind; 0
    where none does) and `best`, the most profitable one or null.

    customers: at_stake (value x risk, money; null: nothing pays), suits (array of the numbers of the actions that may
    be taken), and with `kinds` their kind.
    """
    each = [F.array(*map(F.lit, of)) for of in terms(playbook, kinds).effects.tolist()]
    kind = F.col("kind").cast("long") if kinds else F.lit(0).cast("long")
    customers = customers.withColumn("effects", F.get(F.array(*each), kind.cast("int")))
    effects = (F.get("effects", F.lit(k)) for k in range(len(playbook.actions)))
    profits = [
        F.col("at_stake") * effect - F.lit(action.cost)
        for effect, action in zip(effects, playbook.actions, strict=True)
    ]
    known = F.col("at_stake").isNotNull() & (F.abs("at_stake") < F.lit(float("inf")))
    pay = [known & F.array_contains("suits", k) & (profit > 0) for k, profit in enumerate(profits)]
    paying = [F.when(pay, profit) for pay, profit in zip(pay, profits, strict=True)]
    bits = reduce(add, (F.when(pay, F.lit(1 << k)).otherwise(0) for k, pay in enumerate(pay)))
    pays = F.when(bits > 0, bits + kind * F.lit(1 << len(pay))).otherwise(F.lit(0))
    most = F.array_max(F.array(*paying))
    best = F.coalesce(*(F.when(profit == most, F.lit(k)) for k, profit in enumerate(paying)))
    return customers.withColumns({"pays": pays, "best": best})


def planned(customers: DataFrame, playbook: Interventions, kinds: Kinds | None = None) -> Plan:
    """The plan for everybody.

    customers: customer_id, at_stake, pays, best (see `weighed`) and draw, which orders customers with the same at
    stake; read about as often as groups are taken apart, so persisted by the caller.
    """
    top = customers.where("pays > 0").agg(F.max("at_stake")).collect()[0][0]
    if top is None:
        return Plan(customers.withColumn("planned", F.lit(None).cast("int")))
    terms_, room_ = terms(playbook, kinds), room(playbook)
    grouped = customers.withColumn("group", F.when(F.col("pays") > 0, _first_group(top, terms_)))
    counted = _counted(grouped)
    wanted = np.zeros(terms_.actions, dtype=np.int64)
    for row in counted:
        wanted[row.best] += row.customers
    if room_.fits(wanted):
        return Plan(customers.withColumn("planned", F.col("best")))
    frames = [grouped]

    def apart(cuts: Sequence[Cut]) -> Groups:
        frames.append(_cut(frames[-1], cuts))
        return _groups(_counted(frames[-1].where(F.col("group") >= cuts[0].base)))

    found = allotted(_groups(counted), apart, terms_, room_)
    return _plan(frames[-1], found, terms_)


def bound(plan: Plan, terms: Terms) -> Column:
    """What a customer adds to the upper bound of every plan, beside the prices of all there is; an aggregate.

    The rows have at_stake, and effects and pays as `weighed` adds them.
    Without prices everybody has the best action already.
    """
    prices = plan.prices or Prices(0.0, np.zeros(terms.actions))
    gains = [
        F.when(
            F.col("pays").bitwiseAND(1 << k) > 0,
            F.col("at_stake") * F.get("effects", F.lit(k))
            - F.lit(float(terms.costs[k] * (1 + prices.budget) + prices.capacities[k])),
        )
        for k in range(terms.actions)
    ]
    return F.sum(F.greatest(F.lit(0.0), F.coalesce(F.array_max(F.array(*gains)), F.lit(0.0))))


def _first_group(top: float, terms: Terms) -> Column:
    """Groups narrow where much is at stake: by the fourth root, which unlike a logarithm is the same everywhere."""
    actions, kinds = terms.effects.shape[1], terms.effects.shape[0]
    parts = 1 << max(3, GROUPS - actions - (kinds - 1).bit_length())
    place = F.floor(F.sqrt(F.sqrt(F.col("at_stake") / F.lit(top))) * F.lit(parts))
    place = F.least(place, F.lit(parts - 1))
    return (F.col("pays").cast("long") * F.lit(actions) + F.col("best")) * F.lit(parts) + place


def _counted(grouped: DataFrame) -> list[Row]:
    """A row for each group; at most as many as there are combinations of actions that pay, times their groups."""
    sums = (
        grouped.where("group is not null")
        .groupBy("group")
        .agg(
            F.max("pays").alias("pays"),
            F.max("best").alias("best"),
            F.count(F.lit(1)).alias("customers"),
            F.min("at_stake").alias("lowest"),
            F.max("at_stake").alias("highest"),
            F.min("draw").alias("first"),
            F.max("draw").alias("last"),
        )
    )
    return sorted(sums.collect(), key=lambda row: int(row.group))


def _groups(rows: Sequence[Row]) -> Groups:
    names = ("group", "pays", "customers", "lowest", "highest", "first", "last")
    columns = ([row[name] for row in rows] for name in names)
    ids, pays, customers, *ends = (np.array(values, float if n > 2 else np.int64) for n, values in enumerate(columns))
    return Groups(ids, pays, customers, *ends)


def _cut(grouped: DataFrame, cuts: Sequence[Cut]) -> DataFrame:
    """The customers with the groups that are taken apart replaced by their parts."""
    rows = [(cut.group, cut.by_draw, cut.low, cut.high, cut.base) for cut in cuts]
    spans = grouped.sparkSession.createDataFrame(
        rows, "group long, by_draw boolean, low double, high double, base long"
    )
    number = F.when(F.col("by_draw"), F.col("draw")).otherwise(F.col("at_stake"))
    part = F.floor((number - F.col("low")) / (F.col("high") - F.col("low")) * F.lit(PARTS))
    within = F.col("base") + F.least(part, F.lit(PARTS - 1))
    joined = grouped.join(F.broadcast(spans), on="group", how="left")
    return joined.withColumn("group", F.coalesce(within, F.col("group"))).select(*grouped.columns)


def _plan(grouped: DataFrame, found: Allotment, terms: Terms) -> Plan:
    """The plan from the actions of groups, and from what is settled for each customer of the core."""
    spark = grouped.sparkSession
    core = sorted(
        grouped.where(F.col("group").isin(list(found.core)))
        .select("customer_id", "at_stake", "pays", "draw")
        .collect(),
        key=lambda row: (row.draw, row.customer_id),
    )
    at_stake, pays = np.array([row.at_stake for row in core]), np.array([row.pays for row in core], dtype=np.int64)
    singly = settled(at_stake, pays, terms, found.left, found.prices)
    actions = [(row.customer_id, int(action)) for row, action in zip(core, singly.chosen, strict=True) if action >= 0]
    served = F.broadcast(spark.createDataFrame(list(found.served.items()), "group long, of_group int"))
    single = F.broadcast(spark.createDataFrame(actions, "customer_id string, of_customer int"))
    plans = grouped.join(served, on="group", how="left").join(single, on="customer_id", how="left")
    plans = plans.withColumn("planned", F.coalesce("of_customer", "of_group"))
    most = singly.most if found.all_in_core else None
    return Plan(plans.drop("group", "of_group", "of_customer"), found.prices, most)
