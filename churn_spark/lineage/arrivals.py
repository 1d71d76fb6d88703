"""What the ledger knows of deliveries: which nominal dates they cover, and since when each is known."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that a run of ingest took in.

    known: the nominal dates of its rows, each with the first as-of date that may use such a row (None: none was kept).
    incomplete: it was accepted although part of it was missing. by_row: each row has a nominal date of its own.
    """

    source: str
    delivery: str
    known: Mapping[date, date | None]
    incomplete: bool = False
    by_row: bool = False


@dataclass(frozen=True, slots=True)
class Nominal:
    """A nominal date that was delivered: since when its last delivery is known (None: no row of any was kept).

    incomplete: a delivery of it was accepted although part of it was missing.
    """

    known: date | None = None
    incomplete: bool = False

    def with_delivery(self, known: date | None, incomplete: bool) -> "Nominal":
        """The same with one more delivery of the date."""
        return Nominal(max(filter(None, (self.known, known)), default=None), self.incomplete or incomplete)


class Arrivals:
    """The deliveries that stand, by source; of one that was taken again the last arrival counts."""

    def __init__(self) -> None:
        self._by_source: dict[str, dict[str, Arrival]] = {}
        self._nominal_dates: dict[str, dict[date, Nominal]] = {}

    def add(self, arrivals: Iterable[Arrival]) -> None:
        """Note deliveries that a finished run took."""
        for arrival in arrivals:
            self._nominal_dates.pop(arrival.source, None)
            self._by_source.setdefault(arrival.source, {})[arrival.delivery] = arrival

    def remove(self, subjects: Iterable[str]) -> None:
        """Forget deliveries (`source/delivery`) that a run took whose commits were lost."""
        for subject in subjects:
            source, _, delivery = subject.partition("/")
            self._nominal_dates.pop(source, None)
            self._by_source.get(source, {}).pop(delivery, None)

    def deliveries(self, source: str) -> Mapping[str, Arrival]:
        """The deliveries of a source, by name."""
        return self._by_source.get(source, {})

    def nominal_dates(self, source: str) -> Mapping[date, Nominal]:
        """The nominal dates of a source that its deliveries cover."""
        if source not in self._nominal_dates:
            covered: dict[date, Nominal] = {}
            for arrival, dates in _covered(self.deliveries(source).values()):
                for day in dates:
                    covered[day] = covered.get(day, Nominal()).with_delivery(arrival.known[day], arrival.incomplete)
            self._nominal_dates[source] = covered
        return self._nominal_dates[source]


def _covered(arrivals: Iterable[Arrival]) -> Iterator[tuple[Arrival, list[date]]]:
    """Each delivery with the dates it covers: of rows dated one by one, those from the end of the one before it on.

    An older row in it came late by itself, which `label.lateness` is for: it makes no delivery of its date.
    """
    before: date | None = None
    for arrival in sorted(arrivals, key=lambda arrival: (max(arrival.known, default=date.min), arrival.delivery)):
        if not arrival.by_row:
            yield arrival, list(arrival.known)
        elif arrival.known:
            yield arrival, [day for day in arrival.known if before is None or day >= before]
            before = max(arrival.known)
