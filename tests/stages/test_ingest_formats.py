"""Deliveries as JSON, Parquet, versions of a Delta table, and versions of customers."""

from dataclasses import replace
from datetime import date, datetime

import pandas as pd
import pytest
from pyspark.sql.classic.dataframe import DataFrame

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import Attribute, Delivered, Measure
from churn_spark.stages.intake import judging
from churn_spark.tables.contracts.intake import customers
from tests.stages.shop import shop

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
    (place.folder / "2024-03-08.json").write_text("\n".join(lines))
    place.ingest(AS_OF)
    assert place.events("event_id") == [("1",)]
    assert place.quarantine("reasons", "length") == [
        (("bad_at", "no_time"), None), (("unparsable",), 16), (("unparsable",), 3), (("unparsable",), 4)
    ]  # fmt: skip
    assert place.deliveries("read", "ignored_columns") == [(5, ("note",))]
    (place.folder / "2024-03-09.json").write_text('{"customer":"c1","id":3,"at":"2024-03-09T12:00:00"}')
    with pytest.raises(DeliveryError, match="no object has amount"):
        place.ingest("2024-03-10")


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
        schema=(("customer", "string"), ("plan", "string"), ("since", "date")),
        delivered=Delivered(by="column", column="since"),
        measures=(),
        checks=(),
        attributes=(Attribute("plan", "plan", "string"),),
    )
    place.deliver(
        "members.csv",
        ["c1,basic,2024-01-01", "c1,plus,2024-02-01", ",x,2024-01-01", "c2,basic,"],
        "customer,plan,since",
    )
    place.ingest(AS_OF)
    known = (
        place.catalog.read(customers(place.project))
        .select("customer_id", "plan", "known_from", "nominal_date")
        .collect()
    )
    assert [tuple(row) for row in known] == [("c1", "plus", date(2024, 3, 9), date(2024, 2, 1))]
    assert place.quarantine("reasons", "event_id") == [
        (("duplicate",), "c1"), (("no_customer",), None), (("no_time",), None)
    ]  # fmt: skip


def test_parquet_of_a_type_spark_does_not_know_is_named(spark, tmp_path):
    place = shop(spark, tmp_path, **PARQUET)
    sales(1).astype({"at": "datetime64[ns]"}).to_parquet(place.folder / "2024-03-08.parquet", index=False)
    with pytest.raises(DeliveryError, match=r"2024-03-08\.parquet cannot be read: .*NANOS.*coerce_timestamps"):
        place.ingest(AS_OF)


@pytest.mark.parametrize(("large", "memory"), [(1, False), (judging.LARGE, True)])
def test_the_rows_of_many_bytes_wait_on_disk_between_passes(spark, tmp_path, monkeypatch, large, memory):
    asked = []
    persist = DataFrame.persist
    monkeypatch.setattr(DataFrame, "persist", lambda rows, *level: asked.extend(level) or persist(rows, *level))
    monkeypatch.setattr(judging, "LARGE", large)
    place = shop(spark, tmp_path)
    place.deliver("2024-03-08.csv", ["c1,1,2024-03-08 12:00:00,1.50"])
    place.ingest(AS_OF)
    assert asked[0].useMemory == memory
    assert place.events("event_id") == [("1",)]
