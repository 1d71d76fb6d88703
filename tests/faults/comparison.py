"""Compares the tables of a warehouse, read without Spark, with what they must hold."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, date
from pathlib import Path

from deltalake import DeltaTable

from churn_spark.lineage.due import Due
from tests.faults.model import Expected, Key

Rows = Mapping[Key, tuple[object, ...]]


def assert_ingested(warehouse: Path, expected: Expected) -> None:
    """Events, quarantine and deliveries follow from the deliveries and the days they were taken on."""
    for source, tables in expected.ingested.items():
        columns = ("delivery", "event_id", "event_date", "known_from", "customer_id", "event_time", "amount")
        events = [(*row[:5], row[5].astimezone(UTC), row[6]) for row in stored(warehouse, f"events_{source}", columns)]
        assert Counter(events) == Counter(tables.events), source
        columns = ("source", "delivery", "reasons", "copies", "event_date", "event_id", "known_from", "winner")
        refused = [row[1:] for row in stored(warehouse, "quarantine", columns) if row[0] == source]
        assert Counter(refused) == tables.quarantine, source
        columns = (
            "source",
            "delivery",
            "taken_on",
            "read",
            "kept",
            "quarantined",
            "duplicate",
            "reasons",
            "known_from",
        )
        taken = {row[1]: row[2:] for row in stored(warehouse, "deliveries", columns) if row[0] == source}
        assert taken == tables.deliveries, source


def assert_today(warehouse: Path, expected: Expected, today: date) -> None:
    """The snapshot of one day, built upon the tiles of all days before, is the one computed from all deliveries."""
    assert {key: row for key, row in features(warehouse, expected).items() if key[1] == today} == expected.features(
        [today]
    )


def assert_built(warehouse: Path, expected: Expected, days: Collection[date]) -> None:
    """Every snapshot holds what was known on its date, and every matured one its labels."""
    assert features(warehouse, expected, days) == expected.features(days)
    assert labels(warehouse, days) == expected.labels(days)


def assert_wrong_is_due(warehouse: Path, expected: Expected, days: Collection[date], due: Collection[Due]) -> int:
    """Whatever differs from what it must be is called due, and nothing lies ahead of ingest; how much differs."""
    wrong = {("features", s) for s in _differing(features(warehouse, expected, days), expected.features(days))}
    wrong |= {("labels", s) for s in _differing(labels(warehouse, days), expected.labels(days))}
    assert wrong <= {(item.table, item.day) for item in due}
    assert all(s <= expected.completed for _, s in features(warehouse, expected))
    assert all(row[-1] <= expected.completed for row in labels(warehouse).values())  # type: ignore[operator]
    return len(wrong)


def features(warehouse: Path, expected: Expected, days: Collection[date] | None = None) -> Rows:
    """The stored snapshots of some dates, or of all."""
    names = (feature.name for feature in expected.project.features.windowed)
    return _by_key(stored(warehouse, "features", ("customer_id", "as_of_date", *names)), days)


def labels(warehouse: Path, days: Collection[date] | None = None) -> Rows:
    """The stored labels of some dates, or of all."""
    columns = ("customer_id", "as_of_date", "label", "excluded", "churned_on", "matured_on")
    return _by_key(stored(warehouse, "labels", columns), days)


def stored(warehouse: Path, table: str, columns: tuple[str, ...]) -> list[tuple]:  # type: ignore[type-arg]
    """The rows of a table; a column that it does not have yet is null."""
    if not (warehouse / table).exists():
        return []
    rows = DeltaTable(str(warehouse / table)).to_pyarrow_table().to_pylist()
    return [tuple(_plain(row.get(name)) for name in columns) for row in rows]


def _by_key(rows: Collection[tuple], days: Collection[date] | None) -> Rows:  # type: ignore[type-arg]
    found = {row[:2]: row[2:] for row in rows}
    assert len(found) == len(rows)
    return {key: row for key, row in found.items() if days is None or key[1] in days}


def _differing(found: Rows, wanted: Rows) -> set[date]:
    return {key[1] for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return tuple(value.values())
    return tuple(map(_plain, value)) if isinstance(value, list) else value
