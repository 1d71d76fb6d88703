"""The calendar of a source by the dates of its files: weekdays with a file, and days without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEAST, _MOST_MISSING = 14, 40


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Weekdays on which files usually arrive, and those days without a file (None: too irregular to say).

    seen: number of files on each weekday, from Monday."""

    weekdays: tuple[str, ...]
    missing: tuple[date, ...] | None
    seen: tuple[int, ...]


def rhythm(dates: Sequence[date]) -> Rhythm | None:
    """The rhythm in which files arrive; None where there are too few to say."""
    days = sorted(set(dates))
    if len(days) < _LEAST:
        return None
    every = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    seen = tuple(sum(day.weekday() == n for day in days) for n in range(7))
    possible = [sum(day.weekday() == n for day in every) for n in range(7)]
    usual = [n for n in range(7) if possible[n] and seen[n] >= possible[n] / 2]
    there = set(days)
    missing = [day for day in every if day.weekday() in usual and day not in there]
    irregular = not usual or len(missing) > min(_MOST_MISSING, len(days) / 5)
    return Rhythm(tuple(WEEKDAYS[n] for n in usual), None if irregular else tuple(missing), seen)


def spans(days: Sequence[date]) -> list[str]:
    """Days as the configuration lists them: single days, or spans of consecutive days."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day == runs[-1][-1] + timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return [f"{one[0]}" if len(one) == 1 else f"{{first: {one[0]}, last: {one[-1]}}}" for one in runs]
