"""Rows of one id that differ, within a delivery and across deliveries: counted, named, and never chosen by chance."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from churn_spark.definitions.columns import Measure
from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import Delivered
from churn_spark.events.deliveries import Delivery, InFiles, SelectedDelivery, TakenDelivery
from churn_spark.lineage.acceptance import Accepted
from churn_spark.stages.intake import contradictions
from churn_spark.stages.intake.plans import Plan
from tests.stages.members import FIRST as FIRST_DUMP
from tests.stages.members import PLAN, RAW, crm, members, stored
from tests.stages.shop import HEADER, Shop, shop, shop_source

AT = "2024-03-08 12:00:00"
FIRST, BESIDE, SECOND = "2024-03-08.csv", "2024-03-08 (1).csv", "2024-03-08_v2.csv"


def refused(place: Shop) -> set[tuple[object, ...]]:
    """What was refused: id, delivery, reason, winner."""
    return {(n, delivery, reason, by) for n, delivery, (reason,), by in place.quarantine(
        "event_id", "delivery", "reasons", "winner"
    )}  # fmt: skip


def test_rows_of_one_id_that_differ_are_no_copies(spark, tmp_path, caplog):
    place = shop(spark, tmp_path)
    strict = replace(place, project=replace(place.project, sources=(replace(place.source, default_limit=0.1),)))
    first = [f"c1,2,{AT},1", f"c1,3,{AT},1", f"c1,4,{AT},6"]
    place.deliver(FIRST, [f"c1,1,{AT},10", f"c1,1,{AT},20", f"c2,1,{AT},30", *first])
    place.deliver(BESIDE, [f"c1,4,{AT},5"])
    with pytest.raises(
        DeliveryError, match=r"id_conflict, .*They are in .* If one delivery corrects another, .*restate"
    ) as stop:
        strict.ingest("2024-03-09")
    assert FIRST in str(stop.value)
    assert BESIDE in str(stop.value)
    place.ingest("2024-03-09")
    assert place.events("event_id", "delivery") == [("2", FIRST), ("3", FIRST)]
    assert place.deliveries("delivery", "read", "kept", "quarantined") == [(BESIDE, 1, 0, 1), (FIRST, 6, 2, 4)]
    assert "5 rows of 2024-03-08 (1).csv, 2024-03-08.csv have the id of another row" in caplog.text

    place.deliver(SECOND, [f"c1,1,{AT},10", f"c1,2,{AT},2", f"c1,3,{AT},1", f"c1,3,{AT},1"])
    place.ingest("2024-03-10")
    assert place.events("event_id", "delivery") == [("1", SECOND), ("2", FIRST), ("3", FIRST)]
    lost = {("3", SECOND, "duplicate", FIRST)}
    conflicts = {
        ("1", FIRST, "id_conflict", None),
        ("4", FIRST, "id_conflict", None),
        ("4", BESIDE, "id_conflict", None),
    }
    assert refused(place) == {("2", SECOND, "id_reused", FIRST)} | lost | conflicts
    counts = place.deliveries("delivery", "read", "kept", "quarantined", "duplicate")
    assert counts == [(BESIDE, 1, 0, 1, 0), (FIRST, 6, 2, 4, 0), (SECOND, 4, 1, 1, 2)]
    assert f"1 of {SECOND} differ from {FIRST}, known earlier. If one delivery corrects another" in caplog.text

    place.deliver(FIRST, [f"c1,2,{AT},2", f"c1,3,{AT},1", f"c1,4,{AT},5"])
    place.ingest("2024-03-10", "restate")
    assert place.events("event_id", "delivery") == [("1", SECOND), ("2", FIRST), ("3", FIRST), ("4", BESIDE)]
    assert refused(place) == {("2", SECOND, "duplicate", FIRST), ("4", FIRST, "duplicate", BESIDE)} | lost


def test_copies_are_compared_by_the_columns_of_now_and_the_earlier_nominal_date_counts(spark, tmp_path):
    amount, pieces = shop_source(tmp_path).measures[0], Measure("pieces", "pieces")
    schema = (*shop_source(tmp_path).schema, ("pieces", "int"))
    place = shop(spark, tmp_path, schema=schema, measures=(amount, pieces))

    def ingest(as_of: str, *measures: Measure, **delivered: str) -> list[tuple[object, ...]]:
        for name, row in delivered.items():
            place.deliver(f"2024-03-{name[1:]}.csv", [f"c1,{row}" for row in row.split()], f"{HEADER},pieces")
        source = replace(place.source, measures=measures)
        replace(place, project=replace(place.project, sources=(source,))).ingest(as_of)
        return place.events("event_id", "delivery", "amount")

    at = AT.replace(" ", "T")
    kept = [("1", FIRST, Decimal("1.00"))]
    assert ingest("2024-03-09", amount, pieces, _08=f"1,{at},1,2", _08b=f"1,{at},1,2") == kept
    assert ingest("2024-03-10", pieces, amount, _08c=f"1,{at},1,2") == kept
    added = {"_08d": f"1,{at},1,9 2,{at},10,1", "_09": f"2,{at},11,1"}
    assert ingest("2024-03-11", amount, **added) == [*kept, ("2", "2024-03-08d.csv", Decimal("10.00"))]
    assert refused(place) == {
        *(("1", f"2024-03-08{part}.csv", "duplicate", FIRST) for part in "bcd"),
        ("2", "2024-03-09.csv", "id_reused", "2024-03-08d.csv"),
    }


def test_what_is_advised_about_customers_depends_on_whether_they_have_a_time(tmp_path):
    source = crm(tmp_path)
    advice = [
        contradictions.conflict_remedies(s, [], [])["id_conflict"] for s in (source, replace(source, event_time="at"))
    ]
    assert "configure the column that says so: sources.crm.event_time" in advice[0]
    assert "By sources.crm.event_time they have the same time" in advice[1]


def test_a_day_that_came_twice_is_named_where_no_id_tells_whether_its_rows_contradict():
    def taken(name: str, day: int) -> TakenDelivery:
        return TakenDelivery(name, "f", 1, date(2024, 3, day), date(2024, 3, 9), False, 1)

    def taking(name: str, day: int, before: TakenDelivery | None = None) -> SelectedDelivery:
        return SelectedDelivery(Delivery(name, InFiles(()), date(2024, 3, day)), date(2024, 3, 9), False, "f", before)

    source = shop_source("sales", event_id=())
    known = {name: taken(name, day) for name, day in (("7.csv", 7), ("7b.csv", 7), ("8.csv", 8))}
    new = (taking("8 (1).csv", 8), taking("7.csv", 7, known["7.csv"]))
    plan = Plan(source, None, "", new, known, {}, Accepted())  # type: ignore[arg-type]
    (line,) = contradictions.warnings(plan, [], [])
    assert "sales: several deliveries of 2024-03-08 (8 (1).csv, 8.csv); without sources.sales.event_id" in line
    assert "--option restate" in line
    for other in (replace(source, event_id=("id",)), replace(source, delivered=Delivered(by="event"))):
        assert list(contradictions.warnings(replace(plan, source=other), [], [])) == []


def test_of_several_rows_of_a_customer_the_latest_counts_and_without_a_time_none_is_chosen(spark, tmp_path):
    schema = (*RAW, ("changed", "timestamp_ntz"))
    dated = replace(crm(tmp_path, "dated"), schema=schema, event_time="changed", default_limit=1.0)
    undated = replace(crm(tmp_path, "undated"), default_limit=1.0, attributes=(replace(PLAN, name="other"),))
    place = members(spark, tmp_path, dated, undated)
    rows = [
        *("c1,free,Rome,2024-03-01 08:00", "c1,plus,Rome,2024-03-01 20:00", "c1,gold,Rome,2024-03-01 12:00"),
        *("c2,free,Rome,2024-03-01 08:00", "c2,plus,Rome,2024-03-01 08:00", "c2,gold,Rome,2024-03-01 07:00"),
        *("c3,free,Rome,2024-03-01 08:00", "c3,free,Rome,2024-03-01 08:00", "c4,free,Rome,"),
        *("c4,gold,Rome,2024-03-01 08:00", "c5,free,Rome,2024-03-01 07:00", "c5,gold,Rome,2024-03-01 07:00"),
        *("c5,plus,Rome,2024-03-01 08:00", "c6,free,Rome,1850-03-01 08:00", "c7,free,Rome,"),
    ]
    place.deliver(f"{FIRST_DUMP}.csv", rows, "customer,plan,city,changed")
    Shop(place.project, place.catalog, tmp_path / "undated").deliver(
        f"{FIRST_DUMP}.csv", [row.rpartition(",")[0] for row in rows[:2] + rows[6:9]], "customer,plan,city"
    )
    place.ingest(FIRST_DUMP + timedelta(days=1))
    assert stored(place, "source", "customer_id", "plan", "other") == [
        ("dated", "c1", "plus", None), ("dated", "c3", "free", None), ("dated", "c4", "gold", None),
        ("dated", "c5", "plus", None), ("dated", "c7", "free", None),
        ("undated", "c3", None, "free"), ("undated", "c4", None, "free"),
    ]  # fmt: skip
    assert place.quarantine("source", "reasons", "copies") == [
        ("dated", ("duplicate",), 1), ("dated", ("id_conflict",), 1), ("dated", ("id_conflict",), 1),
        ("dated", ("no_time",), 1), *[("dated", ("superseded",), 1)] * 6,
        ("undated", ("duplicate",), 1), ("undated", ("id_conflict",), 1), ("undated", ("id_conflict",), 1),
    ]  # fmt: skip
    assert sorted(place.deliveries("source", "read", "kept", "quarantined", "duplicate")) == [
        ("dated", 15, 5, 9, 1), ("undated", 5, 2, 2, 1)
    ]  # fmt: skip
