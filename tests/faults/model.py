"""What the tables must hold, in plain Python: from what was delivered and taken when, under a configuration."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from churn_spark.definitions.features import Feature
from churn_spark.definitions.project import Project
from tests.events.oracle import DAY, Delivery, Rules, Tables, ingested
from tests.labels.oracle import label

FIRST = date(2024, 3, 4)
SKEW = LAG = 1
Key = tuple[str, date]
"""customer_id, as_of_date."""
Event = tuple[str, date, date, Decimal | None]
"""customer, event date, knowledge date, amount."""


@dataclass(frozen=True)
class Expected:
    """What must stand in the tables.

    taken: deliveries by source and name. accepted: nominal dates of sales accepted as missing. later: sources added
    once others had been taken in. completed: the newest as-of date of ingest.
    """

    project: Project
    taken: Mapping[str, Mapping[str, Delivery]]
    accepted: Collection[date]
    later: Collection[str]
    completed: date

    @cached_property
    def ingested(self) -> dict[str, Tables]:
        """Events, quarantine and deliveries of each source."""
        return {
            source.name: ingested(
                list(self.taken[source.name].values()),
                Rules(lag=LAG, skew=SKEW, history_until=source.delivered.history_until),
            )
            for source in self.project.sources
        }

    @cached_property
    def events(self) -> dict[str, list[Event]]:
        """The events of each source that count."""
        return {
            name: [(e[4], e[2], e[3], e[6]) for e in tables.events]  # type: ignore[misc]
            for name, tables in self.ingested.items()
        }

    def first_known(self, *sources: str) -> date:
        """The first as-of date at which an event of some sources (of any, without) was known; date.max: none is."""
        return min((e[2] for name in sources or self.events for e in self.events[name]), default=date.max)

    def features(self, days: Iterable[date]) -> dict[Key, tuple[object, ...]]:
        """The population of each as-of date with its features."""
        return {(customer, s): values for s in days for customer, values in self._snapshot(s)}

    def labels(self, days: Iterable[date]) -> dict[Key, tuple[object, ...]]:
        """Label, reason for having none, day of churn and maturity of those snapshots that have matured."""
        found = {}
        for s in days:
            matured = self.matured_on(s)
            for customer, _ in self._snapshot(s) if matured <= self.completed else ():
                mine = [(day, known, 1) for who, day, known, _ in self.events["sales"] if who == customer]
                found[customer, s] = (
                    (None, "outage", None, matured)
                    if self.is_outage(s)
                    else (*label(s, mine, self.project.periods, self.project.label, matured), matured)
                )
        return found

    def matured_on(self, s: date) -> date:
        """The calendar's day, or that on which the last delivery of a day of the performance window became known."""
        periods, kept = self.project.periods, defaultdict(list)
        for event in self.ingested["sales"].events:
            kept[event[0]].append(event[3])
        window = self._performance_window(s)
        late = (min(kept[d.name]) for d in self.taken["sales"].values() if d.nominal in window and kept[d.name])
        calendar = s + (periods.gap + periods.performance + periods.lateness) * DAY
        return max([calendar, *late])  # type: ignore[type-var]

    def is_outage(self, s: date) -> bool:
        """Whether silence in the performance window says nothing: a date of it was accepted and has not come since, or
        it opens before the first date that was delivered.
        """
        window, delivered = self._performance_window(s), {d.nominal for d in self.taken["sales"].values()}
        return any(day in window for day in set(self.accepted) - delivered) or window[0] < min(delivered, default=s)

    def _performance_window(self, s: date) -> list[date]:
        return [s + (self.project.periods.gap + n) * DAY for n in range(self.project.periods.performance)]

    def _snapshot(self, s: date) -> list[tuple[str, tuple[object, ...]]]:
        """The customers active in the population's window and first seen long enough ago, with their features."""
        rows = {name: [e for e in events if e[2] <= s] for name, events in self.events.items()}
        population, found = self.project.population, []
        for customer in {e[0] for e in rows["sales"]}:
            days = [e[1] for e in rows["sales"] if e[0] == customer]
            if max(days) >= s - population.days * DAY and min(days) <= s - population.tenure_days * DAY:
                values = (self._value(f, [e for e in rows[f.source] if e[0] == customer], s) for f in self._windowed)
                found.append((customer, tuple(values)))
        return found

    @property
    def _windowed(self) -> tuple[Feature, ...]:
        return self.project.features.windowed

    def _value(self, feature: Feature, mine: list[Event], s: date) -> object:
        if feature.source in self.later and s < self.first_known(feature.source):
            return None
        seen = [e for e in mine if e[1] >= s - (feature.window or 0) * DAY]
        if feature.op == "count":
            return len(seen)
        if feature.op == "sum":
            return float(sum((e[3] for e in seen if e[3] is not None), Decimal(0)))
        return (s - max(e[1] for e in seen)).days if seen else None


def missing(as_of: date, nominal: Collection[date], accepted: Collection[date]) -> list[date]:
    """The dates of the calendar, each since FIRST, that are due and neither delivered nor accepted as missing."""
    due = (as_of - LAG * DAY - FIRST).days + 1
    return [day for n in range(max(0, due)) if (day := FIRST + n * DAY) not in nominal and day not in accepted]
