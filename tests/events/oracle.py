"""What ingest must do, in plain Python: from the deliveries with their days of arrival straight to the end state.

It knows no runs and no stored rows: whatever the order in which deliveries came, the tables are a function of what was
delivered and of the day each delivery was taken on.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
Row = tuple[str, str, str, str]
"""customer, id, local time, amount; as text."""


@dataclass(frozen=True)
class Rules:
    """The rules of the made source: files named by date, one measure with 2 decimals."""

    zone: str = "Europe/London"
    source_zone: str = "America/New_York"
    lag: int = 1
    skew: int = 1
    history_until: date | None = None
    max_abs: Decimal = Decimal(1000)


@dataclass(frozen=True)
class Delivery:
    """history: whether its rows up to `history_until` are known on their own dates."""

    name: str
    nominal: date
    taken_on: date
    rows: Sequence[Row]
    history: bool = True


@dataclass
class Tables:
    """events: delivery, id, event date, known from, customer, time, amount. quarantine: delivery, reasons, copies,
    event date, id, known from, winner. deliveries: taken on, the four counts, reasons, partitions."""

    events: set[tuple[object, ...]] = field(default_factory=set)
    quarantine: Counter[tuple[object, ...]] = field(default_factory=Counter)
    deliveries: dict[str, tuple[object, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    delivery: str
    id: str
    day: date
    known_from: date
    nominal: date
    customer: str
    time: datetime
    amount: Decimal | None

    @property
    def hash(self) -> str:
        content: dict[str, object] = {"customer_id": self.customer, "event_time": f"{self.time:%Y-%m-%dT%H:%M:%S.%fZ}"}
        text = json.dumps(content, separators=(",", ":"))
        if self.amount is not None:
            text = f'{text[:-1]},"amount":{self.amount:.2f}}}'
        return hashlib.sha256(text.encode()).hexdigest()


def ingested(deliveries: Sequence[Delivery], rules: Rules) -> Tables:
    """The tables after these deliveries."""
    tables, refused = Tables(), defaultdict(Counter)
    events: list[Event] = []
    for delivery in deliveries:
        accepted = []
        for row in delivery.rows:
            event, reasons = validated(row, delivery, rules)
            if event is None:
                refused[delivery.name][tuple(reasons), row, None] += 1
            else:
                accepted.append(event)
        kept, conflicts = without_conflicts(accepted)
        events += kept
        for event in conflicts:
            refused[delivery.name][("id_conflict",), event.hash, None] += 1
    copies: dict[tuple[date, str], list[Event]] = defaultdict(list)
    for event in events:
        copies[event.day, event.id].append(event)
    counted: Counter[str] = Counter()
    partitions: dict[str, set[date]] = defaultdict(set)
    for same in copies.values():
        agreed, differing = without_contradictions(same)
        for event in differing:
            lost = (event.day, event.id, event.known_from, None)
            refused[event.delivery][("id_conflict",), event.hash, lost] += 1
        if not agreed:
            continue
        winner, *losers = sorted(agreed, key=lambda e: (e.known_from, e.nominal, e.delivery))
        tables.events.add(_row(winner))
        counted[winner.delivery] += 1
        partitions[winner.delivery].add(winner.known_from)
        for loser in losers:
            lost = (loser.day, loser.id, loser.known_from, winner.delivery)
            reason = "duplicate" if loser.hash == winner.hash else "id_reused"
            refused[loser.delivery][(reason,), loser.hash, lost] += 1
    for delivery in deliveries:
        _account(tables, delivery, refused[delivery.name], counted[delivery.name], partitions[delivery.name])
    return tables


def validated(row: Row, delivery: Delivery, rules: Rules) -> tuple[Event | None, list[str]]:
    """The event of a row, or the reasons against it."""
    customer, event_id, local, text = row
    reasons = set()
    time = _time(local, rules)
    if local and time is None:
        reasons.add("bad_at")
    day = time.astimezone(ZoneInfo(rules.zone)).date() if time else None
    if day is not None and not date(1900, 1, 1) <= day <= date(2199, 12, 31):
        day = None
    if day is None:
        reasons.add("no_time")
    amount = _amount(text)
    if text and amount is None:
        reasons.add("bad_amount")
    if amount is not None and abs(amount) > rules.max_abs:
        reasons.add("too_large")
    if amount == 13:
        reasons.add("unlucky")
    reasons |= {"no_customer"} if not customer else set()
    reasons |= {"id_missing"} if not event_id else set()
    arrives = delivery.nominal + rules.lag * DAY
    history = delivery.history and rules.history_until is not None and delivery.nominal <= rules.history_until
    if day is not None and day + DAY > arrives + rules.skew * DAY:
        reasons.add("future_event")
    if reasons or day is None or time is None:
        return None, sorted(reasons)
    known_from = max(arrives, day + DAY, *([] if history else [delivery.taken_on]))
    return Event(delivery.name, event_id, day, known_from, delivery.nominal, customer, time, amount), []


def without_conflicts(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """The events of one delivery whose id stands on one day, and the others."""
    days = defaultdict(set)
    for event in events:
        days[event.id].add(event.day)
    kept = [event for event in events if len(days[event.id]) == 1]
    return kept, [event for event in events if len(days[event.id]) > 1]


def without_contradictions(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """The rows of one event that say the same as all others of their nominal date known since the same day, and those
    that do not.
    """
    said = defaultdict(set)
    for event in events:
        said[event.known_from, event.nominal].add(event.hash)
    agreed = [event for event in events if len(said[event.known_from, event.nominal]) == 1]
    return agreed, [event for event in events if len(said[event.known_from, event.nominal]) > 1]


def _account(tables: Tables, delivery: Delivery, refused: Mapping, kept: int, partitions: set[date]) -> None:  # type: ignore[type-arg]
    reasons: Counter[str] = Counter()
    quarantined = duplicate = 0
    for (tags, _, lost), copies in refused.items():
        tables.quarantine[(delivery.name, tags, copies, *(lost or (None,) * 4))] += 1
        reasons.update(dict.fromkeys(tags, copies))
        duplicate += copies if tags == ("duplicate",) else 0
        quarantined += copies if tags != ("duplicate",) else 0
    counts = (len(delivery.rows), kept, quarantined, duplicate)
    assert counts[0] == sum(counts[1:])
    said = (delivery.taken_on, *counts, tuple(sorted(reasons.items())), tuple(sorted(partitions)))
    tables.deliveries[delivery.name] = said


def _row(event: Event) -> tuple[object, ...]:
    return (event.delivery, event.id, event.day, event.known_from, event.customer, event.time, event.amount)


def _time(local: str, rules: Rules) -> datetime | None:
    try:
        return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(rules.source_zone)).astimezone(UTC)
    except ValueError:
        return None


def _amount(text: str) -> Decimal | None:
    """As decimal(10,2): what does not fit, or has more decimals, is no amount."""
    try:
        amount = Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
    return amount if amount == Decimal(text) and abs(amount) < 10**8 else None
