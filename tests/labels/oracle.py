"""What the label rules mean, written as loops over a customer's rows from the documentation, not from the engine."""

from datetime import date, timedelta
from fractions import Fraction

from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule

Row = tuple[date, date, int]
"""event_date, known_from, amount."""


LAST_SEEN = 20
"""Days before the as-of date in which the last active day is looked for."""


def label(
    s: date, rows: list[Row], periods: Periods, rule: LabelRule, matured_on: date | None = None
) -> tuple[int | None, str | None, date | None]:
    """The label, the reason for having none, and the day of churn of one customer at one as-of date."""
    matured = matured_on or s + timedelta(days=periods.gap + periods.performance + periods.lateness)
    known = [row for row in rows if row[1] <= matured]
    window = [s + timedelta(days=periods.gap + n) for n in range(periods.performance)]
    gap = [s + timedelta(days=n) for n in range(periods.gap)]
    if rule.rule == "inactivity":
        before = [day for day, _, _ in known if s - timedelta(days=LAST_SEEN) <= day < window[0]]
        churned_on = max(before) + timedelta(days=1) if before else None
        return (0, None, None) if any(day in window for day, _, _ in known) else (1, None, churned_on)
    if rule.rule == "decline":
        base_days = [s - timedelta(days=n) for n in range(1, rule.base_days + 1)]
        base = sum(amount for day, _, amount in known if day in base_days)
        now = sum(amount for day, _, amount in known if day in window)
        fell = Fraction(now, periods.performance) < Fraction(str(rule.ratio)) * Fraction(base, rule.base_days)
        return (int(fell), None, None) if base > 0 else (None, "no_base", None)
    lost = [day for day, _, _ in known if day < s]
    in_gap = [day for day, _, _ in known if day in gap]
    in_window = [day for day, _, _ in known if day in window]
    if lost:
        return None, "already_lost", min(lost)
    if in_gap:
        return None, "churned_in_gap", min(in_gap)
    return (1, None, min(in_window)) if in_window else (0, None, None)
