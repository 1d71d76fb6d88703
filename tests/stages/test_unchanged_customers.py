"""Dumps of customers: a version is kept where it says something new, whatever the order of runs."""

import logging
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from churn_spark.definitions.errors import DeliveryError
from churn_spark.features.customers import attributes
from churn_spark.tables.contracts.intake import customers
from tests.faults.crash import FaultError, at_commit
from tests.stages.members import CITY, FIRST, PLAN, Model, counts, crm, days, dump, members, stored
from tests.stages.shop import touched_long_ago

DAY = timedelta(days=1)
FIFTY = {f"c{n:02d}": "basic" for n in range(50)}


def test_thirty_dumps_of_fifty_customers_with_two_changes_are_fifty_two_versions(spark, tmp_path):
    place = members(spark, tmp_path, crm(tmp_path, history_until=FIRST + 40 * DAY))
    every = {day: FIFTY | ({"c07": "plus"} if day >= FIRST + 11 * DAY else {}) for day in days(0, 30)}
    for day in days(20, 30):
        every[day] = every[day] | {"c33": "gold"}
    for until in (20, 30):
        for day in days(until - 20 if until == 20 else 20, until):
            dump(place, day, every[day])
        place.ingest(FIRST + until * DAY)
    assert len(stored(place)) == 52
    assert stored(place)[-1] == ("c49", FIRST + DAY, FIRST, f"{FIRST}.csv", "basic")
    counted = counts(place)
    assert counted[f"{FIRST}.csv"] == (50, 50, 0, 0, 0)
    assert counted[f"{FIRST + 11 * DAY}.csv"] == counted[f"{FIRST + 20 * DAY}.csv"] == (50, 1, 0, 0, 49)
    assert sum(read for read, *_ in counted.values()) == 1500
    dates = list(days(0, 33))
    rows_at_dates = attributes(place.catalog.read(customers(place.project)), place.project.sources, dates).collect()
    expected = {
        (customer, day, plan)
        for day in dates
        for customer, plan in every.get(min(day, FIRST + 30 * DAY) - DAY, {}).items()
    }
    assert {tuple(row) for row in rows_at_dates} == expected


def test_the_versions_kept_do_not_depend_on_the_order_of_runs(spark, tmp_path):
    dice = random.Random(5)

    def plans() -> dict[str, str]:
        drawn = dice.sample(range(30), 22)
        return {f"c{n:02d}": dice.choice(["basic", "basic", "plus", ""]) for n in sorted(drawn)}

    place = members(spark, tmp_path, crm(tmp_path, history_until=FIRST + 3 * DAY))
    model = Model()

    def run(as_of: int, *options: str, dumps: tuple[tuple[int, str, int], ...], crash: int = 0) -> None:
        """Deliver dumps (day, end of the name, day from which it is known), then take them."""
        for number, name, known in dumps:
            nominal, content = FIRST + number * DAY, plans()
            model.take(dump(place, nominal, content, name), nominal, FIRST + known * DAY, content)
        if crash:
            with pytest.raises(FaultError), at_commit(crash, FaultError):
                place.ingest(FIRST + as_of * DAY, *options)
        place.ingest(FIRST + as_of * DAY, *options)
        assert stored(place) == model.kept()
        assert counts(place) == model.counts()

    run(4, dumps=((0, "", 1), (1, "", 2), (3, "", 4)), crash=2)
    run(6, dumps=((5, "_b", 6),))
    run(6, dumps=((5, "_a", 6),), crash=2)  # of the same day, before the one taken already
    run(7, dumps=((2, "", 3), (4, "", 7)))  # history that comes late, and a late dump
    run(8, "restate", dumps=((1, "", 2), (7, "", 8)), crash=3)
    run(8, "restate", dumps=((5, "_b", 6),))


