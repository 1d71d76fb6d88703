"""Whether the sources still deliver: how old the newest delivery is, what is missing, and how many rows came."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from churn_spark.definitions.monitoring import Monitoring
from churn_spark.definitions.periods import listed
from churn_spark.monitoring.signal import Signal, status_of, unknown
from churn_spark.monitoring.volumes import by_chance, usual

WEEK, WEEKS = 7, 8
COMPARED = 8
"""How many of the last gaps between deliveries tell what is usual."""
LOOKED_BACK = 28
"""Days back in which deliveries are looked for."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What is known of a source at an as-of date.

    nominal: the nominal dates delivered up to now. quiet: those on which nothing is expected, or that were accepted as
    missing, after the newest. missing: expected or accepted dates of the last days without a complete delivery. weeks:
    rows of the last weeks, the newest first. lag_days: nominal date + lag_days is the first as-of date.
    """

    source: str
    nominal: Collection[date]
    quiet: Collection[date]
    missing: Collection[date]
    weeks: Sequence[int]
    lag_days: int


def source_signals(sources: Sequence[Deliveries], today: date, settings: Monitoring) -> list[Signal]:
    """Freshness, completeness and volume of every source."""
    chance = settings.false_alarms / max(len(sources), 1)
    return [
        signal
        for source in sources
        for signal in (
            freshness(source, today, settings),
            completeness(source, settings),
            volume(source, settings, chance),
        )
    ]


def freshness(source: Deliveries, today: date, settings: Monitoring) -> Signal:
    """The days since the newest delivery became due, beside the longest of its last gaps."""
    ordered = sorted({*source.nominal})
    if not ordered:
        return unknown("freshness", source.source, f"no delivery of {source.source} has a date")
    last = ordered[-1]
    while last + timedelta(days=1) in source.quiet:
        last += timedelta(days=1)
    gaps = [(later - earlier).days for earlier, later in pairwise(ordered[-COMPARED - 1 :])]
    longest = max(gaps, default=1)
    age = (today - last).days - source.lag_days + 1
    warn, act = (1.0 * longest * factor for factor in (settings.freshness.warn, settings.freshness.act))
    status = status_of(age, warn, act)
    text = (
        f"the newest delivery of {source.source} is of {ordered[-1]}, {max(age - 1, 0)} days behind; the longest of its"
        f" last gaps was {longest} days"
    )
    advice = f"ask who delivers {source.source}; daily takes what is late" if status != "ok" else None
    return Signal("freshness", source.source, status, text, float(age), float(longest), warn, act, advice)


def completeness(source: Deliveries, settings: Monitoring) -> Signal:
    """How many deliveries of the last days are missing or incomplete."""
    limits, number = settings.completeness, len(source.missing)
    status = status_of(number, limits.warn, limits.act)
    named = f": {listed(source.missing)}" if number else ""
    text = f"{number} deliveries of {source.source} of the last {LOOKED_BACK} days are missing or incomplete{named}"
    advice = f"have {source.source} delivered again, then daily; labels that look at such a day are left out"
    return Signal(
        "completeness",
        source.source,
        status,
        text,
        float(number),
        0.0,
        limits.warn,
        limits.act,
        advice if status != "ok" else None,
    )


def volume(source: Deliveries, settings: Monitoring, chance: float) -> Signal:
    """Rows of the last week as a share of a usual one, which is the median of the weeks before."""
    now, *before = source.weeks or [0]
    ordinary = usual(before)
    if ordinary is None:
        text = f"{source.source} has too few weeks with rows to say how many are usual"
        return unknown("volume", source.source, text)
    bound = by_chance(before, chance, rising=False) / ordinary
    warn, act = (min(limit, bound) for limit in (settings.volume.warn, settings.volume.act))
    status = status_of(now / ordinary, warn, act, rising=False)
    text = f"{now:,} rows of {source.source} in the last {WEEK} days, {ordinary:,.0f} in a usual week"
    advice = f"look at the deliveries of {source.source}: files may be cut short" if status != "ok" else None
    return Signal("volume", source.source, status, text, now / ordinary, 1.0, warn, act, advice)
