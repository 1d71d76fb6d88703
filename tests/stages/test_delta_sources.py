"""Delta tables that others maintain: taken once, or refused by name with the remedy."""

import logging
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from churn_spark.cli.source_check import check_data
from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import Delivered, RowCheck
from churn_spark.tables.contracts.intake import customers
from tests.faults.crash import FaultError, at_commit
from tests.stages.bronze import Bronze
from tests.stages.shop import Shop, shop

AS_OF = date(2024, 3, 9)
NEXT = date(2024, 3, 10)
DELTA = {
    "format": "delta",
    "schema": (("customer", "string"), ("id", "string"), ("at", "timestamp"), ("amount", "double")),
}


def sold(spark, root: Path, changes: str = "refuse", **created: str) -> tuple[Shop, Bronze]:
    """A shop whose sales are an empty Delta table."""
    place = shop(spark, root, **DELTA, delivered=Delivered(unit="version", by="event", changes=changes))
    return place, Bronze(spark, place.folder).create(**created)


def ids(place: Shop) -> list[str]:
    return [event_id for (event_id,) in place.events("event_id")]


def taken(place: Shop) -> list[tuple[object, ...]]:
    """Version, rows read and rows kept of each delivery."""
    return [(int(name), read, kept) for name, read, kept in place.deliveries("delivery", "read", "kept")]


def test_a_table_older_than_its_log_begins_with_the_oldest_version_the_log_can_tell(spark, tmp_path):
    place, table = sold(spark, tmp_path)
    for number in range(1, 5):
        table.append(number)
        if number in (2, 3):
            table.checkpoint()
    table.forget_before(2)
    assert check_data(place.project, spark).notes[:1] == [
        f"sources.sales: a first load begins with version 2 of {table.path}, whole; then it takes what each later"
        " version added"
    ]
    place.ingest(AS_OF)
    assert taken(place) == [(2, 2, 2), (3, 1, 1), (4, 1, 1)]
    assert ids(place) == ["1", "2", "3", "4"]
    table.append(5)
    table.forget_before(3)
    place.ingest(NEXT)
    assert taken(place)[-1] == (5, 1, 1)
    assert place.ingest(NEXT) == "nothing_to_do"


def test_a_table_that_was_optimized_and_vacuumed_begins_with_the_oldest_version_whose_files_are_there(spark, tmp_path):
    place, table = sold(spark, tmp_path)
    table.append(1)
    table.append(2)
    table.append(3)
    table.optimize()  # version 4
    table.vacuum()  # 5 and 6
    table.append(4)
    place.ingest(AS_OF)
    assert taken(place) == [(4, 3, 3), (7, 1, 1)]
    assert ids(place) == ["1", "2", "3", "4"]
    assert check_data(place.project, spark).problems == []


def test_what_was_overwritten_updated_or_deleted_before_the_first_load_is_not_brought_back(spark, tmp_path):
    place, table = sold(spark, tmp_path)
    table.append(1, 2)
    table.sql("INSERT OVERWRITE {table} SELECT customer, '3', at, amount, day FROM {table} WHERE id = '1'")
    table.append(4)
    table.sql("UPDATE {table} SET amount = 7.5 WHERE id = '4'")
    table.append(5)
    table.append(6)
    place.ingest(AS_OF)
    assert taken(place) == [(4, 2, 2), (5, 1, 1), (6, 1, 1)]
    assert [(n, float(a)) for n, a in place.events("event_id", "amount")] == [
        ("3", 1.5), ("4", 7.5), ("5", 1.5), ("6", 1.5)
    ]  # fmt: skip


def test_maintenance_after_a_version_was_taken_never_needs_its_files_again(spark, tmp_path, caplog):
    place, table = sold(spark, tmp_path)
    table.append(1)
    table.append(2)
    place.ingest(AS_OF)
    table.optimize()
    table.vacuum()
    table.append(3)
    place.ingest(NEXT)
    assert taken(place) == [(1, 1, 1), (2, 1, 1), (6, 1, 1)]
    stricter = replace(place.source, checks=(*place.source.checks, RowCheck("cheap", "amount < 2")))
    later = replace(place, project=replace(place.project, sources=(stricter,)))
    with pytest.raises(DeliveryError, match=r"when 1 deliveries \(1 rows\) were taken.*--option restate"):
        later.ingest(NEXT)
    with caplog.at_level(logging.WARNING, logger="churn_spark.ingest"):
        later.ingest(NEXT, "restate")
    assert (
        "sales: 2 deliveries taken under another mapping are no longer at the source and stay as they are"
        in caplog.messages
    )
    assert taken(later) == [(1, 1, 1), (2, 1, 1), (6, 1, 1)]
    assert ids(later) == ["1", "2", "3"]
    assert later.ingest(NEXT, "restate") == "nothing_to_do"