def test_a_dump_restated_in_the_middle_brings_back_what_later_ones_had_left_out(spark, tmp_path, caplog):
    place = members(spark, tmp_path, crm(tmp_path))
    for number, plan in enumerate(("basic", "basic", "basic", "plus")):
        dump(place, FIRST + number * DAY, {"c1": plan})
        place.ingest(FIRST + (number + 1) * DAY)
    assert [row[3:] for row in stored(place)] == [(f"{FIRST}.csv", "basic"), (f"{FIRST + 3 * DAY}.csv", "plus")]
    dump(place, FIRST + DAY, {"c1": "gold", "c2": "gold"})
    place.ingest(FIRST + 5 * DAY, "restate")
    assert [(name, plan, known) for _, known, _, name, plan in stored(place) if plan] == [
        (f"{FIRST}.csv", "basic", FIRST + DAY), (f"{FIRST + DAY}.csv", "gold", FIRST + 2 * DAY),
        (f"{FIRST + 2 * DAY}.csv", "basic", FIRST + 3 * DAY), (f"{FIRST + 3 * DAY}.csv", "plus", FIRST + 4 * DAY),
        (f"{FIRST + DAY}.csv", "gold", FIRST + 2 * DAY),
    ]  # fmt: skip
    dump(place, FIRST + DAY, {"c1": "plus"})
    place.ingest(FIRST + 5 * DAY, "restate")
    dump(place, FIRST + 2 * DAY, {})
    place.ingest(FIRST + 5 * DAY, "restate")
    assert [row[3:] for row in stored(place)] == [(f"{FIRST}.csv", "basic"), (f"{FIRST + DAY}.csv", "plus")]
    assert counts(place)[f"{FIRST + 3 * DAY}.csv"] == (1, 0, 0, 0, 1), "a stored version that says nothing new any more"
    assert place.ingest(FIRST + 5 * DAY) == "nothing_to_do"

    (place.folder / f"{FIRST + 3 * DAY}.csv").unlink()
    dump(place, FIRST + DAY, {"c1": "basic"})
    with caplog.at_level(logging.WARNING, logger="churn_spark.ingest"):
        place.ingest(FIRST + 5 * DAY, "restate")
    assert [row[3:] for row in stored(place)] == [(f"{FIRST}.csv", "basic")]
    assert any("crm: 1 later deliveries with unchanged rows are no longer at the source" in m for m in caplog.messages)


def test_a_dump_that_changed_in_secret_is_not_taken_again_as_it_is_now(spark, tmp_path):
    place = members(spark, tmp_path, crm(tmp_path, history_until=FIRST + 9 * DAY))
    for number in (0, 2):
        dump(place, FIRST + number * DAY, {"c1": "basic"})
    place.ingest(FIRST + 3 * DAY)
    later = place.folder / f"{FIRST + 2 * DAY}.csv"
    later.write_text(later.read_text().replace("basic", "BASIC"))
    touched_long_ago(later)
    dump(place, FIRST + DAY, {"c1": "plus"})
    with pytest.raises(DeliveryError, match=rf"{FIRST + 2 * DAY}.csv was taken on .* with the fingerprint"):
        place.ingest(FIRST + 3 * DAY)


def test_a_version_taken_before_a_column_was_configured_is_not_equal_to_one_with_it(spark, tmp_path):
    place = members(spark, tmp_path, crm(tmp_path))
    dump(place, FIRST, {"c1": "basic"}, city="")
    dump(place, FIRST + DAY, {"c1": "basic"}, city="")
    place.ingest(FIRST + 2 * DAY)
    later = members(spark, tmp_path, crm(tmp_path, attributes=(PLAN, CITY)))
    dump(later, FIRST + 2 * DAY, {"c1": "basic"}, city="")
    later.ingest(FIRST + 3 * DAY)
    assert [row[3] for row in stored(later)] == [f"{FIRST}.csv", f"{FIRST + 2 * DAY}.csv"]
    later.ingest(FIRST + 3 * DAY, "add-columns")
    assert [row[3] for row in stored(later)] == [f"{FIRST}.csv"]
    dump(later, FIRST + 3 * DAY, {"c1": "basic"}, city="Rome")
    later.ingest(FIRST + 4 * DAY)
    assert stored(later, "delivery", "city") == [(f"{FIRST}.csv", None), (f"{FIRST + 3 * DAY}.csv", "Rome")]


def test_all_versions_are_kept_where_an_attribute_may_come_from_another_source_too(spark, tmp_path):
    own = members(spark, tmp_path, crm(tmp_path))
    for number in (0, 2):
        dump(own, FIRST + number * DAY, {"c1": "basic"})
    own.ingest(FIRST + 3 * DAY)
    assert len(stored(own)) == 1
    shared = members(spark, tmp_path, crm(tmp_path), crm(tmp_path, "club"))
    club = replace(shared, folder=tmp_path / "club")
    dump(club, FIRST + DAY, {"c1": "gold"})
    shared.ingest(FIRST + 3 * DAY)
    assert stored(shared, "source", "nominal_date", "plan") == [
        ("club", FIRST + DAY, "gold"), ("crm", FIRST, "basic"), ("crm", FIRST + 2 * DAY, "basic")
    ]  # fmt: skip


def test_versions_of_a_table_of_old_stay_when_a_dump_comes_after_them(spark, tmp_path):
    place = members(spark, tmp_path, crm(tmp_path))
    for number in range(3):
        dump(place, FIRST + number * DAY, {"c1": "basic"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("churn_spark.stages.intake.selection.shares_attributes", lambda *_: True)
            place.ingest(FIRST + (number + 1) * DAY)
    dump(place, FIRST + 3 * DAY, {"c1": "basic"})
    place.ingest(FIRST + 4 * DAY)
    assert [row[2] for row in stored(place)] == [FIRST, FIRST + DAY, FIRST + 2 * DAY]
    assert counts(place)[f"{FIRST + 3 * DAY}.csv"] == (1, 0, 0, 0, 1)
