"""Limits in the right order."""

from collections.abc import Iterator

from churn_spark.settings.document import Problem
from churn_spark.settings.root import Settings

FALLING = ("volume",)
"""Signals that are the worse the lower they are."""


def monitoring(settings: Settings) -> Iterator[Problem]:
    """Problems of `monitoring`: a signal would be at act before it warns."""
    for name, limits in settings.monitoring.limits.items():
        sign, side = (-1, "above") if name in FALLING else (1, "below")
        if sign * limits.act < sign * limits.warn:
            yield Problem(
                ("monitoring", name, "act"),
                f"{limits.act:g} is {side} warn, {limits.warn:g}: a signal warns first; exchange them, or change one",
            )