def test_a_version_missed_after_the_first_load_is_named_and_passed_over_once_that_is_accepted(spark, tmp_path):
    place, table = sold(spark, tmp_path)
    table.append(1)
    place.ingest(AS_OF)
    table.append(2)
    table.optimize()
    table.vacuum()
    with pytest.raises(
        DeliveryError, match=r"version 2 of .* \(WRITE\) cannot be taken, as its file \S+parquet is missing"
    ):
        place.ingest(NEXT)
    place.ingest(NEXT, "accept-incomplete=sales@2")
    assert place.deliveries("delivery", "read", "accepted_incomplete")[1:] == [(f"{2:020d}", 0, True)]
    assert place.ingest(NEXT) == "nothing_to_do"
    for number in (3, 4):
        table.append(number)
    table.checkpoint()
    table.forget_before(7)
    table.append(5)
    with pytest.raises(DeliveryError, match=r"version 6 of .* was not taken, and its log has no version before 7"):
        place.ingest(NEXT)
    place.ingest(NEXT, "accept-incomplete=sales@6")
    assert ids(place) == ["1", "4", "5"]
    assert place.ingest(NEXT) == "nothing_to_do"
    shutil.rmtree(table.path)
    table.create()
    with pytest.raises(DeliveryError, match=r"version 8 of .* was taken, but its newest is 0 now: the table was"):
        place.ingest(NEXT)


@pytest.mark.parametrize("statement", ["UPDATE {table} SET amount = 2 WHERE id = '1'", "DELETE FROM {table}"])
def test_a_version_that_changes_rows_is_refused_with_its_operation_and_the_remedy(spark, tmp_path, statement):
    place, table = sold(spark, tmp_path)
    table.append(1, 2)
    place.ingest(AS_OF)
    table.sql(statement)
    table.append(3)
    operation = statement.split()[0]
    with pytest.raises(DeliveryError, match=rf"version 2 of .*\({operation}\) changes .*changes: refuse.*first_known"):
        place.ingest(NEXT)
    place.ingest(NEXT, "accept-incomplete=sales@2")
    assert taken(place) == [(1, 2, 2), (2, 0, 0), (3, 1, 1)]
    assert ids(place) == ["1", "2", "3"]


def test_a_broken_first_load_begins_again_with_what_the_table_is_then(spark, tmp_path):
    place, table = sold(spark, tmp_path)
    table.append(1, 2)
    with pytest.raises(FaultError), at_commit(2, FaultError):
        place.ingest(AS_OF)
    table.sql("UPDATE {table} SET amount = 2 WHERE id = '1'")
    place.ingest(AS_OF)
    assert taken(place) == [(2, 2, 2)]


def test_deletion_vectors_partitions_of_any_name_and_new_columns_are_read_through_delta(spark, tmp_path):
    place = shop(spark, tmp_path / "our sales [1] 100%25", **DELTA, delivered=Delivered(unit="version", by="event"))
    table = Bronze(spark, place.folder)
    table.create(partitioned="PARTITIONED BY (customer, day)", enableDeletionVectors="true")
    table.append(1, 2, customer="a b/c=é %41")
    table.append(3, customer="c1")
    table.sql("DELETE FROM {table} WHERE id = '1'")
    table.sql("ALTER TABLE {table} ADD COLUMN note string")
    table.sql("INSERT INTO {table} SELECT customer, '4', at, amount, day, 'new' FROM {table} WHERE id = '2'")
    place.ingest(AS_OF)
    assert place.events("event_id", "customer_id") == [("2", "a b/c=é %41"), ("3", "c1"), ("4", "a b/c=é %41")]
    assert [(int(name), read) for name, read in place.deliveries("delivery", "read")] == [(3, 2), (5, 1)]
    assert place.deliveries("ignored_columns") == [(("day", "note"),), (("day", "note"),)]


EVENTS_LATER = """
MERGE INTO {table} t USING (
  SELECT * FROM VALUES ('1', 9D, '2024-03-08'), ('2', 1.5D, '2024-03-08'), ('3', 1.5D, '2024-03-08'),
                       ('4', 1.5D, '2024-03-07') AS late(id, amount, day)) s
ON t.id = s.id
WHEN MATCHED THEN UPDATE SET amount = s.amount, at = CAST(concat(s.day, ' 17:00:00') AS timestamp)
WHEN NOT MATCHED THEN INSERT (customer, id, at, amount) VALUES ('c9', s.id, TIMESTAMP'2024-03-08 17:00:00', s.amount)
"""
FEED = {"enableChangeDataFeed": "true"}
KINDS = pytest.mark.parametrize(
    "created", [{}, {"enableDeletionVectors": "true"}, FEED], ids=["files", "vectors", "feed"]
)


