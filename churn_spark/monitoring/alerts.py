"""Whether there are unusually many alerts."""

from collections.abc import Sequence

from churn_spark.definitions.monitoring import Monitoring
from churn_spark.monitoring.signal import ALL, Signal, status_of, unknown
from churn_spark.monitoring.volumes import by_chance, usual

DATES = 8
"""Earlier dates with alerts that say what is usual."""


def alert_volume(now: int, before: Sequence[int], settings: Monitoring) -> Signal:
    """The alerts sent on at a date beside the median of the last dates with alerts."""
    name = "alert_volume"
    ordinary = usual(before)
    if ordinary is None:
        return unknown(name, ALL, f"{now:,} alerts; too few earlier dates have alerts to say how many are usual")
    bound = by_chance(before, settings.false_alarms, rising=True) / ordinary
    warn, act = (max(limit, bound) for limit in (settings.alert_volume.warn, settings.alert_volume.act))
    status = status_of(now / ordinary, warn, act)
    text = f"{now:,} alerts, {ordinary:,.0f} on a usual date"
    advice = "see whether a delivery is missing before anybody acts on them" if status != "ok" else None
    return Signal(name, ALL, status, text, now / ordinary, 1.0, warn, act, advice)
