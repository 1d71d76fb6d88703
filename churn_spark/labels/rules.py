"""The three label rules. Each looks at what is known by the maturity date of a snapshot, whoever computes it and when.

All take `snapshots` (customer_id, as_of_date; one row a customer of the population and as-of date, any number of dates)
and return customer_id, as_of_date, label, excluded, churned_on, days_to_churn, matured_on. A customer's days are
brought together once, so the cost grows with customers and days, and only slightly with the number of dates.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule


def inactivity(snapshots: DataFrame, active_days: DataFrame, periods: Periods) -> DataFrame:
    """Label 1 the snapshots without an active day in their performance window; none is excluded.

    active_days: customer_id, event_date, known_from; one row a day and knowledge date (repeats do no harm).
    An active day in the gap does not save a customer. churned_on is the day after the last active day before the window
    closes (null when there is none in what was given), so days_to_churn can be negative.
    """
    rows = _with_days(snapshots, active_days, "event_date", "known_from")
    known = F.filter("days", lambda day: _known(day, periods) & (day["event_date"] < _closes(periods)))
    last = F.array_max(F.transform(known, lambda day: day["event_date"]))
    rows = rows.withColumn("_last", last)
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
    Both windows count what is known by the maturity date. `no_base`: the base window's sum is not above 0. A
    decline has no day: churned_on is null.
    """
    rows = _with_days(snapshots, sums, "event_date", "known_from", "amount")
    base = _sum_between(F.date_sub(_as_of(), rule.base_days), _as_of(), periods)
    now = _sum_between(_opens(periods), _closes(periods), periods)
    rows = rows.withColumns({"_base": base, "_now": now})
    # Multiplied out, so that no rounding of a rate decides.
    fell = F.col("_now") * F.lit(rule.base_days) < F.col("_base") * F.lit(rule.ratio) * F.lit(periods.performance)
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
    as-of date that became known only after it (one known by then is the population's business); `churned_in_gap`: an event in
    the gap. The first reason counts. churned_on is the day of the first event that decided.
    """
    rows = _with_days(snapshots, churn_events, "event_date", "known_from")
    found_late = _first_day(lambda day: (day["event_date"] < _as_of()) & (day["known_from"] > _as_of()), periods)
    in_gap = _first_day(lambda day: (day["event_date"] >= _as_of()) & (day["event_date"] < _opens(periods)), periods)
    in_window = _first_day(
        lambda day: (day["event_date"] >= _opens(periods)) & (day["event_date"] < _closes(periods)), periods
    )
    rows = rows.withColumns({"_lost": found_late, "_gap": in_gap, "_window": in_window})
    excluded = F.when(F.col("_lost").isNotNull(), "already_lost").when(F.col("_gap").isNotNull(), "churned_in_gap")
    return _labelled(
        rows,
        periods,
        label=F.when(excluded.isNull(), F.col("_window").isNotNull().cast("int")),
        excluded=excluded,
        churned_on=F.coalesce("_lost", "_gap", "_window"),
    )


def _with_days(snapshots: DataFrame, rows: DataFrame, *columns: str) -> DataFrame:
    """The snapshots with the customer's rows as an array `days`, empty where there are none."""
    days = rows.groupBy("customer_id").agg(F.collect_list(F.struct(*columns)).alias("days"))
    joined = snapshots.select("customer_id", "as_of_date").join(days, on="customer_id", how="left")
    empty = F.array().cast(days.schema["days"].dataType)
    return joined.withColumn("days", F.coalesce("days", empty))


def _sum_between(first: Column, end: Column, periods: Periods) -> Column:
    kept = F.filter("days", lambda d: _known(d, periods) & (d["event_date"] >= first) & (d["event_date"] < end))
    return F.aggregate(kept, F.lit(0).cast("bigint"), lambda total, day: total + day["amount"])


def _first_day(condition, periods: Periods) -> Column:  # type: ignore[no-untyped-def]
    kept = F.filter("days", lambda day: _known(day, periods) & condition(day))
    return F.array_min(F.transform(kept, lambda day: day["event_date"]))


def _known(day: Column, periods: Periods) -> Column:
    return day["known_from"] <= F.date_add(_as_of(), periods.maturity_days)


def _opens(periods: Periods) -> Column:
    return F.date_add(_as_of(), periods.gap)


def _closes(periods: Periods) -> Column:
    return F.date_add(_as_of(), periods.gap + periods.performance)


def _labelled(rows: DataFrame, periods: Periods, label: Column, excluded: Column, churned_on: Column) -> DataFrame:
    return rows.select(
        "customer_id",
        "as_of_date",
        label.cast("int").alias("label"),
        excluded.alias("excluded"),
        churned_on.alias("churned_on"),
        F.date_diff(churned_on, _as_of()).alias("days_to_churn"),
        F.date_add(_as_of(), periods.maturity_days).alias("matured_on"),
    )


def _as_of() -> Column:
    return F.col("as_of_date")
