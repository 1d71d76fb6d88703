"""A first configuration from a folder: valid, stable, with what it saw and what it asks."""

import gzip
import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from churn_spark.definitions.errors import ConfigError
from churn_spark.proposal.times import times
from churn_spark.proposal.writing import write
from churn_spark.settings import errors, load

FIRST = date(2026, 3, 2)
DAYS = [FIRST + timedelta(days=n) for n in range(28)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources as different as companies write them."""
    root = tmp_path_factory.mktemp("landing") / "Old Shop"
    for name in ("orders", "clicks", "members", "calls/_delta_log", "empty"):
        (root / name).mkdir(parents=True)
    for n, day in enumerate(DAYS):
        _orders(root / "orders", day, n)
        clicks = [
            {"user": f"u{i % 7}", "at": f"{day}T10:{i:02}:00Z", "page": "home", "device": {"os": "x"}}
            for i in range(30)
        ]
        text = "".join(json.dumps(click) + "\n" for click in clicks)
        (root / "clicks" / f"{day:%Y%m%d}-clicks.jsonl.gz").write_bytes(gzip.compress(text.encode()))
        lines = [f"{i % 9:05},{day:%m/%d/%Y},{i}.5,NULL" for i in range(30)]
        (root / f"payments_{day}.csv").write_text("account_no,paid on,amount,fee\n" + "\n".join(lines) + "\n")
    joined = [datetime(2019, 1, 1) + timedelta(days=70 * i) for i in range(50)]
    for day in DAYS[:2]:
        (root / f"refunds_{day}.csv").write_text(f"account_no,on,amount\n00001,{day},1.50\n00002,{day},1.50\n")
    members = {"customer_id": [f"c{i}" for i in range(50)], "plan": ["a", "b"] * 25, "fee": [9.99] * 49 + [None]}
    members |= {"joined": joined, "tags": [["x"]] * 50}
    pq.write_table(pa.table(members), root / "members" / "members_2026-03.parquet")
    _delta(root / "calls")
    (root / "README.md").write_text("not data")
    return root


def _orders(folder: Path, day: date, n: int) -> None:
    if day.weekday() == 6:
        return
    rows = [
        f"K{i % 11:03};{n * 100 + i};{day:%d.%m.%Y} {9 + i % 9}:{i:02};1.{i:03},{i:02};Größe {i % 3}" for i in range(40)
    ]
    text = "Kundennr;Auftrag Nr;Zeit;Betrag;Artikel\r\n" + "\r\n".join(rows) + "\r\n"
    (folder / f"orders_{day:%d.%m.%Y}.csv").write_bytes(text.encode("windows-1252"))


def _delta(table: Path) -> None:
    rows = {"subscriber": [i % 5 for i in range(20)], "seconds": list(range(20)), "direction": ["in", "out"] * 10,
            "started": [datetime(2026, 3, 2, 8, i) for i in range(20)]}  # fmt: skip
    pq.write_table(pa.table(rows), table / "part 0.parquet")
    kinds = {"subscriber": "long", "seconds": "integer", "direction": "string", "started": "timestamp", "day": "date"}
    schema = {"type": "struct", "fields": [{"name": name, "type": kind} for name, kind in kinds.items()]}
    actions = [{"metaData": {"schemaString": json.dumps(schema), "partitionColumns": ["day"]}},
               {"add": {"path": "part%200.parquet", "partitionValues": {"day": "2026-03-02"}}},
               {"add": {"path": "gone.parquet", "partitionValues": {}}},
               {"remove": {"path": "gone.parquet"}}]  # fmt: skip
    (table / "_delta_log" / f"{0:020}.json").write_text("\n".join(map(json.dumps, actions)))


@pytest.fixture(scope="module")
def text(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(folder, tmp_path_factory.mktemp("conf") / "proposed.yaml").read_text()


@pytest.fixture(scope="module")
def sources(text: str) -> dict:
    return yaml.safe_load(text)["sources"]


def test_it_is_valid_and_the_same_again(folder: Path, text: str, tmp_path: Path) -> None:
    again = write(folder, tmp_path / "new" / "again.yaml")
    assert errors(again) == []
    assert load(again).name == "old_shop"
    assert again.read_text() == text
    assert text.count("QUESTION") > 10
    assert "begin with --as-of 2026-03-30" in text


def test_every_source_is_found_and_nothing_else(sources: dict) -> None:
    assert {name: (s["kind"], s["format"]) for name, s in sources.items()} == {
        "calls": ("events", "delta"),
        "clicks": ("events", "json"),
        "members": ("customers", "parquet"),
        "orders": ("events", "csv"),
        "payments": ("events", "csv"),
        "refunds": ("events", "csv"),
    }


def test_text_as_a_european_office_writes_it(sources: dict, text: str) -> None:
    orders = sources["orders"]
    assert orders["options"] == {"sep": ";", "encoding": "ISO-8859-1", "timestampNTZFormat": "dd.MM.yyyy H:mm"}
    assert (orders["customer_id"], orders["event_id"], orders["event_time"]) == ("Kundennr", "`Auftrag Nr`", "Zeit")
    assert orders["schema"]["Auftrag Nr"] == "string", "the next one may begin with a zero"
    assert orders["measures"]["betrag"] == {
        "expression": "CAST(replace(replace(Betrag, '.', ''), ',', '.') AS DECIMAL(18,2))",
        "scale": 2,
        "max_abs": 1000000,
    }
    delivered = orders["delivered"]
    assert delivered["pattern"] == r"^orders_(?P<date>\d{2}\.\d{2}\.\d{4})\.csv$"
    assert (delivered["date_format"], delivered["history_until"]) == ("%d.%m.%Y", date(2026, 3, 28))
    assert delivered["expected"] == {"first": FIRST, "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat"]}
    assert "100% are on the date of their file" in text


def test_json_lines_with_zones_and_nested_values(sources: dict, text: str) -> None:
    clicks = sources["clicks"]
    assert clicks["schema"] == {"user": "string", "at": "timestamp", "page": "string"}
    assert "# device:" in text
    assert clicks["delivered"]["date_format"] == "%Y%m%d"
    assert "event_id" not in clicks


def test_files_of_other_sources_are_ignored(sources: dict) -> None:
    assert sources["payments"]["delivered"]["ignore"] == ["README.md", "refunds_*.csv"]
    assert sources["refunds"]["delivered"]["ignore"] == ["README.md", "payments_*.csv"]


def test_american_dates_leading_zeros_and_texts_for_nothing(sources: dict) -> None:
    payments = sources["payments"]
    assert payments["options"] == {"dateFormat": "MM/dd/yyyy", "nullValue": "NULL"}
    assert payments["schema"] == {"account_no": "string", "paid on": "date", "amount": "decimal(18,2)", "fee": "string"}
    assert payments["event_time"] == "`paid on`"


def test_customers_by_month_and_types_from_parquet(sources: dict) -> None:
    members = sources["members"]
    assert members["schema"]["joined"] == "timestamp_ntz"
    assert members["attributes"]["joined"] == {"expression": "CAST(joined AS DATE)", "type": "date"}
    assert (members["delivered"]["date_format"], members["delivered"]["lag_days"]) == ("%Y-%m", 31)
    assert "tags" not in members["schema"]


def test_a_delta_table_by_its_log_alone(sources: dict) -> None:
    calls = sources["calls"]
    assert calls["schema"] == {
        "subscriber": "bigint", "seconds": "int", "direction": "string", "started": "timestamp", "day": "date",
    }  # fmt: skip
    assert calls["delivered"]["by"] == "event"
    assert calls["categories"]["direction"] == "direction"


def test_nothing_is_written_over_and_a_wrong_folder_is_named(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "mine.yaml"
    there.write_text("name: mine")
    with pytest.raises(ConfigError, match="exists already"):
        write(folder, there)
    assert there.read_text() == "name: mine"
    for wrong, said in ((tmp_path / "none", "no such folder"), (folder / "empty", "nothing that looks like a source")):
        with pytest.raises(ConfigError, match=said):
            write(wrong, tmp_path / "new.yaml")
    assert not (tmp_path / "new.yaml").exists()


def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.parquet").write_text("no parquet")
    with pytest.raises(ConfigError, match=r"a\.parquet: is not a Parquet file"):
        write(tmp_path / "in", tmp_path / "new.yaml")
    (tmp_path / "in" / "a.parquet").rename(tmp_path / "in" / "a.csv.gz")
    with pytest.raises(ConfigError, match=r"a\.csv\.gz: cannot be read"):
        write(tmp_path / "in", tmp_path / "new.yaml")


def test_day_and_month_are_distinguished_by_the_dates_of_the_files() -> None:
    for order, day, pattern in (("{m}/{d}/26", date(2026, 3, 2), "M/d/yy"), ("{d}/{m}/26", date(2026, 3, 2), "d/M/yy")):
        read = times([order.format(m=day.month, d=day.day)] * 3, [day] * 3)
        assert read is not None
        assert (read.pattern, read.values[0].date()) == (pattern, day)
        assert "two digits" in read.question


def test_what_is_no_time_is_none() -> None:
    for texts in (["12.5", "3.75"], ["2026-13-45"], ["1.2.3.4"], ["12345678"], ["00000000"], ["a"], []):
        assert times(texts) is None
    assert times(["2026-01-01", "2026-01-02"] * 5 + ["unknown"]) is not None, "a few others do no harm"


def test_texts_and_numbers_in_parquet_become_times(tmp_path: Path) -> None:
    rows = {"user_id": ["a", "b"] * 5, "at": [f"2026-03-02 08:0{i}:00" for i in range(10)]}
    epochs = {"user_id": ["a", "b"] * 5, "created_at": [1772438400000 + i for i in range(10)]}
    for name, table in (("texts", rows), ("numbers", epochs)):
        (tmp_path / "in" / name).mkdir(parents=True)
        pq.write_table(pa.table(table), tmp_path / "in" / name / "2026-03-02.parquet")
    path = write(tmp_path / "in", tmp_path / "new.yaml")
    sources = yaml.safe_load(path.read_text())["sources"]
    assert errors(path) == []
    assert sources["texts"]["event_time"] == "CAST(at AS TIMESTAMP_NTZ)"
    assert sources["numbers"]["event_time"] == "timestamp_millis(created_at)"


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        (("Yes", "No"), {"expression": "Churn = 'Yes'", "type": "boolean"}),
        (("1", "0"), {"expression": "Churn", "type": "int"}),
        (("gone for good", "here"), {"expression": "Churn = 'gone for good'", "type": "boolean"}),
    ],
)
def test_one_table_with_a_column_that_says_who_left(written: tuple[str, str], asked: dict, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    rows = [f"c{i},{i},{written[0] if i % 4 == 0 else written[1]}" for i in range(40)]
    (tmp_path / "in" / "customers.csv").write_text("customerID,charge,Churn\n" + "\n".join(rows))
    path = write(tmp_path / "in", tmp_path / "new.yaml")
    proposal = yaml.safe_load(path.read_text())
    assert errors(path) == []
    assert proposal["sources"]["customers"]["attributes"]["churn"] == asked
    assert (proposal["label"], proposal["features"]) == (
        {"rule": "column", "attribute": "churn"},
        {"attributes": ["charge"]},
    )
