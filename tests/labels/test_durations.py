"""Days until customers leave, compared with loops over every day."""

import random
from datetime import date, timedelta

from churn_spark.labels.durations import until_event, until_silence
from tests.frames import rows

FIRST = date(2026, 3, 1)
SNAPSHOT = {"customer_id": "a", "as_of_date": "2026-03-01", "followed": 1}
DAY = {"customer_id": "a", "event_date": "2026-03-01"}
SILENT = 5


def made() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Snapshots of 30 customers on two dates, followed for various spans, and the days on which something happened."""
    drawn = random.Random(8)
    snapshots, days = [], []
    for number in range(30):
        customer = f"c{number}"
        for s in (FIRST, FIRST + timedelta(days=9)):
            snapshots.append({"customer_id": customer, "as_of_date": s, "followed": drawn.randrange(-2, 30)})
        often = drawn.choice([0, 0.05, 0.2, 0.6])
        happened = [n for n in range(-10, 45) if drawn.random() < often]
        days += [{"customer_id": customer, "event_date": FIRST + timedelta(days=n)} for n in happened + happened[:2]]
    return snapshots, days


def by_loop(first_day) -> dict[tuple[object, object], int | None]:
    snapshots, days = made()
    found = {}
    for snapshot in snapshots:
        customer, s = snapshot["customer_id"], snapshot["as_of_date"]
        on = {(day["event_date"] - s).days for day in days if day["customer_id"] == customer}
        found[customer, s] = first_day(on, snapshot["followed"])
    return found


def found_by(frame) -> dict[tuple[object, object], int | None]:
    return {(row["customer_id"], row["as_of_date"]): row["left_after"] for row in frame.collect()}


def test_silence_begins_with_the_first_of_enough_days_without_activity(spark):
    def first_silence(active: set[int], followed: int) -> int | None:
        for begin in range(followed - SILENT + 1):
            before_is_active = begin == 0 or begin - 1 in active
            if before_is_active and not active & set(range(begin, begin + SILENT)):
                return begin
        return None

    snapshots, days = made()
    frame = until_silence(rows(spark, SNAPSHOT, *snapshots), rows(spark, DAY, *days), SILENT)
    expected = by_loop(first_silence)
    assert found_by(frame) == expected
    assert {None, 0} < {*expected.values()}


def test_the_first_event_from_the_as_of_date_on_counts_if_it_was_followed(spark):
    def first_event(on: set[int], followed: int) -> int | None:
        return min((day for day in on if 0 <= day < followed), default=None)

    snapshots, days = made()
    frame = until_event(rows(spark, SNAPSHOT, *snapshots), rows(spark, DAY, *days))
    expected = by_loop(first_event)
    assert found_by(frame) == expected
    assert len({*expected.values()}) > 5
