"""What the tables must hold after any operations, in plain Python: from what was delivered and taken when."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path

from deltalake import DeltaTable

from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule
from tests.events.oracle import DAY, Delivery, Rules, ingested
from tests.labels.oracle import label
from tests.stages.shop import Shop

FIRST = date(2024, 3, 4)
RULES = Rules(skew=1, lag=1)
PERIODS = Periods(gap=1, performance=5, lateness=2)
LABEL = LabelRule("inactivity", ("sales",))
LONGEST = 10
FEATURES = FeatureSet(
    windowed=(
        Feature("sales_count_4d", "sales", "count", window=4, hash="1"),
        Feature("sales_count_10d", "sales", "count", window=LONGEST, hash="1"),
        Feature("sales_amount_sum_10d", "sales", "sum", column="amount", window=LONGEST, hash="1"),
        Feature("sales_recency_10d", "sales", "recency", window=LONGEST, hash="1"),
    )
)


def assert_ingested(place: Shop, taken: Collection[Delivery]) -> None:
    """Events, quarantine and deliveries follow from the deliveries and the days they were taken on."""
    expected = ingested(list(taken), RULES)
    columns = ("delivery", "event_id", "event_date", "known_from", "customer_id", "event_time", "amount")
    events = [(*row[:5], row[5].astimezone(UTC), row[6]) for row in stored(place, "events_sales", columns)]
    assert Counter(events) == Counter(expected.events)
    columns = ("delivery", "reasons", "copies", "event_date", "event_id", "known_from", "winner")
    assert Counter(stored(place, "quarantine", columns)) == expected.quarantine
    columns = ("delivery", "taken_on", "read", "kept", "quarantined", "duplicate", "reasons", "known_from")
    assert {row[0]: row[1:] for row in stored(place, "deliveries", columns)} == expected.deliveries


def assert_today(place: Shop, taken: Collection[Delivery], today: date) -> None:
    """The snapshot of one day, built upon the tiles of all days before, is the one computed from all deliveries."""
    assert sorted(row for row in _features(place) if row[1] == today) == sorted(snapshot(today, events_of(taken)))


def assert_built(place: Shop, taken: Collection[Delivery], today: date) -> None:
    """Every snapshot holds what was known on its date, and every matured one its labels."""
    events = events_of(taken)
    days = set(place.catalog.ledger.partitions("features"))
    snapshots = {day: snapshot(day, events) for day in days}
    assert sorted(_features(place)) == sorted(row for rows in snapshots.values() for row in rows)
    labels = []
    for day in days:
        matured = PERIODS.matured_on(day)
        for customer, *_ in snapshots[day] if matured <= today else ():
            mine = [(e[1], e[2], 1) for e in events if e[0] == customer]
            labels.append((customer, day, *label(day, mine, PERIODS, LABEL), matured))
    columns = ("customer_id", "as_of_date", "label", "excluded", "churned_on", "matured_on")
    assert sorted(stored(place, "labels", columns), key=repr) == sorted(labels, key=repr)


def events_of(taken: Collection[Delivery]) -> list[tuple]:  # type: ignore[type-arg]
    """Customer, event date, knowledge date and amount of every event that counts."""
    return [(e[4], e[2], e[3], e[6]) for e in ingested(list(taken), RULES).events]


def _features(place: Shop) -> list[tuple]:  # type: ignore[type-arg]
    return stored(place, "features", ("customer_id", "as_of_date", *(f.name for f in FEATURES.windowed)))


def expired(before: date, now: date, events: list[tuple]) -> bool:  # type: ignore[type-arg]
    """Whether an event that the longest window held at one date has fallen out of it at a later one."""
    return any(
        known_from <= before and before - LONGEST * DAY <= day < now - LONGEST * DAY for _, day, known_from, _ in events
    )


def snapshot(s: date, events: list[tuple]) -> list[tuple]:  # type: ignore[type-arg]
    """The population of a date with its features."""
    window = defaultdict(list)
    for customer, day, known_from, amount in events:
        if known_from <= s and s - LONGEST * DAY <= day < s:
            window[customer].append((day, amount))
    rows = []
    for customer, mine in window.items():
        recent = sum(day >= s - 4 * DAY for day, _ in mine)
        total = sum((amount for _, amount in mine if amount is not None), Decimal(0))
        last = max(day for day, _ in mine)
        rows.append((customer, s, recent, len(mine), float(total), (s - last).days))
    return rows


def stored(place: Shop, table: str, columns: tuple[str, ...]) -> list[tuple]:  # type: ignore[type-arg]
    """The rows of a table, read without Spark."""
    path = Path(str(place.project.warehouse.path)) / table
    if not path.exists():
        return []
    rows = DeltaTable(str(path)).to_pyarrow_table().select(list(columns)).to_pylist()
    return [tuple(_plain(value) for value in row.values()) for row in rows]


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return tuple(value.values())
    return tuple(map(_plain, value)) if isinstance(value, list) else value
