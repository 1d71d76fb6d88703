"""Counts what happened in random histories, so that a test can say that everything did."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tests.events.oracle import DAY
from tests.faults.comparison import Rows
from tests.faults.model import Event, Expected
from tests.faults.random_shop import LONGEST

KINDS = (
    *("days", "reruns", "days left out", "expiries"),
    *("holes refused", "holes accepted", "holes delivered late", "outages", "outages ended", "corrected labels"),
    *("sources added", "histories chosen", "null before a source", "changed configurations"),
    *("wrong dates called due", "twice at once", "different jobs at once", "ingest beside a backfill"),
)
"""All that happens in histories."""


@dataclass
class Coverage:
    """newest: the last day whose daily path came through. labelled: by performance window and as-of date, when its
    labels had matured at the last look; None: an outage.
    """

    counts: Counter[str] = field(default_factory=Counter)
    newest: date | None = None
    labelled: dict[tuple[int, date], object] = field(default_factory=dict)

    def count_day(self, today: date, expected: Expected) -> None:
        """Count a snapshot of today that was compared."""
        self.counts["days"] += 1
        if self.newest is not None:
            self.counts["reruns"] += self.newest == today
            self.counts["days left out"] += self.newest < today - DAY
            self.counts["expiries"] += _expired(self.newest, today, expected.events["sales"])
        self.newest = today

    def count_built(self, performance: int, found: Rows, expected: Expected) -> None:
        """Count what labels say that stand in the table, and what became of those that stood there before."""
        for (_, day), (_, excluded, _, matured) in found.items():
            key, now = (performance, day), None if excluded == "outage" else matured
            before = self.labelled.get(key, now)
            self.counts["outages"] += now is None and key not in self.labelled
            self.counts["outages ended"] += before is None and now is not None
            self.counts["corrected labels"] += before is not None and now is not None and before < now  # type: ignore[operator]
            self.labelled[key] = now
        for source in expected.later:
            self.counts["null before a source"] += any(day < expected.first_known(source) for _, day in found)


def _expired(before: date, now: date, events: Iterable[Event]) -> bool:
    """Whether an event that the longest window held at one date has fallen out of it at a later one."""
    return any(
        known_from <= before and before - LONGEST * DAY <= day < now - LONGEST * DAY for _, day, known_from, _ in events
    )
