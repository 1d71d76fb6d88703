"""Deliveries as JSON, Parquet, versions of a Delta table, and versions of customers."""

import json
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql.classic.dataframe import DataFrame

from churn_spark.definitions.columns import Attribute, Measure
from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.sources import Delivered
from churn_spark.definitions.stored_types import conversion, declarable
from churn_spark.events.deliveries import Delivery, InFiles, SelectedDelivery
from churn_spark.stages.intake import reading, validation
from churn_spark.stages.intake.files import Files
from churn_spark.stages.intake.parquet import Stored
from churn_spark.tables.contracts.intake import customers
from tests.stages.shop import shop, shop_source

AS_OF = "2024-03-09"
AT = datetime(2024, 3, 8, 12)


def sales(*ids: int, **columns: object) -> pd.DataFrame:
    return pd.DataFrame([{"customer": "c1", "id": f"{n}", "at": AT, "amount": 1.5} | columns for n in ids])


def written(frame: pd.DataFrame, path) -> None:
    frame.astype({"at": "datetime64[us]"}).to_parquet(path, index=False)


PARQUET = {
    "format": "parquet",
    "schema": (("customer", "string"), ("id", "string"), ("at", "timestamp"), ("amount", "double")),
}


def test_a_json_file_without_a_column_is_taken_where_that_is_said_to_be_normal(spark, tmp_path):
    place = shop(spark, tmp_path, format="json")
    (place.folder / "2024-03-08.json").write_text('{"customer":"c1","id":1,"at":"2024-03-08T12:00:00"}')
    with pytest.raises(DeliveryError, match=r"no object has amount; .* sources\.sales\.limits\.absent: 1"):
        place.ingest("2024-03-09")
    allowed = shop(spark, tmp_path, format="json", limits=(("absent", 1.0),))
    allowed.ingest("2024-03-09")
    assert allowed.events("event_id", "amount") == [("1", None)]


def test_json_lines_keep_what_does_not_parse_and_note_unknown_keys(spark, tmp_path):
    place = shop(spark, tmp_path, format="json")
    good = '{"customer":"c1","id":1,"at":"2024-03-08T12:00:00","amount":1.5,"note":{"a":1}}'
    lines = [good, '{"customer":"c1"', "[1]", "null", "", '{"customer":"c1","id":2,"at":"never"}']
    lines.append('{"customer":12345678.0,"id":1.10,"at":"2024-03-08T12:00:00","amount":1e2}')
    lines.append('{"customer":1234567890123456.25,"id":3,"at":"2024-03-08T12:00:00","amount":13.000}')
    (place.folder / "2024-03-08.json").write_text("\n".join(lines))
    place.ingest(AS_OF)
    assert place.events("customer_id", "event_id", "amount") == [
        ("12345678.0", "1.10", Decimal(100)), ("c1", "1", Decimal("1.5"))
    ]  # fmt: skip
    refused = place.quarantine("reasons", "length", "row")
    assert [row[:2] for row in refused] == [
        (("bad_at", "no_time"), None), (("unlucky",), None), (("unparsable",), 16), (("unparsable",), 3),
        (("unparsable",), 4),
    ]  # fmt: skip
    assert json.loads(refused[1][2]) == {
        "customer": "1234567890123456.25", "id": "3", "at": "2024-03-08T12:00:00", "amount": "13.000"
    }  # fmt: skip
    assert place.deliveries("read", "ignored_columns") == [(7, ("note",))]
    (place.folder / "2024-03-09.json").write_text('{"customer":"c1","id":3,"at":"2024-03-09T12:00:00"}')
    with pytest.raises(DeliveryError, match="no object has amount"):
        place.ingest("2024-03-10")


def test_what_follows_an_object_on_its_line_is_counted(spark, tmp_path):
    made = [f'{{"customer":"}}{{","id":{n},"at":"2024-03-08","amount":[{{"a":1}},{{"b":[2]}}]}}' for n in range(8)]
    followed = [made[1] + made[2], made[3] + "rubbish", f"{made[4]}, {made[5]}"]
    lines = ["[", made[0], *followed, made[6] + ",", made[7] + " ]"]
    (tmp_path / "2024-03-08.json").write_text("\n".join(lines))
    source = shop_source(tmp_path, format="json")
    files = Files(spark, source.path)
    deliveries = [Delivery(name, InFiles((file,)), date(2024, 3, 8)) for name, _, file in files.listed()]
    raw = reading.read(spark, source, files, [SelectedDelivery(f, date(2024, 3, 9), False, "") for f in deliveries])
    rows = raw.rows.select("id", "_line", "_delivery").collect()
    assert [row["id"] for row in rows if row["_line"] is None] == ["0", "1", "3", "4", "6", "7"]
    assert [row["_line"] for row in rows if row["_line"] is not None] == ["[", *followed]
    assert {row["_delivery"] for row in rows} == {"2024-03-08.json"}