@KINDS
def test_events_that_a_version_changes_stay_as_first_known_and_new_ones_beside_are_taken(spark, tmp_path, created):
    place, table = sold(spark, tmp_path, changes="first_known", **created)
    table.append(1, 2, 4)
    table.append(5)
    place.ingest(AS_OF)
    table.sql(EVENTS_LATER)  # 1 has another amount, 2 the same, 3 is new, 4 lies a day earlier
    table.append(6)
    table.append(7)
    table.sql("DELETE FROM {table} WHERE id = '5'")
    place.ingest(NEXT)
    assert [(n, c, float(a), k) for n, c, a, k in place.events("event_id", "customer_id", "amount", "known_from")] == [
        ("1", "c1", 1.5, AS_OF), ("2", "c1", 1.5, AS_OF), ("3", "c9", 1.5, NEXT), ("4", "c1", 1.5, AS_OF),
        ("5", "c1", 1.5, AS_OF), ("6", "c1", 1.5, NEXT), ("7", "c1", 1.5, NEXT),
    ]  # fmt: skip
    copies = 1 if created == FEED else 0  # a feed also tells of rows that got the values they had
    alike = (("duplicate", 1),) * copies
    assert place.deliveries("delivery", "read", "kept", "reasons")[2:] == [
        (f"{3:020d}", 3 + copies, 1, (*alike, ("id_conflict", 1), ("id_reused", 1))),
        (f"{4:020d}", 1, 1, ()),
        (f"{5:020d}", 1, 1, ()),
        (f"{6:020d}", 0, 0, ()),
    ]


@KINDS
def test_customers_that_a_version_changes_have_a_new_version_from_then_on(spark, tmp_path, created):
    delivered = Delivered(unit="version", by="event", changes="versions")
    plan = Attribute("plan", "id", "string")
    members = {"kind": "customers", "event_time": "", "measures": (), "checks": (), "attributes": (plan,)}
    place = shop(spark, tmp_path, **DELTA | members, delivered=delivered)
    table = Bronze(spark, place.folder).create(**created)
    for customer in ("c1", "c2", "c3"):
        table.append("basic", customer=customer)
    place.ingest(AS_OF)
    table.sql("UPDATE {table} SET id = 'plus' WHERE customer = 'c1'")
    table.sql("DELETE FROM {table} WHERE customer = 'c2'")
    table.sql(
        "MERGE INTO {table} t USING (SELECT * FROM VALUES ('c3', 'basic'), ('c4', 'plus') AS s(who, plan)) s"
        " ON t.customer = s.who WHEN MATCHED THEN UPDATE SET id = s.plan"
        " WHEN NOT MATCHED THEN INSERT (customer, id) VALUES (s.who, s.plan)"
    )
    table.sql("INSERT OVERWRITE {table} SELECT customer, 'gold', at, amount, day FROM {table} WHERE customer > 'c3'")
    place.ingest(NEXT)
    place.catalog.refresh()
    kept = (
        place.catalog.read(customers(place.project)).select("customer_id", "delivery", "plan", "known_from").collect()
    )
    assert sorted((customer, int(name), plan, known) for customer, name, plan, known in kept) == [
        ("c1", 1, "basic", AS_OF), ("c1", 4, "plus", NEXT), ("c2", 2, "basic", AS_OF), ("c3", 3, "basic", AS_OF),
        ("c4", 6, "plus", NEXT), ("c4", 7, "gold", NEXT),
    ]  # fmt: skip


def test_a_version_whose_changes_cannot_be_told_any_more_is_named(spark, tmp_path):
    place, table = sold(spark, tmp_path, changes="first_known")
    table.append(1, 2)
    place.ingest(AS_OF)
    table.sql("UPDATE {table} SET amount = 2 WHERE id = '1'")
    table.vacuum()
    with pytest.raises(DeliveryError, match=r"version 2 of .* \(UPDATE\) cannot be taken, as its file \S+ is missing"):
        place.ingest(NEXT)


def test_maintenance_that_was_looked_at_is_not_missed_once_its_log_is_cleaned(spark, tmp_path):
    place, table = sold(spark, tmp_path)
    table.append(1)
    place.ingest(AS_OF)
    for _ in range(3):  # quiet weeks
        table.sql("ALTER TABLE {table} SET TBLPROPERTIES ('weekly' = 'yes')")
        assert place.ingest(NEXT) == "nothing_to_do"
    table.append(2)
    table.checkpoint()
    table.forget_before(5)
    place.ingest(NEXT)
    assert ids(place) == ["1", "2"]
    assert place.ingest(NEXT) == "nothing_to_do"
