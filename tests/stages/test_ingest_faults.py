"""Bad input: a named error before anything is written, or quarantine with a reason; nothing lost, nothing twice."""

import gzip
import json
import os
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from churn_spark.definitions.errors import ConfigError, DeliveryError, NotReadyError
from churn_spark.definitions.project import Privacy
from churn_spark.definitions.sources import STAMP, Calendar, Delivered, RowCheck
from tests.faults.crash import Killed, at_commit
from tests.stages.shop import HEADER, Shop, category, shop, touched_long_ago

GOOD = "c1,1,2024-03-08 12:00:00,1.50"
DAY = "2024-03-08.csv"
AS_OF = "2024-03-09"


def test_poison_rows_go_to_quarantine_each_with_every_reason(spark, tmp_path):
    place = shop(spark, tmp_path, categories=(category("customer"),), control_characters="refuse")
    rows = [
        GOOD.encode(),
        b"c1,2,2024-03-08 12:00:00",  # cut in the middle
        b'c1,3,"2024-03-08 12:00:00,1.50',  # a quote that never ends
        b"c1,4,2024-03-08 12:00:00,1.50,more",
        b",,never," + b"9" * 400,
        b"c\x00,5,2024-03-08 12:00:00,1.50",
        b"c\xff\xfe,6,2024-03-08 12:00:00,1.50",
        b"c" * 40_000 + b",7,2024-03-08 12:00:00,1.50",
        b"c1,8,2024-03-08 12:00:00,13",
    ]
    (place.folder / DAY).write_bytes(b"customer,id,at,amount\n" + b"\n".join(rows))
    place.ingest(AS_OF)
    assert place.events("event_id", "amount") == [("1", Decimal("1.50"))]
    assert [(reasons, length) for reasons, length in place.quarantine("reasons", "length")] == [
        (("bad_amount", "bad_at", "id_missing", "no_customer", "no_time"), None),
        (("bad_encoding",), None),
        (("control_character",), None),
        (("too_long",), None),
        (("unlucky",), None),
        (("unparsable",), 24),
        (("unparsable",), 30),
        (("unparsable",), 34),
    ]
    raw = [row for (row,) in place.quarantine("row") if row and "never" in row]
    assert raw == ['{"at":"never","amount":"' + "9" * 400 + '"}']
    assert place.deliveries("read", "kept", "quarantined", "duplicate") == [(9, 1, 8, 0)]


def test_a_check_says_nothing_of_a_column_that_is_no_value(spark, tmp_path):
    place = shop(spark, tmp_path, checks=(RowCheck("negative", "amount >= 0"), RowCheck("early", "at > '2024-01-01'")))
    at = "2024-03-08 12:00:00"
    place.deliver(DAY, [f"c1,1,{at},1", f"c1,2,{at},ten", f"c1,3,{at},-1", f"c1,4,{at},"])
    place.ingest(AS_OF)
    assert place.events("event_id") == [("1",)]
    assert place.quarantine("reasons") == [(("bad_amount",),), (("negative",),), (("negative",),)]


def test_a_file_that_each_dump_overwrites_is_a_delivery_of_the_day_it_was_modified(spark, tmp_path, caplog):
    by_name = shop(spark, tmp_path, delivered=Delivered(by="event"))
    rows = [GOOD, "c1,2,2024-03-09 12:00:00,2"]
    touched(by_name.deliver("sales.csv", rows), "2024-03-10T00:30:00+00:00")
    by_name.ingest("2024-03-10")
    touched(by_name.deliver("sales.csv", [*rows, "c2,3,2024-03-10 12:00:00,3"]), "2024-03-11T00:30:00+00:00")
    with pytest.raises(DeliveryError, match=r"needs a name of its own.*sources\.sales\.delivered\.by: modified$"):
        by_name.ingest("2024-03-11")
    place = shop(spark, tmp_path, delivered=Delivered(pattern=STAMP, stamped=True))
    assert place.ingest("2024-03-11") == "nothing_to_do"  # of the 11th, known from the 12th
    assert place.ingest("2024-03-12") == "ok"
    assert place.ingest("2024-03-13") == "nothing_to_do"
    touched(place.folder / "sales.csv", "2024-03-12T23:30:00-01:00")
    place.ingest("2024-03-14")
    assert place.events("event_id", "known_from") == [
        ("1", date(2024, 3, 10)),
        ("2", date(2024, 3, 10)),
        ("3", date(2024, 3, 12)),
    ]
    assert place.deliveries("delivery", "read", "kept", "duplicate") == [
        ("sales.csv", 2, 2, 0),
        ("sales.csv@2024-03-11", 3, 1, 2),
        ("sales.csv@2024-03-13", 3, 0, 3),
    ]