def test_parquet_of_several_schemas_is_read_by_name_and_times_in_the_zone_of_the_source(spark, tmp_path):
    place = shop(spark, tmp_path, **PARQUET)
    written(sales(1), place.folder / "2024-03-08_a.parquet")
    written(sales(2, more=1)[["more", "amount", "at", "id", "customer"]], place.folder / "2024-03-08_b.parquet")
    place.ingest(AS_OF)
    noon_in_new_york = datetime(2024, 3, 8, 17)
    assert place.events("event_id", "event_time") == [("1", noon_in_new_york), ("2", noon_in_new_york)]
    written(sales(3, amount="dear"), place.folder / "2024-03-08_c.parquet")
    with pytest.raises(DeliveryError, match="amount is string, declared double"):
        place.ingest(AS_OF)
    path = place.folder / "2024-03-08_c.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DeliveryError, match=r"2024-03-08_c.parquet: cannot be read"):
        place.ingest(AS_OF)
    assert len(place.deliveries("delivery")) == 2


def test_each_appending_version_of_a_delta_table_is_a_delivery(spark, tmp_path):
    delivered = Delivered(unit="version", by="event", history_until=date(2024, 3, 8))
    place = shop(spark, tmp_path, **PARQUET | {"format": "delta"}, delivered=delivered)
    table = str(place.folder)

    def append(*ids: int) -> None:
        frame = spark.createDataFrame(sales(*ids)).selectExpr("customer", "id", "CAST(at AS timestamp) at", "amount")
        frame.withColumn("day", frame["at"].cast("date")).write.partitionBy("day").format("delta").mode("append").save(
            table
        )

    append(1, 2)
    append(2, 3)
    place.ingest(AS_OF)
    spark.sql(f"OPTIMIZE delta.`{table}`")
    append(4)
    place.ingest("2024-03-10")
    assert place.ingest("2024-03-11") == "nothing_to_do"
    assert [(int(name), kept, lost) for name, kept, lost in place.deliveries("delivery", "kept", "duplicate")] == [
        (0, 2, 0), (1, 1, 1), (3, 1, 0)
    ]  # fmt: skip
    assert place.events("event_id", "known_from") == [(str(n), date(2024, 3, 9)) for n in (1, 2, 3, 4)]
    source = replace(place.source, measures=(*place.source.measures, Measure("twice", "amount * 2", scale=2)))
    place = replace(place, project=replace(place.project, sources=(source,)))
    place.ingest("2024-03-11", "add-columns")
    assert [(name, twice / amount) for name, amount, twice in place.events("event_id", "amount", "twice")] == [
        (str(n), 2) for n in (1, 2, 3, 4)
    ]
    spark.sql(f"DELETE FROM delta.`{table}` WHERE id = '4'")
    with pytest.raises(DeliveryError, match=r"version 4 of .* only appends can be taken"):
        place.ingest("2024-03-12")


def test_versions_of_customers_are_known_from_their_delivery_and_the_latest_of_one_counts(spark, tmp_path):
    place = shop(
        spark,
        tmp_path,
        kind="customers",
        event_time="",
        schema=(("customer", "string"), ("plan", "string"), ("since", "date")),
        delivered=Delivered(by="column", column="date_add(since, 0)"),
        measures=(),
        checks=(),
        attributes=(Attribute("plan", "plan", "string"),),
    )
    place.deliver(
        "members.csv",
        ["c1,basic,2024-01-01", "c1,plus,2024-02-01", ",x,2024-01-01", "c2,basic,", "c3,basic,2096-01-01"],
        "customer,plan,since",
    )
    with pytest.raises(ConfigError, match=r"goes back to 2024-01-01: .*history_until: 2024-02-01"):
        place.ingest(AS_OF)
    place.ingest(AS_OF, "no-history=sales")
    known = (
        place.catalog.read(customers(place.project))
        .select("customer_id", "plan", "known_from", "nominal_date")
        .collect()
    )
    assert [tuple(row) for row in known] == [("c1", "plus", date(2024, 3, 9), date(2024, 2, 1))]
    assert place.quarantine("reasons", "event_id") == [
        (("future_event",), None), (("no_customer",), None), (("no_time",), None), (("superseded",), "c1")
    ]  # fmt: skip


