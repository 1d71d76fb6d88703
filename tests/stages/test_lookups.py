"""Rows that look up what other files say of their keys, one lookup by what another gave."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from churn_spark.cli.source_check import check_data
from churn_spark.definitions.columns import Category
from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.lookups import Lookup
from churn_spark.definitions.sources import Source
from tests.stages.shop import Shop, shop

HEADER = "account,id,at,amount"


def _bank(spark: SparkSession, root: Path) -> Shop:
    """Payments from accounts, whose client is the customer and lives in a district: CSV, JSON and a Delta table."""
    accounts = Lookup("account", "csv", str(root / "accounts"), (("no", "string"), ("client", "int")), "no", "account")
    clients = Lookup(
        "client", "json", str(root / "clients.json"), (("no", "bigint"), ("lives", "string")), "no", "account_client"
    )
    districts = Lookup(
        "district", "delta", str(root / "districts"), (("code", "string"), ("name", "string")), "code", "client_lives"
    )
    return shop(
        spark,
        root,
        schema=(("account", "string"), ("id", "string"), ("at", "timestamp_ntz"), ("amount", "decimal(10,2)")),
        customer_id="account_client",
        categories=(Category("region", "upper(district_name)"),),
        lookups=(accounts, clients, districts),
    )


def _clients(root: Path, *lives: tuple[int, str]) -> None:
    lines = [json.dumps({"no": number, "lives": code}) for number, code in lives]
    (root / "clients.json").write_text("\n".join(lines), encoding="utf-8")


def _districts(spark: SparkSession, root: Path, *named: tuple[str, str]) -> None:
    frame = spark.createDataFrame(named, "code string, name string").coalesce(1)
    frame.write.format("delta").mode("overwrite").save(str(root / "districts"))


def test_what_is_looked_up_stays_until_it_is_taken_again(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "churn_spark.ingest")
    bank = _bank(spark, tmp_path)
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "part-0.csv").write_text("no,client,since\na1,1,2001\na2,2,2002\n,7,\n")
    (tmp_path / "accounts" / "part-1.csv").write_text("no,client\na3,3\n")
    _clients(tmp_path, (1, "N"), (2, "X"))
    _districts(spark, tmp_path, ("N", "north"), ("S", "south"))
    rows = [f"{account},{account or 'none'},2026-03-01T10:00:00,1.00" for account in ("a1", "a2", "a3", "a9", "")]
    bank.deliver("2026-03-01.csv", rows, HEADER)
    assert bank.ingest("2026-03-02") == "ok"
    first = [("1", "a1", "NORTH"), ("2", "a2", None), ("3", "a3", None)]
    assert bank.events("customer_id", "event_id", "region") == first
    assert bank.deliveries("read", "kept", "quarantined", "duplicate") == [(5, 3, 2, 0)]
    for missed in ("account", "client", "district"):
        warning = (
            f"sales: 1 rows have a key that is not in the lookup {missed}; the lookup's columns are null in these rows"
        )
        assert warning in caplog.messages
    refused = [(list(json.loads(str(row))), reasons) for row, reasons in bank.quarantine("row", "reasons")]
    none = ("no_customer",)
    assert sorted(refused) == [(["account", "id", "at", "amount"], none), (["id", "at", "amount"], none)]

    # A day later the districts have other names, and a client has one twice.
    _districts(spark, tmp_path, ("N", "far north"), ("X", "nowhere"))
    bank.deliver("2026-03-02.csv", ["a1,b1,2026-03-02T10:00:00,1.00"], HEADER)
    _clients(tmp_path, (1, "N"), (2, "X"), (3, "S"), (2, "N"), (1, "N"))
    with pytest.raises(
        DeliveryError, match=r"sales: lookup client: no is configured as the key of .*: 1 \(2 rows\), 2 \(2 rows\);"
    ):
        bank.ingest("2026-03-03")
    _clients(tmp_path, (1, "N"), (2, "X"))
    assert bank.ingest("2026-03-03", "restate") == "ok"
    second = ("1", "b1", "FAR NORTH")
    assert bank.events("customer_id", "event_id", "region") == sorted([*first, second], key=str)
    assert bank.ingest("2026-03-03", "restate=sales") == "ok"
    anew = [("1", "a1", "FAR NORTH"), ("2", "a2", "NOWHERE"), ("3", "a3", None)]
    assert bank.events("customer_id", "event_id", "region") == sorted([*anew, second], key=str)
    assert bank.deliveries("read", "kept", "quarantined", "duplicate") == [(1, 1, 0, 0), (5, 3, 2, 0)]

    for name, content in (("other", "no,customer\na3,3\n"), ("bad", "no,client\na3,three\n")):
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    checked = check_data(replace(bank.project, sources=(bank.source, *_elsewhere(bank, "other", "bad", "gone"))), spark)
    other, bad, gone = checked.problems
    assert other.startswith("other: lookup account: ")
    assert "other.csv: the declared columns client are not in it" in other
    assert other.endswith("have it delivered again or change sources.other.lookups.account.schema")
    assert bad.startswith(
        "bad: lookup account: 1 rows are bad_client; correct the file, or declare the column as string"
    )
    assert gone.startswith("gone: lookup account: ")
    assert "gone.csv: cannot be listed" in gone
    assert [note.partition(": ")[0] for note in checked.notes] == ["sources.sales"]


def _elsewhere(bank: Shop, *names: str) -> list[Source]:
    """The source under other names, each with its accounts in a file of that name."""
    accounts, *others = bank.source.lookups
    files = {name: replace(accounts, path=str(bank.folder.parent / f"{name}.csv")) for name in names}
    return [replace(bank.source, name=name, lookups=(file, *others)) for name, file in files.items()]