def touched(path: Path, at: str) -> None:
    """As if the file had been modified at a time."""
    os.utime(path, (datetime.fromisoformat(at).timestamp(),) * 2)


def test_rows_that_are_not_meant_are_left_out_and_counted_and_those_that_cannot_tell_refused(spark, tmp_path):
    place = shop(spark, tmp_path, where="amount > 2 AND 10 / CAST(id AS INT) > 0", default_limit=0.5)
    at = "2024-03-08 12:00:00"
    rows = [f"c1,1,{at},3", f"c1,2,{at},1", f",4,{at},1", f"c1,5,{at},", f"c1,6,{at},ten", f"c1,0,{at},3", "c1,7"]
    rows += [f"c1,1,{at},3", f"c1,8,{at},3", f"c1,9,{at},3"]
    place.deliver(DAY, rows)
    place.ingest(AS_OF)
    assert place.events("event_id") == [("1",), ("8",), ("9",)]
    assert place.quarantine("reasons") == [(("bad_amount",),), (("bad_where",),), (("duplicate",),), (("unparsable",),)]
    counts = ("read", "kept", "quarantined", "duplicate", "left_out")
    assert place.deliveries(*counts) == [(10, 3, 3, 1, 3)]
    narrower = shop(spark, tmp_path, where="amount > 3")
    with pytest.raises(DeliveryError, match="--option restate"):
        narrower.ingest("2024-03-10")
    narrower.ingest("2024-03-10", "restate")
    assert (narrower.events("event_id"), narrower.deliveries(*counts)) == ([], [(10, 0, 2, 0, 8)])


def test_an_expression_that_fails_on_a_row_refuses_that_row_alone(spark, tmp_path):
    checks = (RowCheck("whole", "CAST(customer AS INT) + 1 > 0"), RowCheck("share", "1 / CAST(id AS INT) > 0"))
    place = shop(spark, tmp_path, customer_id="CAST(customer AS INT) + 1", checks=checks)
    at = "2024-03-08 12:00:00,1"
    place.deliver(DAY, [f"41,1,{at}", f"x,2,{at}", f"1,0,{at}", f"2147483647,3,{at}"])
    place.ingest(AS_OF)
    assert place.events("customer_id", "event_id") == [("42", "1")]
    assert place.quarantine("reasons") == [
        (("bad_customer_id", "no_customer", "whole"),),
        (("bad_customer_id", "no_customer", "whole"),),
        (("share",),),
    ]


def test_columns_are_found_by_name_in_any_order_with_a_bom_and_unknown_ones_beside(spark, tmp_path):
    place = shop(spark, tmp_path)
    place.deliver("2024-03-08 a+b%20[1].csv", ["1.50,2024-03-08 12:00:00,1,c1"], "\ufeffamount,at,id,customer")
    place.deliver("2024-03-08_b.csv", ["c1,x,2,2024-03-08 12:00:00,2,y"], 'customer,"note, free",id,at,amount,ID')
    (place.folder / "2024-03-08_c.csv.gz").write_bytes(
        gzip.compress(f"customer,id,at,amount\n{GOOD[:3]}3{GOOD[4:]}".encode())
    )
    place.ingest(AS_OF)
    assert place.events("event_id", "customer_id", "amount") == [
        ("1", "c1", Decimal("1.50")), ("2", "c1", Decimal("2.00")), ("3", "c1", Decimal("1.50"))
    ]  # fmt: skip
    assert place.deliveries("ignored_columns") == [(("ID", "note, free"),), ((),), ((),)]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("customer,id,at", "columns amount are not in it"),
        ("customer,id,at,price", "columns amount are not in it"),
        ("customer,id,at,amount,id", "id is there more than once"),
    ],
)
def test_a_dropped_renamed_or_doubled_column_refuses_the_delivery(spark, tmp_path, header, says):
    place = shop(spark, tmp_path)
    place.deliver(DAY, [], header)
    with pytest.raises(DeliveryError, match=says):
        place.ingest(AS_OF)
    assert place.deliveries("delivery") == []