def test_parquet_types_may_follow_the_day_where_no_value_changes(spark, tmp_path):
    """What pandas writes on a day with a null, on one without a value at all, and with columns that nobody uses."""
    more = (("seconds", "int"), ("paid", "boolean"), ("until", "date"))
    place = shop(spark, tmp_path, **PARQUET | {"schema": (*PARQUET["schema"], *more), "measures": ()})

    def deliver(name: str, times: str, **columns: pa.Array) -> None:
        count = len(columns["customer"])
        given = {"id": pa.array([f"{name}{n}" for n in range(count)]), "amount": pa.array([1.5] * count)} | columns
        given["at"] = pa.array([AT] * count, pa.timestamp(times))
        pq.write_table(pa.table(given), place.folder / f"2024-03-08_{name}.parquet")

    deliver(
        "a",
        "us",
        customer=pa.array([12345678], pa.int64()),
        seconds=pa.array([7], pa.int64()),
        paid=pa.array([True]),
        until=pa.array([date(2024, 3, 8)]),
    )
    deliver(
        "b",
        "ns",
        customer=pa.array([12345678.0, 7.5, 3.0], pa.float64()),
        seconds=pa.array([7.0, None, 7.5], pa.float64()),
        paid=pa.nulls(3),
        until=pa.array([None, None, None], pa.int64()),
        ID=pa.array([1, 2, 3]),
        wide=pa.array([1, 2, 3], pa.decimal256(50, 2)),
    )
    place.ingest(AS_OF)
    noon_in_new_york = datetime(2024, 3, 8, 17)
    assert place.events("customer_id", "event_id", "event_time") == [
        ("12345678", "a0", noon_in_new_york), ("12345678", "b0", noon_in_new_york)
    ]  # fmt: skip
    refused = [(reasons, json.loads(row)) for reasons, row in place.quarantine("reasons", "row")]
    assert [(reasons, row["customer"], row.get("seconds")) for reasons, row in refused] == [
        (("bad_customer", "no_customer"), "7.5", None), (("bad_seconds",), "3", "7.5")
    ]  # fmt: skip
    deliver(
        "c",
        "us",
        customer=pa.array([1], pa.decimal256(50, 0)),
        seconds=pa.array([time(1)]),
        paid=pa.nulls(1),
        until=pa.array([19790], pa.int64()),
    )
    with pytest.raises(DeliveryError) as refusal:
        place.ingest(AS_OF)
    assert "customer is Parquet's DECIMAL(50,0), declared string, and cannot be read so; leave" in str(refusal.value)
    assert "seconds is Parquet's TIME(MICROS,false), declared int, and cannot be read so; leave it out of" in str(
        refusal.value
    )
    assert "until is bigint, declared date, and cannot be read so; declare it bigint in" in str(refusal.value)


def test_a_type_that_only_parquet_has_is_not_taken_for_one_of_spark(tmp_path):
    source = shop_source(tmp_path, schema=(("customer", "string"), ("amount", "double")))
    stored = {"customer": Stored(None, "", "DECIMAL(50,0)"), "amount": Stored("double", "DOUBLE", "DOUBLE")}
    files = SimpleNamespace(footers=lambda *_, **__: [])
    types = reading._types(source, files, [], stored)
    assert types["amount"] == "double"
    assert types["customer"] == "void"  # no file says that it holds a value
    chunk = SimpleNamespace(
        getPath=lambda: SimpleNamespace(toArray=lambda: ["customer"]),
        getStatistics=lambda: SimpleNamespace(isNumNullsSet=lambda: True, getNumNulls=lambda: 0),
        getValueCount=lambda: 2,
    )
    footer = SimpleNamespace(getBlocks=lambda: [SimpleNamespace(getColumns=lambda: [chunk])])
    files = SimpleNamespace(footers=lambda *_, **__: [footer])
    stored_type = reading._types(source, files, [], stored)["customer"]
    assert (stored_type, conversion(stored_type, "string"), declarable(stored_type)) == (
        "Parquet's DECIMAL(50,0)",
        None,
        False,
    )


@pytest.mark.parametrize(("large", "memory"), [(1, False), (validation.LARGE, True)])
def test_the_rows_of_many_bytes_wait_on_disk_between_passes(spark, tmp_path, monkeypatch, large, memory):
    asked = []
    persist = DataFrame.persist
    monkeypatch.setattr(DataFrame, "persist", lambda rows, *level: asked.extend(level) or persist(rows, *level))
    monkeypatch.setattr(validation, "LARGE", large)
    place = shop(spark, tmp_path)
    place.deliver("2024-03-08.csv", ["c1,1,2024-03-08 12:00:00,1.50"])
    place.ingest(AS_OF)
    assert asked[0].useMemory == memory
    assert place.events("event_id") == [("1",)]
