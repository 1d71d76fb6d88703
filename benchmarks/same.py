"""Whether contestants gave the same rows: integers exactly, floats to 1e-9, and all as the oracle of the tests."""

from datetime import date
from math import isclose
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.asked import KEY, LONGEST, by_value, columns, features
from churn_spark.definitions.features import Feature
from tests.features.oracle import Event, value

NEAR = 1e-9
BOUNDS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "8GB",
    "temp_directory": str(Path(__file__).parent / "data" / "spilled"),
}
SAMPLE = 40
"""Customers whose features are computed by the oracle, at the first and last date."""


def different(rows: Path, reference: Path) -> int:
    """How many rows of two results are not the same at the as-of dates of the second, rows of one only included."""
    equal = " and ".join(_equal(name) for name in columns())
    dates = f"select distinct as_of_date from {_parquet(reference)}"
    query = f"""
        with a as (select * from {_parquet(rows)} where as_of_date in ({dates})), b as (from {_parquet(reference)})
        select count(*) from a full join b using (customer_id, as_of_date) where not coalesce({equal}, false)"""
    return int(_only(query)[0])


def shape(folder: Path) -> dict[str, int]:
    """How many events, customers and tiles there are."""
    events, tiles = (f"read_parquet('{folder / name}/*/*.parquet')" for name in ("events", "tiles"))
    counts = f"(select count(*) from {events}), (select count(distinct customer_id) from {events})"
    found = _only(f"select {counts}, (select count(*) from {tiles})")
    return dict(zip(("events", "customers", "tiles"), found, strict=True))


def unlike_oracle(rows: Path, events: Path) -> int:
    """How many values of some customers' rows are not what the tests' oracle makes of their raw events."""
    some = f"select customer_id from {_parquet(rows)} group by 1 order by hash(customer_id), 1 limit {SAMPLE}"
    dated = f"select min(as_of_date), max(as_of_date) from {_parquet(rows)}"
    days = set(_only(dated))
    chosen = f"where customer_id in ({some})"
    at = ", ".join(f"DATE '{day}'" for day in days)
    listed = ", ".join((*KEY, *columns()))
    found = _all(f"select {listed} from {_parquet(rows)} {chosen} and as_of_date in ({at})")
    by_customer = _events(f"from read_parquet('{events}/*/*.parquet', hive_partitioning = true) {chosen}")
    made = {(row[0], row[1]): dict(zip(columns(), row[2:], strict=True)) for row in found}
    expected = {
        (customer, day): wanted
        for customer, theirs in by_customer.items()
        for day in days
        if (wanted := _expected(theirs, day))[f"count_{LONGEST}d"]
    }
    missing = len(columns()) * len(made.keys() ^ expected.keys())
    both = made.keys() & expected.keys()
    return missing + sum(not _same(made[key][name], expected[key][name]) for key in both for name in columns())


def _expected(events: list[Event], day: date) -> dict[str, Any]:
    found = {feature.name: value(feature, events, day) for feature in features()}
    for name, channel, window, summed in by_value():
        chosen = [event for event in events if event["channel"] == channel]
        op, column = ("sum", "amount") if summed else ("count", None)
        found[name] = value(Feature(name, "payments", op, column, window), chosen, day)
    return found


def _events(some: str) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for number, row in enumerate(_all(f"select customer_id, event_date, known_from, amount, channel {some}")):
        event = dict(zip(("customer", "date", "known_from", "amount", "channel"), row, strict=True))
        # The order of events plays no part in these features.
        found.setdefault(row[0], []).append(event | {"time": number, "id": number})
    return found


def _same(made: Any, expected: Any) -> bool:
    if made is None or expected is None:
        return made is expected
    return isclose(made, expected, rel_tol=NEAR, abs_tol=NEAR)


def _equal(name: str) -> str:
    if name.startswith("count"):
        return f"a.{name} = b.{name}"
    near = f"abs(a.{name} - b.{name}) <= {NEAR} * greatest(1, abs(a.{name}))"
    return f"((a.{name} is null and b.{name} is null) or coalesce({near}, false))"


def _parquet(path: Path) -> str:
    files = f"{path}/*.parquet" if path.is_dir() else str(path)
    return f"read_parquet('{files}')"


def _only(query: str) -> tuple[Any, ...]:
    return _all(query)[0]


def _all(query: str) -> list[tuple[Any, ...]]:
    return duckdb.connect(config=BOUNDS).execute(query).fetchall()
