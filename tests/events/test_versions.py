"""Versions of customers that say nothing new."""

from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.events.deliveries import Delivery, InFiles, SelectedDelivery, TakenDelivery
from churn_spark.events.versions import first_position, last_position, shares_attributes, with_unchanged
from churn_spark.features.customers import attributes

FIRST = date(2024, 3, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(8)]
SCHEMA = "customer_id string, source string, known_from date, nominal_date date, delivery string, plan string, age int"
CRM = Source(
    "crm", "customers", "csv", "", (), "customer", Delivered(),
    attributes=(Attribute("plan", "plan", "string"), Attribute("age", "age", "int")),
)  # fmt: skip

versions = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.just("crm"),
        st.sampled_from(DAYS[2:]),
        st.sampled_from([None, *DAYS[:5]]),
        st.sampled_from(["d1", "d2", "d3"]),
        st.sampled_from([None, "basic", "plus"]),
        st.sampled_from([None, 7]),
    ),
    unique_by=lambda version: (version[0], version[2], version[4]),
    min_size=40,
    max_size=80,
)


def said_anew(every: list[tuple]) -> set[tuple]:  # type: ignore[type-arg]
    """The versions to keep, one customer after the other."""
    by_customer = defaultdict(list)
    for version in every:
        by_customer[version[0]].append(version)
    kept = set()
    for mine in by_customer.values():
        last = None
        for version in sorted(mine, key=lambda v: (v[2], v[3] or date.min, v[4])):
            earlier = last is not None and (version[3] or date.max) < (last[3] or date.max)
            if last is None or version[5:] != last[5:] or earlier:
                kept.add(version)
                last = version
    return kept


@settings(max_examples=6)
@given(every=versions, dropped=st.sets(st.integers(0, 79)))
def test_what_is_left_out_changes_no_attribute_of_any_date_and_is_left_out_whatever_else_is(spark, every, dropped):
    rows = spark.createDataFrame(every, SCHEMA).coalesce(1).localCheckpoint()
    kept = with_unchanged(rows, ["plan", "age"]).where("not unchanged").drop("unchanged")
    expected = said_anew(every)
    assert {tuple(row) for row in kept.collect()} == expected
    for hindsight in (0, 3):
        later = {day: day + timedelta(days=hindsight) for day in DAYS}
        whole, less = (
            {tuple(row) for row in attributes(delivery, [CRM], DAYS, later).collect()} for delivery in (rows, kept)
        )
        assert whole == less
    partly = [v for n, v in enumerate(every) if v in expected or n not in dropped]
    again = with_unchanged(spark.createDataFrame(partly, SCHEMA).coalesce(1), ["plan", "age"]).where("not unchanged")
    assert {tuple(row) for row in again.drop("unchanged").collect()} == expected


HISTORY = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("delivered", "nominal", "history", "first", "last"),
    [
        (Delivered(), DAYS[0], False, (DAYS[2], DAYS[0], "d"), (DAYS[2], DAYS[0], "d")),
        (Delivered(lag_days=4), DAYS[0], False, (DAYS[4], DAYS[0], "d"), (DAYS[4], DAYS[0], "d")),
        (Delivered(history_until=HISTORY), HISTORY, True, (DAYS[0], HISTORY, "d"), (DAYS[0], HISTORY, "d")),
        (Delivered(history_until=HISTORY), DAYS[0], True, (DAYS[2], DAYS[0], "d"), (DAYS[2], DAYS[0], "d")),
        (Delivered(by="event"), None, False, (DAYS[2], date.min, "d"), (DAYS[2], date.min, "d")),
        (Delivered(by="column"), DAYS[5], False, (DAYS[2], date.min, ""), (DAYS[6], date.max, chr(0x10FFFF))),
        (Delivered(by="column"), DAYS[0], True, (date.min, date.min, ""), (DAYS[2], date.max, chr(0x10FFFF))),
    ],
)
def test_where_versions_of_a_delivery_can_stand_in_the_order(delivered, nominal, history, first, last):
    delivery = Delivery("d", InFiles(()), None if delivered.by == "column" else nominal)
    taking = SelectedDelivery(delivery, taken_on=DAYS[2], history=history, fingerprint="f")
    assert first_position(taking, delivered) == first
    taken = TakenDelivery("d", "f", 1, nominal, DAYS[2], history, 1)
    assert last_position(taken, delivered) == last


def test_a_delivery_taken_before_also_stands_where_its_versions_stood():
    taken = TakenDelivery("d", "f", 1, DAYS[3], DAYS[4], False, 1, known_from=(DAYS[1], DAYS[7]))
    taking = SelectedDelivery(Delivery("d", InFiles(()), DAYS[3]), DAYS[4], False, "f", before=taken)
    assert first_position(taking, Delivered()) == (DAYS[1], DAYS[3], "d")
    assert last_position(taken, Delivered()) == (DAYS[7], DAYS[3], "d")


def test_sources_that_share_an_attribute():
    shop = Source(**{name: getattr(CRM, name) for name in CRM.__dataclass_fields__} | {"name": "shop"})
    other = Source("club", "customers", "csv", "", (), "id", Delivered(), attributes=(Attribute("tier", "t", "int"),))
    assert shares_attributes(CRM, (CRM, shop, other))
    assert not shares_attributes(other, (CRM, shop, other))