def test_a_retyped_column_passes_the_limit_of_its_reason_and_nothing_is_written(spark, tmp_path):
    place = shop(spark, tmp_path, default_limit=0.5, limits=(("no_customer", 0.9),))
    place.deliver(DAY, [f"c1,{n},2024-03-08 12:00:00,EUR {n}" for n in range(10)])
    with pytest.raises(
        DeliveryError,
        match=r"10 of 10 .*, such as amount 'EUR \d' and amount 'EUR \d'; noth.*sources.sales.limits.bad_am",
    ):
        place.ingest(AS_OF)
    assert place.events("event_id") == place.quarantine("row") == place.deliveries("delivery") == []
    place.deliver(DAY, [f",{n},2024-03-08 12:00:00,1" for n in range(9)] + [GOOD])
    place.ingest(AS_OF)
    assert place.deliveries("kept", "quarantined", "reasons") == [(1, 9, (("no_customer", 9),))]


def test_a_gzip_cut_short_is_refused_whole(spark, tmp_path):
    place = shop(spark, tmp_path)
    packed = gzip.compress(b"customer,id,at,amount\n" + os.urandom(3000).hex().encode() + b"\n" + GOOD.encode())
    (place.folder / "2024-03-08.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DeliveryError, match=r"2024-03-08.csv.gz: cannot be read .*delivered again"):
        place.ingest(AS_OF)


def test_the_same_file_again_by_the_same_name_another_name_or_with_other_content(spark, tmp_path):
    place = shop(spark, tmp_path)
    place.deliver(DAY, [GOOD])
    place.ingest(AS_OF)
    assert place.ingest(AS_OF) == "nothing_to_do"
    place.deliver(DAY, [GOOD])  # written again, the same bytes
    assert place.ingest("2024-03-10") == "nothing_to_do"
    place.deliver("2024-03-08_again.csv", [GOOD])
    place.ingest("2024-03-10")
    assert place.deliveries("delivery", "kept", "duplicate") == [(DAY, 1, 0), ("2024-03-08_again.csv", 0, 1)]
    place.deliver(DAY, [GOOD.replace("1.50", "2.50")])  # of the same size
    ((before,), _) = place.deliveries("fingerprint")
    with pytest.raises(DeliveryError, match=rf"{before} and has \w{{64}} now .*--option restate"):
        place.ingest("2024-03-11")
    place.ingest("2024-03-11", "restate")
    assert place.events("delivery", "known_from", "amount") == [(DAY, date(2024, 3, 9), Decimal("2.50"))]


def test_a_stored_row_loses_to_history_added_later_and_comes_back_when_that_is_restated(spark, tmp_path):
    place = shop(spark, tmp_path, delivered=Delivered(history_until=date(2024, 3, 1)))
    place.deliver(DAY, [GOOD.replace("03-08", "02-28"), GOOD.replace(",1,", ",2,")])
    place.ingest(AS_OF)
    place.deliver("2024-03-01.csv", [GOOD.replace("03-08", "02-28")])
    place.ingest("2024-03-10")
    assert place.events("event_id", "delivery", "known_from") == [
        ("1", "2024-03-01.csv", date(2024, 3, 2)), ("2", DAY, date(2024, 3, 9))
    ]  # fmt: skip
    assert place.quarantine("delivery", "winner", "taken_on") == [(DAY, "2024-03-01.csv", date(2024, 3, 9))]
    assert place.deliveries("delivery", "kept", "duplicate") == [("2024-03-01.csv", 1, 0), (DAY, 1, 1)]
    place.deliver("2024-03-01.csv", [])
    place.ingest("2024-03-10", "restate")
    assert [delivery for (delivery,) in place.events("delivery")] == [DAY, DAY]
    assert place.quarantine("delivery") == []
    assert place.deliveries("delivery", "kept", "duplicate") == [("2024-03-01.csv", 0, 0), (DAY, 2, 0)]


def test_a_missing_delivery_stops_the_run_until_it_is_accepted_once(spark, tmp_path):
    calendar = Calendar(weekdays=(5, 6, 1), closed=(date(2024, 3, 9),))
    place = shop(spark, tmp_path, delivered=Delivered(expected=calendar))
    place.deliver(DAY, [GOOD])  # a Friday; Saturday is closed, Sunday no delivery day
    place.ingest("2024-03-11")
    with pytest.raises(DeliveryError, match=r"expected but missing: 2024-03-11; .*accept-incomplete"):
        place.ingest("2024-03-12")
    place.deliver("2024-03-10.csv", [GOOD.replace(",1,", ",2,")])
    place.ingest("2024-03-12", "accept-incomplete=sales@2024-03-11")
    assert place.deliveries("delivery", "accepted_incomplete") == [(DAY, False), ("2024-03-10.csv", False)]
    assert place.ingest("2024-03-13") == "nothing_to_do"


def test_a_delivery_far_thinner_than_its_weekday_stops_the_run(spark, tmp_path):
    place = shop(spark, tmp_path, delivered=Delivered(min_volume_share=0.5, history_until=date(2024, 3, 1)))
    for week, day in enumerate(["2024-02-02", "2024-02-09", "2024-02-16", "2024-02-23"]):
        place.deliver(f"{day}.csv", [f"c1,{week}{n},{day} 12:00:00,1" for n in range(4)])
    place.deliver("2024-03-01.csv", ["c1,x,2024-03-01 12:00:00,1"])
    with pytest.raises(DeliveryError, match=r"2024-03-01\.csv has 1 rows, usually 4"):
        place.ingest("2024-03-02")
    place.ingest("2024-03-02", "accept-incomplete=sales@2024-03-01")
    assert len(place.events("event_id")) == 17


def test_where_rows_are_dated_one_by_one_every_date_of_a_row_counts(spark, tmp_path):
    columns = (*shop(spark, tmp_path).source.schema, ("loaded_on", "date"))
    calendar = Delivered(by="column", column="loaded_on", expected=Calendar(), min_volume_share=0.5)
    place = shop(spark, tmp_path, delivered=calendar, schema=columns)

    def deliver(name: str, *days: int, rows: int = 1) -> None:
        dates = [date(2024, 1, 31) + timedelta(days=n) for n in days]
        made = [f"c1,{name}{day}{n},{day} 12:00:00,1,{day}" for day in dates for n in range(rows)]
        place.deliver(f"{name}.csv", made, f"{HEADER},loaded_on")

    deliver("a", 1, 2, 4)
    with pytest.raises(DeliveryError, match=r"expected but missing: 2024-02-03; .*sales\.delivered\.expected\.first"):
        place.ingest("2024-02-05")
    deliver("a", 1, 2, 3, 4)
    place.ingest("2024-02-05")
    with pytest.raises(DeliveryError, match=r"expected but missing: 2024-02-05;"):
        place.ingest("2024-02-06")
    for monday in (5, 12, 19):
        deliver(f"b{monday}", *range(monday, monday + 7), rows=4)
    place.ingest("2024-02-26")
    deliver("thin", *range(26, 33))
    with pytest.raises(DeliveryError, match=r"thin\.csv has 7 rows, usually 28"):
        place.ingest("2024-03-04")


def test_a_folder_counts_when_it_holds_success(spark, tmp_path):
    place = shop(spark, tmp_path, delivered=Delivered(unit="folder", require_success=True))
    place.deliver("2024-03-08/part-0.csv", [GOOD])
    place.deliver("2024-03-08/deep/part-1.csv", [GOOD.replace(",1,", ",2,")])
    with pytest.raises(DeliveryError, match="without _SUCCESS: 2024-03-08"):
        place.ingest(AS_OF)
    (place.folder / "2024-03-08" / "_SUCCESS").touch()
    place.ingest(AS_OF)
    assert place.deliveries("delivery", "read", "kept") == [("2024-03-08", 2, 2)]


def test_a_folder_taken_before_is_looked_into_when_it_was_touched(spark, tmp_path, caplog):
    place = shop(spark, tmp_path, delivered=Delivered(unit="folder"))
    for day in ("2024-03-06", "2024-03-07"):
        part = place.deliver(f"{day}/part-0.csv", [f"c1,{day},{day} 12:00:00,1.50"])
        touched_long_ago(part.parent)
    place.ingest("2024-03-08")
    place.deliver("2024-03-08/part-0.csv", [GOOD])
    with caplog.at_level("INFO", logger="churn_spark.ingest"):
        place.ingest(AS_OF)
    assert "sales: listing folders: 1" in caplog.messages
    assert len(place.events("event_id")) == 3
    # Written in place, it leaves the folder as it was: only a look at everything tells.
    part.write_text(part.read_text().replace("1.50", "2.50"))
    assert place.ingest("2024-03-10") == "nothing_to_do"
    with pytest.raises(DeliveryError, match="2024-03-07 was taken on 2024-03-08 with the fingerprint"):
        place.ingest("2024-03-10", "verify")
    place.deliver("2024-03-07/part-1.csv", ["c1,9,2024-03-07 12:00:00,1.50"])
    with pytest.raises(DeliveryError, match="2024-03-07 was taken on 2024-03-08 with the fingerprint"):
        place.ingest("2024-03-10")


def test_pseudonyms_reach_every_table_and_the_key_no_plan(spark, tmp_path, monkeypatch):
    place = shop(spark, tmp_path, privacy=Privacy(key_env="SHOP_KEY"), event_id=("customer", "id"))
    place.deliver(DAY, [GOOD, GOOD, "c1,2,never,1", "c1,cut"])
    with pytest.raises(ConfigError, match="SHOP_KEY"):
        place.ingest(AS_OF)
    monkeypatch.setenv("SHOP_KEY", "a key of 16 bytes")
    place.ingest(AS_OF)
    ((customer, event_id),) = place.events("customer_id", "event_id")
    assert customer.startswith("1.")
    assert len(customer) == len(event_id) == 66
    assert all(not re.search(r"\bc1\b", str(row)) for row in place.quarantine("row", "row_hash", "event_id"))
    assert [reasons for (reasons,) in place.quarantine("reasons")] == [
        ("bad_at", "no_time"),
        ("duplicate",),
        ("unparsable",),
    ]
    assert f'"customer":"{customer}"' in str(place.quarantine("row"))


def test_ids_under_another_key_are_others_so_their_deliveries_are_taken_again(spark, tmp_path, monkeypatch):
    place = shop(spark, tmp_path, privacy=Privacy(key_env="SHOP_KEY"))
    monkeypatch.setenv("SHOP_KEY", "a key of 16 bytes")
    place.deliver(DAY, [GOOD])
    place.ingest(AS_OF)
    monkeypatch.setenv("SHOP_KEY", "another of 16 bytes")
    for privacy, start in ((Privacy(key_env="SHOP_KEY", key_id="2"), "2."), (Privacy("none"), "c1")):
        rotated = Shop(replace(place.project, privacy=privacy), place.catalog, place.folder)
        with pytest.raises(DeliveryError, match=r"the mapping is not what it was.*--option restate"):
            rotated.ingest("2024-03-10")
        rotated.ingest("2024-03-10", "restate")
        ((customer,),) = rotated.events("customer_id")
        assert customer.startswith(start)


def test_a_partner_has_the_pseudonym_it_has_as_a_customer(spark, tmp_path, monkeypatch):
    place = shop(spark, tmp_path, privacy=Privacy(key_env="SHOP_KEY"), event_id=("at",), counterparty="id")
    monkeypatch.setenv("SHOP_KEY", "a key of 16 bytes")
    place.deliver(DAY, [GOOD, "1,c1,2024-03-07 10:00:00,1.00", "c1, ,2024-03-07 11:00:00,1.00", "c1,1,never,1.00"])
    place.ingest(AS_OF)
    pairs = sorted(place.events("customer_id", "counterparty"), key=str)
    by_id = {customer for customer, _ in pairs}
    assert len(by_id) == 2
    assert {partner for _, partner in pairs} == {*by_id, None}
    ((refused,),) = place.quarantine("row")
    assert all(one in refused for one in by_id), "what makes a partner's id is hidden in a refused row too"


def test_a_copy_that_counts_again_has_its_partner(spark, tmp_path):
    place = shop(spark, tmp_path, counterparty="amount", measures=())
    event, other = "c1,1,2024-03-07 12:00:00", "c1,2,2024-03-07 12:00:00,0"
    place.deliver("2024-03-07.csv", [f"{event},2", other])
    place.ingest("2024-03-08")
    place.deliver(DAY, [f"{event},3"])
    place.ingest(AS_OF)
    place.deliver("2024-03-09.csv", [f"{event},5"])
    place.ingest("2024-03-10")
    assert place.events("event_id", "counterparty") == [("1", "2.00"), ("2", "0.00")]
    place.deliver("2024-03-07.csv", [other])
    place.ingest("2024-03-10", "restate")
    assert place.events("event_id", "counterparty") == [("1", "3.00"), ("2", "0.00")]
    assert [json.loads(row)["counterparty"] for (row,) in place.quarantine("row")] == ["5.00"]


def test_deliveries_of_another_mapping_are_taken_again_only_when_that_is_asked_for(spark, tmp_path):
    place = shop(spark, tmp_path, delivered=Delivered(lag_days=1))
    place.deliver("2024-03-07.csv", ["c1,0,2024-03-07 12:00:00,1.00"])
    place.deliver(DAY, [GOOD])
    place.ingest(AS_OF)
    dates = place.events("event_id", "known_from")
    doubled = replace(place.source, measures=(replace(place.source.measures[0], expression="amount * 2"),))
    later = Shop(replace(place.project, sources=(doubled,)), place.catalog, place.folder)
    with pytest.raises(DeliveryError, match=r"when 2 deliveries \(2 rows\) were taken.*--option restate"):
        later.ingest("2024-03-10")
    assert later.events("event_id", "amount") == [("0", Decimal("1.00")), ("1", Decimal("1.50"))]
    (place.folder / "2024-03-07.csv").unlink()
    later.ingest("2024-03-10", "restate")
    assert later.events("event_id", "amount") == [("0", Decimal("1.00")), ("1", Decimal("3.00"))]
    assert later.events("event_id", "known_from") == dates
    assert later.ingest("2024-03-10") == "nothing_to_do", "what is not there any more stays as it was"


def test_a_crash_is_mended_though_what_was_taken_before_is_gone_from_the_source(spark, tmp_path):
    place = shop(spark, tmp_path)
    row = "c1,1,2024-03-10 12:00:00,1.50"
    kept = place.deliver("2024-03-10_b.csv", [row, "c2,2,2024-03-10 12:00:00,1.50"])
    place.ingest("2024-03-11")
    new = place.deliver("2024-03-10_a.csv", [row])
    # The new copy counts, so that the delivery taken before is written again without its own.
    with at_commit(2, Killed), pytest.raises(Killed):
        place.ingest("2024-03-11")
    kept.unlink()
    place.catalog.refresh()
    place.ingest("2024-03-11")
    assert place.events("delivery", "event_id") == [("2024-03-10_a.csv", "1"), ("2024-03-10_b.csv", "2")]
    assert place.quarantine("delivery", "winner") == [("2024-03-10_b.csv", "2024-03-10_a.csv")]
    assert place.deliveries("delivery", "read", "kept", "duplicate") == [
        ("2024-03-10_a.csv", 1, 1, 0),
        ("2024-03-10_b.csv", 2, 1, 1),
    ]
    new.unlink()
    assert place.ingest("2024-03-12") == "nothing_to_do"


def test_what_a_broken_run_had_begun_to_take_and_is_gone_can_be_given_up_by_name(spark, tmp_path):
    place = shop(spark, tmp_path)
    place.deliver("2024-03-10_b.csv", ["c1,1,2024-03-10 12:00:00,1.50"])
    place.ingest("2024-03-11")
    before = place.events()
    new = place.deliver("2024-03-10_a.csv", ["c1,1,2024-03-10 12:00:00,1.50", "c3,3,2024-03-10 12:00:00,1.50"])
    with at_commit(2, Killed), pytest.raises(Killed):
        place.ingest("2024-03-11")
    new.unlink()
    with pytest.raises(NotReadyError, match=r"2024-03-10_a.csv, absent .*accept-incomplete=sales@2024-03-10_a.csv"):
        place.ingest("2024-03-11")
    place.ingest("2024-03-11", "accept-incomplete=sales@2024-03-10_a.csv")
    assert place.events() == before
    assert place.catalog.ledger.open("events_sales") == {}


def test_what_was_taken_back_stands_though_the_run_behind_it_fails(spark, tmp_path):
    place = shop(spark, tmp_path, delivered=Delivered(expected=Calendar()))
    place.deliver(DAY, [GOOD])
    place.ingest(AS_OF)
    before = place.events()
    place.deliver("2024-03-09.csv", ["c2,2,2024-03-09 12:00:00,1.50"])
    with at_commit(2, Killed), pytest.raises(Killed):
        place.ingest("2024-03-10")
    place.catalog.refresh()
    with pytest.raises(DeliveryError, match="expected but missing: 2024-03-10"):
        place.ingest("2024-03-11")
    assert place.events() == before
    assert place.catalog.ledger.open("events_sales") == {}
