"""The three label rules. Each looks at what is known by the maturity date of a snapshot, whoever computes it and when.

All take `snapshots` (customer_id, as_of_date; one row a customer of the population and as-of date, any number of
dates) and return customer_id, as_of_date, label, excluded, churned_on, days_to_churn, matured_on. A customer's rows are
brought to its snapshots once, in one shuffle, and aggregated there.
"""

from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule

KEY = ("customer_id", "as_of_date")


def inactivity(snapshots: DataFrame, active_days: DataFrame, periods: Periods, last_seen_days: int) -> DataFrame:
    """Label 1 the snapshots without an active day in their performance window; none is excluded.

    active_days: customer_id, event_date, known_from; one row a day and knowledge date (repeats do no harm).
    An active day in the gap does not save a customer. churned_on is the day after the last active day, null when there
    is none in the `last_seen_days` days before the as-of date or after it; so days_to_churn can be negative.
    """
    seen = (F.col("event_date") >= F.date_sub("as_of_date", last_seen_days)) & (F.col("event_date") < _closes(periods))
    last = F.max(F.when(seen, F.col("event_date")))
    rows = _known(snapshots, active_days, periods).groupBy(*KEY).agg(last.alias("_last"))
    stayed = F.coalesce(F.col("_last") >= _opens(periods), F.lit(False))
    return _labelled(
        rows,
        periods,
        label=F.when(stayed, 0).otherwise(1),
        excluded=F.lit(None).cast("string"),
        churned_on=F.when(~stayed, F.date_add("_last", 1)),
    )


def decline(snapshots: DataFrame, sums: DataFrame, periods: Periods, rule: LabelRule) -> DataFrame:
    """Label 1 the snapshots whose sum a day fell below `ratio` times the sum a day of the `base_days` days before.

    sums: customer_id, event_date, known_from, amount (64-bit integer); one row a day and knowledge date.
    Both windows count what is known by the maturity date. `no_base`: the base window's sum is not above 0. A decline
    has no day: churned_on is null.
    """
    rows = (
        _known(snapshots, sums, periods)
        .groupBy(*KEY)
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
        periods,
        label=F.when(~no_base, fell.cast("int")),
        excluded=F.when(no_base, "no_base"),
        churned_on=F.lit(None).cast("date"),
    )


def event(snapshots: DataFrame, churn_events: DataFrame, periods: Periods) -> DataFrame:
    """Label 1 the snapshots with a churn event in their performance window.

    churn_events: customer_id, event_date, known_from; the rows that mean churn. `already_lost`: an event before the
    as-of date that became known only after it (one known by then is the population's business); `churned_in_gap`: an
    event in the gap. The first reason counts. churned_on is the day of the first event that decided.
    """
    day, s = F.col("event_date"), F.col("as_of_date")
    rows = (
        _known(snapshots, churn_events, periods)
        .groupBy(*KEY)
        .agg(
            F.min(F.when((day < s) & (F.col("known_from") > s), day)).alias("_lost"),
            F.min(F.when((day >= s) & (day < _opens(periods)), day)).alias("_gap"),
            F.min(F.when((day >= _opens(periods)) & (day < _closes(periods)), day)).alias("_window"),
        )
    )
    excluded = F.when(F.col("_lost").isNotNull(), "already_lost").when(F.col("_gap").isNotNull(), "churned_in_gap")
    return _labelled(
        rows,
        periods,
        label=F.when(excluded.isNull(), F.col("_window").isNotNull().cast("int")),
        excluded=excluded,
        churned_on=F.coalesce("_lost", "_gap", "_window"),
    )


def without_ended_contracts(labels: DataFrame, lost: DataFrame, in_gap: DataFrame) -> DataFrame:
    """Take the label from snapshots whose contract ended too early to be warned about.

    For populations by contract, whatever the rule. lost: customer_id, as_of_date of the snapshots found later to have
    had no contract on the as-of date any more (`already_lost`); in_gap: of those without one when the performance
    window opens (`churned_in_gap`). The first reason counts, and both come before the rule's own.
    """
    marked = lost.select(*KEY, F.lit("already_lost").alias("_reason")).unionByName(
        in_gap.select(*KEY, F.lit("churned_in_gap").alias("_reason"))
    )
    # In the order of the alphabet `already_lost` is the smaller.
    reasons = marked.groupBy(*KEY).agg(F.min("_reason").alias("_reason"))
    joined = labels.join(reasons, on=list(KEY), how="left")
    kept = {name: F.when(F.col("_reason").isNull(), F.col(name)) for name in ("label", "churned_on", "days_to_churn")}
    return joined.withColumns({**kept, "excluded": F.coalesce("_reason", "excluded")}).drop("_reason")


def _known(snapshots: DataFrame, rows: DataFrame, periods: Periods) -> DataFrame:
    """Each snapshot with every row of its customer that is known by its maturity date; once with nulls without any."""
    matured_on = F.date_add("as_of_date", periods.maturity_days)
    joined = snapshots.select(*KEY).join(rows, on="customer_id", how="left")
    known = F.col("known_from") <= matured_on
    values = [name for name in rows.columns if name != "customer_id"]
    return joined.select(*KEY, *(F.when(known, F.col(name)).alias(name) for name in values))


def _sum_between(first: Column, end: Column) -> Column:
    inside = (F.col("event_date") >= first) & (F.col("event_date") < end)
    return F.coalesce(F.sum(F.when(inside, F.col("amount"))), F.lit(0))


def _opens(periods: Periods) -> Column:
    return F.date_add("as_of_date", periods.gap)


def _closes(periods: Periods) -> Column:
    return F.date_add("as_of_date", periods.gap + periods.performance)


def _labelled(rows: DataFrame, periods: Periods, label: Column, excluded: Column, churned_on: Column) -> DataFrame:
    return rows.select(
        *KEY,
        label.cast("int").alias("label"),
        excluded.alias("excluded"),
        churned_on.alias("churned_on"),
        F.date_diff(churned_on, F.col("as_of_date")).alias("days_to_churn"),
        F.date_add("as_of_date", periods.maturity_days).alias("matured_on"),
    )
