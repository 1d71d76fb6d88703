"""Windows, gap, performance window and maturity, in whole days.

A day is a calendar date in the configured zone. The as-of date `s` is the state of knowledge at the start of day `s`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Days:
    """A half-open span of days: `first <= day < end`."""

    first: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day < self.end

    def __iter__(self):  # type: ignore[no-untyped-def]
        return (self.first + timedelta(days=n) for n in range((self.end - self.first).days))


EVER = date(1900, 1, 1)


def days_up_to(day: date) -> Days:
    """Every day up to and including one."""
    return Days(EVER, day + timedelta(days=1))


def single_day(day: date) -> Days:
    """The span of one day."""
    return Days(day, day + timedelta(days=1))


def hull(spans: Iterable[Days]) -> Days:
    """The span from the earliest first day to the latest end."""
    each = list(spans)
    return Days(min(span.first for span in each), max(span.end for span in each))


@dataclass(frozen=True, slots=True)
class Periods:
    """Gap, performance window and lateness of a label, in days.

    gap: the first days from the as-of date, needed to act; performance: the days after the gap that decide the label;
    lateness: how many days after the morning that follows its day a row may become known and still count in a label.
    """

    gap: int
    performance: int
    lateness: int = 0

    def gap_window(self, s: date) -> Days:
        """`s <= day < s + gap`."""
        return Days(s, s + timedelta(days=self.gap))

    def performance_window(self, s: date) -> Days:
        """`s + gap <= day < s + gap + performance`."""
        opens = s + timedelta(days=self.gap)
        return Days(opens, opens + timedelta(days=self.performance))

    @property
    def maturity_days(self) -> int:
        """Days from an as-of date until its label exists."""
        return self.gap + self.performance + self.lateness

    def matured_on(self, s: date) -> date:
        """The first as-of date that may use the label of `s`: `s + gap + performance + lateness`."""
        return s + timedelta(days=self.maturity_days)

    def newest_matured(self, as_of: date) -> date:
        """The newest snapshot whose label exists at `as_of`."""
        return as_of - timedelta(days=self.maturity_days)


def observation_window(s: date, days: int) -> Days:
    """`s - days <= event_date < s`."""
    return Days(s - timedelta(days=days), s)


def known_from_needed(s: date, days: int) -> Days:
    """The partitions that can hold rows of a window of `days` at `s`: `s - days < known_from <= s`."""
    return Days(s - timedelta(days=days - 1), s + timedelta(days=1))


def month(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def grid(first: date, every: int, until: date) -> tuple[date, ...]:
    """The as-of dates `first, first + every, ...` up to and including `until`."""
    count = max(0, (until - first).days // every + 1) if until >= first else 0
    return tuple(first + timedelta(days=n * every) for n in range(count))


def listed(days: Iterable[date], most: int = 6) -> str:
    """Dates for a message: `2026-01-01, 2026-01-02 ... (40 in all)`."""
    ordered = sorted(days)
    text = ", ".join(day.isoformat() for day in ordered[:most])
    return text if len(ordered) <= most else f"{text} ... ({len(ordered)} in all)"
