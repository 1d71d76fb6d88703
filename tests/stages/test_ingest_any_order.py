"""Many made histories of deliveries, in any order of runs, with crashes: the tables are those of the plain rules."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path

import pytest

from churn_spark.definitions.sources import Delivered
from tests import soak
from tests.events.oracle import DAY, Delivery, Row, Rules, ingested
from tests.faults.crash import FaultError, at_commit
from tests.stages.shop import shop

FIRST = date(2024, 3, 8)
RULES = Rules(history_until=FIRST + DAY)
RUNS = [
    # (days after FIRST, restate); days go back and forth, one comes twice; New York's clocks change on 10 March
    (2, False),
    (2, False),
    (4, False),
    (3, False),
    (6, True),
]
TIMES = (
    ["2024-03-09 18:59:59", "2024-03-09 19:00:00", "2024-03-10 01:59:59", "2024-03-10 02:30:00", "2024-03-10 03:00:00"]
    + ["2024-03-08 12:00:00", "2024-03-10 12:00:00", "2024-03-11 20:30:00", "2024-03-12 19:59:59"] * 2
    + ["1970-01-01 12:00:00", "2099-01-01 00:00:00", "1850-01-01 00:00:00", "yesterday", ""]
)
AMOUNTS = ["1.50", "1.50", "-2", "999.995", "13", "", "x", "1e5", "NaN", "9" * 40]


@dataclass
class Made:
    """A file: when it arrives (number of the run), and what it holds then and after a restatement."""

    name: str
    nominal: date
    arrives: int
    rows: list[Row]
    restated: list[Row] | None


def made_history(dice: random.Random, scenario: int) -> list[Made]:
    """Up to four deliveries; ids are those of the scenario, so that histories do not touch each other."""

    def rows() -> list[Row]:
        drawn: list[Row] = []
        for _ in range(dice.randint(0, 5)):
            event_id = "" if dice.random() < 0.05 else f"{scenario}{dice.choice('abc')}"
            # Most rows say of their event what others say of it, or differ in the customer or the amount only.
            said = dice if dice.random() < 0.3 else random.Random(event_id)
            time = said.choice(TIMES)
            customer = dice.choice(["c1", "c1", "c2", "c2", ""]) if dice.random() < 0.2 else "c1"
            amount = dice.choice(AMOUNTS) if dice.random() < 0.2 else said.choice(["1.50", "2"])
            drawn.append((customer, event_id, time, amount))
        return drawn + drawn[: dice.randint(0, 1)]

    deliveries: list[Made] = []
    for number in range(dice.randint(1, 4)):
        nominal = FIRST + dice.randint(0, 4) * DAY
        # Some deliver again what another delivered.
        content = list(dice.choice(deliveries).rows) if deliveries and dice.random() < 0.3 else rows()
        restated = rows() if dice.random() < 0.3 else None
        name = f"{nominal}_{dice.randint(0, 9)}_{scenario:03d}_{number}.csv"
        deliveries.append(Made(name, nominal, dice.randrange(len(RUNS)), content, restated))
    return deliveries


def taken(made: list[Made], runs: int) -> list[Delivery]:
    """The deliveries taken after the first runs, each with its day and newest content."""
    deliveries: dict[str, Delivery] = {}
    completed = date.min
    for number, (day, restate) in enumerate(RUNS[:runs]):
        as_of = FIRST + day * DAY
        completed = max(as_of, completed)
        for one in made:
            rows = one.restated if restate and one.restated is not None else one.rows
            if one.name in deliveries:
                deliveries[one.name] = Delivery(one.name, one.nominal, deliveries[one.name].taken_on, rows)
            elif one.arrives <= number and one.nominal + DAY <= as_of:
                deliveries[one.name] = Delivery(one.name, one.nominal, completed, rows)
    return list(deliveries.values())


def test_the_tables_follow_from_deliveries_and_their_days_alone(spark, tmp_path):
    _follow(spark, tmp_path, 1)


@pytest.mark.soak(minutes=1)
@pytest.mark.parametrize("turn", range(4))
def test_the_tables_follow_from_other_deliveries_too(spark, tmp_path, turn):
    with soak.seed() as seed:
        _follow(spark, tmp_path, seed + turn)


def _follow(spark, tmp_path: Path, seed: int) -> None:  # type: ignore[no-untyped-def]
    dice = random.Random(seed)
    made = [one for scenario in range(50) for one in made_history(dice, scenario)]
    delivered = Delivered(history_until=RULES.history_until, clock_skew_days=RULES.skew, lag_days=RULES.lag)
    place = shop(spark, tmp_path, delivered=delivered)
    for number, (day, restate) in enumerate(RUNS):
        for one in made:
            if one.arrives == number or (restate and one.restated is not None):
                rows = one.restated if restate and one.restated is not None else one.rows
                place.deliver(one.name, [",".join(row) for row in rows])
        options = ["restate"] if restate else []
        if number % 2:
            with pytest.raises(FaultError), at_commit(1 + number % 3, FaultError):
                place.ingest(FIRST + day * DAY, *options)
        place.ingest(FIRST + day * DAY, *options)
        assert_equal(place, taken(made, number + 1))


def assert_equal(place, deliveries: list[Delivery]) -> None:
    expected = ingested(deliveries, RULES)
    columns = ("delivery", "event_id", "event_date", "known_from", "customer_id", "event_time", "amount")
    events = [(*row[:5], row[5].replace(tzinfo=UTC), row[6]) for row in place.events(*columns)]
    assert Counter(events) == Counter(expected.events)
    columns = ("delivery", "reasons", "copies", "event_date", "event_id", "known_from", "winner")
    assert Counter(place.quarantine(*columns)) == expected.quarantine
    columns = ("delivery", "taken_on", "read", "kept", "quarantined", "duplicate", "reasons", "known_from")
    assert {row[0]: row[1:] for row in place.deliveries(*columns)} == expected.deliveries
