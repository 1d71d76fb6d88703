"""The label rules. Each uses what is known by the maturity date of a snapshot, whenever the label is computed.

All take `snapshots` (customer_id, as_of_date, matured_on; one row per customer of the population and as-of date, any
number of dates) and return customer_id, as_of_date, label, excluded, churned_on, days_to_churn, matured_on. A
customer's rows are brought to its snapshots once, in one shuffle, and aggregated there.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule

KEY = ("customer_id", "as_of_date")
SNAPSHOT = (*KEY, "matured_on")


def inactivity(snapshots: DataFrame, active_days: DataFrame, periods: Periods, last_seen_days: int) -> DataFrame:
    """Label 1 the snapshots without an active day in their performance window; none is excluded.

    active_days: customer_id, event_date, known_from; one row per day and knowledge date (repeats do no harm).
    An active day in the gap does not save a customer. churned_on is the day after the last active day, null when there
    is none in the `last_seen_days` days before the as-of date or after it; so days_to_churn can be negative.
    """
    seen = (F.col("event_date") >= F.date_sub("as_of_date", last_seen_days)) & (F.col("event_date") < _closes(periods))
    last = F.max(F.when(seen, F.col("event_date")))
    rows = _known_by_maturity(snapshots, active_days).groupBy(*SNAPSHOT).agg(last.alias("_last"))
    stayed = F.coalesce(F.col("_last") >= _opens(periods), F.lit(False))
    return _labelled(
        rows,
        label=F.when(stayed, 0).otherwise(1),
        excluded=F.lit(None).cast("string"),
        churned_on=F.when(~stayed, F.date_add("_last", 1)),
    )


def decline(snapshots: DataFrame, sums: DataFrame, periods: Periods, rule: LabelRule) -> DataFrame:
    """Label 1 the snapshots whose sum a day fell below `ratio` times the sum a day of the `base_days` days before.

    sums: customer_id, event_date, known_from, amount (64-bit integer); one row per day and knowledge date.
    Both windows count what is known by the maturity date. `no_base`: the base window's sum is not above 0. A decline
    does not happen on one day, so churned_on is null.
    """
    rows = (
        _known_by_maturity(snapshots, sums)
        .groupBy(*SNAPSHOT)
        .agg(
            _sum_between(F.date_sub("as_of_date", rule.base_days), F.col("as_of_date")).alias("_base"),
            _sum_between(_opens(periods), _closes(periods)).alias("_now"),
        )
    )
    # Multiplied out in decimals, so that no rounding decides at the limit itself.
    limit = F.col("_base").cast("decimal(20,0)") * F.lit(Decimal(str(rule.ratio)) * periods.performance)
    fell = F.col("_now").cast("decimal(20,0)") * rule.base_days < limit
    no_base = F.col("_base") <= 0
    return _labelled(
        rows,
        label=F.when(~no_base, fell.cast("int")),
        excluded=F.when(no_base, "no_base"),
        churned_on=F.lit(None).cast("date"),
    )


def event(snapshots: DataFrame, churn_events: DataFrame, periods: Periods, by_contract: bool = False) -> DataFrame:
    """Label 1 the snapshots with a churn event in their performance window.

    churn_events: customer_id, event_date, known_from; the rows that mean churn. `already_lost`: an event before the
    as-of date; `churned_in_gap`: an event in the gap. The first reason counts. churned_on is the day of the first event
    that decides. by_contract: the population says who has a contract, so an event that was known by the as-of date
    belongs to a former contract, and only an event that became known later counts as `already_lost`.
    """
    day, s = F.col("event_date"), F.col("as_of_date")
    before = (day < s) & (F.col("known_from") > s) if by_contract else day < s
    rows = (
        _known_by_maturity(snapshots, churn_events)
        .groupBy(*SNAPSHOT)
        .agg(
            F.min(F.when(before, day)).alias("_lost"),
            F.min(F.when((day >= s) & (day < _opens(periods)), day)).alias("_gap"),
            F.min(F.when((day >= _opens(periods)) & (day < _closes(periods)), day)).alias("_window"),
        )
    )
    excluded = F.when(F.col("_lost").isNotNull(), "already_lost").when(F.col("_gap").isNotNull(), "churned_in_gap")
    return _labelled(
        rows,
        label=F.when(excluded.isNull(), F.col("_window").isNotNull().cast("int")),
        excluded=excluded,
        churned_on=F.coalesce("_lost", "_gap", "_window"),
    )


def ended(snapshots: DataFrame, ends: DataFrame, periods: Periods, by_contract: bool = False) -> DataFrame:
    """Label 1 the snapshots of customers who left on a day of their performance window, by a date of the customer.

    ends: customer_id, as_of_date, ended_on (as known by the maturity date; null: no end is known), known_then (the same
    as known at the as-of date). `already_lost`: it lies before the as-of date; `churned_in_gap`: in the gap.
    by_contract: as in `event`, an end that was known at the as-of date belongs to a former contract.
    """
    day, s = F.col("ended_on"), F.col("as_of_date")
    rows = snapshots.select(*SNAPSHOT).join(ends, on=list(KEY), how="left")
    lost = (day < s) & ~day.eqNullSafe(F.col("known_then")) if by_contract else day < s
    excluded = F.when(lost, "already_lost").when((day >= s) & (day < _opens(periods)), "churned_in_gap")
    left = F.coalesce((day >= _opens(periods)) & (day < _closes(periods)), F.lit(False))
    return _labelled(
        rows,
        label=F.when(excluded.isNull(), left.cast("int")),
        excluded=excluded,
        churned_on=F.when(excluded.isNotNull() | left, day),
    )


def column(snapshots: DataFrame, known: DataFrame) -> DataFrame:
    """Label the snapshots by a column of the customers; `no_label`: the column is null, or neither 0 nor 1.

    known: customer_id, as_of_date, left (bigint: 0, 1 or anything else, as known at the as-of date). The day of leaving
    is not known.
    """
    rows = snapshots.select(*SNAPSHOT).join(known, on=list(KEY), how="left")
    known_label = F.coalesce(F.col("left").isin(0, 1), F.lit(False))
    return _labelled(
        rows,
        label=F.when(known_label, F.col("left")),
        excluded=F.when(~known_label, "no_label"),
        churned_on=F.lit(None).cast("date"),
    )


def without_ended_contracts(labels: DataFrame, lost: DataFrame, in_gap: DataFrame) -> DataFrame:
    """Remove the label of snapshots whose contract ended too early for a warning.

    For populations by contract, whatever the rule. lost: customer_id, as_of_date of the snapshots that, as was known
    later, had no contract on the as-of date any more (`already_lost`); in_gap: of those without a contract when the
    performance window opens (`churned_in_gap`). The first reason counts, and both come before the rule's own.
    """
    marked = lost.select(*KEY, F.lit("already_lost").alias("_reason")).unionByName(
        in_gap.select(*KEY, F.lit("churned_in_gap").alias("_reason"))
    )
    # In the order of the alphabet `already_lost` is the smaller.
    reasons = marked.groupBy(*KEY).agg(F.min("_reason").alias("_reason"))
    joined = labels.join(reasons, on=list(KEY), how="left")
    kept = {name: F.when(F.col("_reason").isNull(), F.col(name)) for name in ("label", "churned_on", "days_to_churn")}
    return joined.withColumns({**kept, "excluded": F.coalesce("_reason", "excluded")}).drop("_reason")


def without_outages(labels: DataFrame, days: Collection[date]) -> DataFrame:
    """Remove the labels of some as-of dates: a delivery that these labels depend on is missing or incomplete."""
    gone = F.col("as_of_date").isin(sorted(days)) if days else F.lit(False)
    kept = {name: F.when(~gone, F.col(name)) for name in ("label", "churned_on", "days_to_churn")}
    return labels.withColumns({**kept, "excluded": F.when(gone, "outage").otherwise(F.col("excluded"))})


def _known_by_maturity(snapshots: DataFrame, rows: DataFrame) -> DataFrame:
    """Each snapshot with every row of its customer known by its maturity date; without any, one row of nulls."""
    joined = snapshots.select(*SNAPSHOT).join(rows, on="customer_id", how="left")
    known = F.col("known_from") <= F.col("matured_on")
    values = [name for name in rows.columns if name != "customer_id"]
    return joined.select(*SNAPSHOT, *(F.when(known, F.col(name)).alias(name) for name in values))


def _sum_between(first: Column, end: Column) -> Column:
    inside = (F.col("event_date") >= first) & (F.col("event_date") < end)
    return F.coalesce(F.sum(F.when(inside, F.col("amount"))), F.lit(0))


def _opens(periods: Periods) -> Column:
    return F.date_add("as_of_date", periods.gap)


def _closes(periods: Periods) -> Column:
    return F.date_add("as_of_date", periods.gap + periods.performance)


def _labelled(rows: DataFrame, label: Column, excluded: Column, churned_on: Column) -> DataFrame:
    return rows.select(
        *KEY,
        label.cast("int").alias("label"),
        excluded.alias("excluded"),
        churned_on.alias("churned_on"),
        F.date_diff(churned_on, F.col("as_of_date")).alias("days_to_churn"),
        "matured_on",
    )
