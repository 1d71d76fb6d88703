"""The demo's sources: every row of the data set in exactly one delivery, the same on every machine."""

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from churn_spark.examples import complete_journey

ZONE = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("demo") / "sources"
    complete_journey.make_sources(target)
    return target


def _read(folder: Path, kind: str) -> pa.Table:
    return pyarrow.dataset.dataset(folder, format=kind).to_table()


def test_purchases_are_one_file_a_trading_day(sources: Path) -> None:
    days = {date.fromisoformat(file.stem) for file in (sources / "purchases").iterdir()}
    year = {date.fromordinal(n) for n in range(date(2017, 1, 1).toordinal(), date(2018, 1, 1).toordinal())}
    assert year - days == {date(2017, 12, 25)}
    assert days <= year


def test_a_line_lies_in_the_file_of_its_local_day(sources: Path) -> None:
    for name in ("2017-01-01", "2017-07-01", "2017-12-31"):
        lines = pq.read_table(sources / "purchases" / f"{name}.parquet", columns=["transaction_timestamp"])
        instants = lines["transaction_timestamp"].to_pylist()
        assert {instant.astimezone(ZONE).date().isoformat() for instant in instants} == {name}
    assert max(instants) == datetime(2018, 1, 1, 4, 1, 20, tzinfo=UTC)


def test_no_line_is_lost_and_each_has_an_identity(sources: Path) -> None:
    lines = _read(sources / "purchases", "parquet")
    original = pq.read_table(complete_journey._package_data() / "transactions.parquet", columns=["sales_value"])
    assert len(lines) == len(original) == 1_469_307
    assert (
        pc.sum(pc.round(pc.multiply(lines["sales_value"], 100))).as_py()
        == pc.sum(pc.round(pc.multiply(original["sales_value"], 100))).as_py()
    )
    assert len(lines.group_by(["basket_id", "product_id"]).aggregate([])) == len(lines)
    assert lines["department"].null_count == lines["brand"].null_count == 4836


def test_redemptions_contacts_and_demographics_are_whole(sources: Path) -> None:
    redemptions = _read(sources / "redemptions", "csv")
    assert len(list((sources / "redemptions").iterdir())) == 365
    assert len(redemptions.group_by(redemptions.column_names).aggregate([])) == 2102
    contacts = _read(sources / "contacts", "json")
    assert len(contacts.group_by(["household_id", "campaign_id"]).aggregate([])) == 6589
    assert len(_read(sources / "demographics", "csv")) == 801


def test_made_twice_the_sources_are_the_same_bytes(sources: Path, tmp_path: Path) -> None:
    complete_journey.make_sources(tmp_path / "again")
    assert _digests(tmp_path / "again") == _digests(sources)


def test_sources_that_are_there_are_left_alone(sources: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in sources.rglob("*")}
    complete_journey.make_sources(sources)
    assert {file: file.stat().st_mtime_ns for file in sources.rglob("*")} == before


def _digests(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
