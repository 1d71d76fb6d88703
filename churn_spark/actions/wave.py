"""Waves of alerts: so many at once that the data are more likely wrong than the customers."""

from collections.abc import Sequence
from statistics import median

from churn_spark.definitions.actions import Wave

FEWEST_ALERTS, FEWEST_DATES = 20, 3
"""Below, chance makes multiples of its own."""


def usual(before: Sequence[int], rule: Wave) -> float | None:
    """The median of the new alerts of the last dates, `before` in order; None where they are too few to say."""
    return median(before[-rule.dates :]) if len(before) >= FEWEST_DATES else None


def is_wave(new: int, before: Sequence[int], rule: Wave) -> bool:
    """Whether the new alerts of a date are too many beside those of the dates before."""
    normal = usual(before, rule)
    return normal is not None and new >= FEWEST_ALERTS and new > rule.times * normal
