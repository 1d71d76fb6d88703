"""The range of event dates: the first, the last, and isolated rows long before the rest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

ALONE = timedelta(days=365)
"""A longer time without any event separates isolated rows from the rest."""


@dataclass(frozen=True, slots=True)
class DaysOfEvents:
    """The range of event dates.

    first, last: days with an event. rest: the first day after the last long time without events; before: its rows.
    """

    first: date
    last: date
    rest: date
    before: int
    rows: int

    @property
    def statistics(self) -> Iterator[tuple[str, float | None, str | None]]:
        """Name, value and text of each statistic, as in `data_profile`."""
        yield "rows", float(self.rows), None
        for name, day in (("first_day", self.first), ("last_day", self.last), ("first_day_after_gap", self.rest)):
            yield name, None, day.isoformat()
        yield "rows_before_gap", float(self.before), None


def days_of_events(rows: Mapping[date, int]) -> DaysOfEvents:
    """The range of the days; rows: number of rows by day, at least one day."""
    days = sorted(rows)
    gaps = [after for before, after in pairwise(days) if after - before > ALONE]
    rest = max(gaps, default=days[0])
    return DaysOfEvents(
        days[0], days[-1], rest, sum(count for day, count in rows.items() if day < rest), sum(rows.values())
    )
