"""A simulation as a Spark job: the same bytes however often it is interrupted, and another folder for another one."""

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import ConfigError
from churn_spark.simulate.manifest import Simulation, simulation
from churn_spark.simulate.people import DISTRICT
from churn_spark.simulate.simulation import simulate

FIRST, DAYS = date(2025, 1, 1), 14
CUSTOMERS = DISTRICT + 100


def wanted(days: int = DAYS, seed: int = 1) -> Simulation:
    return simulation("telecom", CUSTOMERS, FIRST, FIRST + timedelta(days=days - 1), seed)


@pytest.fixture(scope="module")
def made(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulation made in one go."""
    folder = tmp_path_factory.mktemp("simulated")
    simulate(spark, wanted(), folder)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_each_source_has_a_complete_folder_a_day_with_a_part_a_batch(made: Path):
    for source in (made / "sources").iterdir():
        assert sorted(day.name for day in source.iterdir()) == [str(FIRST + timedelta(days=n)) for n in range(DAYS)]
        for day in source.iterdir():
            names = sorted(file.name.split(".")[0] for file in day.iterdir())
            assert names == ["_SUCCESS", "part-00000", "part-00001"], day


def test_the_truth_lies_apart_and_says_who_left_when(made: Path):
    assert sorted(place.name for place in (made / "truth").iterdir()) == ["customers", "effects", "partners", "states"]
    truth = {row["customer"]: row for row in pq.read_table(made / "truth" / "customers").to_pylist()}
    cancelled = pq.read_table(made / "sources" / "cancellations").to_pylist()
    assert {row["customer"]: (row["ended_on"], row["reason"]) for row in cancelled} == {
        customer: (row["left_on"], row["left"]) for customer, row in truth.items() if row["left_on"]
    }
    assert len(truth) == CUSTOMERS
    assert len(pq.read_table(made / "truth" / "effects")) == CUSTOMERS * 9
    assert json.loads((made / "simulation.json").read_text())["simulated"] is True


def test_a_longer_run_and_a_killed_one_go_on_where_they_were(spark: SparkSession, made: Path, tmp_path: Path):
    simulate(spark, wanted(days=6), tmp_path)
    early = {name: (tmp_path / name).stat().st_mtime_ns for name in content(tmp_path) if name.startswith("sources")}
    killed_at = tmp_path / "sources" / "calls" / "2025-01-04"
    (killed_at / "part-00001.parquet").rename(killed_at / ".part-00001.parquet")
    (killed_at / "_SUCCESS").unlink()
    shutil.rmtree(tmp_path / "sources" / "tickets" / "2025-01-05")
    simulate(spark, wanted(), tmp_path)
    assert content(tmp_path) == content(made)
    again = {name for name, time in early.items() if (tmp_path / name).stat().st_mtime_ns != time}
    assert all("2025-01-04" in name or "tickets/2025-01-05" in name for name in again), again


@pytest.fixture
def acts(tmp_path: Path) -> Callable[..., str]:
    def write(*rows: tuple[str, str, str, str]) -> str:
        columns = dict(zip(("customer_id", "date", "action", "channel"), zip(*rows, strict=True), strict=True))
        place = tmp_path / f"acts_{len(list(tmp_path.iterdir()))}"
        place.mkdir()
        pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), place / "part-0.parquet")
        return str(place)

    return write


def test_interventions_change_the_future_of_their_district_only(
    spark: SparkSession, made: Path, tmp_path: Path, acts: Callable[..., str]
):
    done = [(str(n), "2025-01-08", "coupon", "email") for n in range(1, 400)]
    simulate(spark, wanted(days=7), tmp_path / "other")
    simulate(spark, wanted(), tmp_path / "other", acts(*done))
    usual, other = content(made / "sources"), content(tmp_path / "other" / "sources")
    changed = {name for name in usual if usual[name] != other[name]}
    assert all("part-00000" in name for name in changed), "nobody of the second batch was treated"
    assert min(name.split("/")[1] for name in changed) == "2025-01-08"
    retention = [
        row["customer"]
        for row in pq.read_table(tmp_path / "other" / "sources" / "contacts").to_pylist()
        if row["campaign"] == "retention" and row["customer"] is not None
    ]
    here = [row["customer"] for row in pq.read_table(made / "truth" / "states" / "2025-01-08").to_pylist()]
    assert set(retention) <= set(here) & set(range(1, 400))
    assert len(set(retention)) > 0.8 * len([n for n in here if n < 400])

    with pytest.raises(ConfigError, match="other interventions up to that day"):
        simulate(spark, wanted(), tmp_path / "other", acts(*done[1:]))
    with pytest.raises(ConfigError, match="other interventions up to that day"):
        simulate(spark, wanted(), tmp_path / "other")


def test_a_folder_holds_one_simulation(spark: SparkSession, made: Path):
    with pytest.raises(ConfigError, match="seed 1, not 2"):
        simulate(spark, wanted(seed=2), made)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("9999", "2025-01-08", "coupon", "email"), "none of 1 to 1124"),
        (("7", "2024-12-31", "coupon", "email"), "no date from 2025-01-01 on"),
        (("7", "2025-01-08", "gift", "email"), "none of coupon, personal_service, follow_up_call"),
        (("7", "2025-01-08", "coupon", "letter"), "none of email, phone, sms"),
    ],
)
def test_impossible_interventions_are_named(
    spark: SparkSession, tmp_path: Path, acts: Callable[..., str], row: tuple[str, ...], problem: str
):
    with pytest.raises(ConfigError, match=f"1 rows .*{problem}"):
        simulate(spark, wanted(), tmp_path / "made", acts(row, ("7", "2025-01-08", "coupon", "sms")))
    assert not (tmp_path / "made").exists()


def test_what_cannot_be_simulated_is_named():
    with pytest.raises(ConfigError, match="'airline' cannot be simulated; there are telecom, bank"):
        simulation("airline", 10, FIRST, FIRST, 1)
    with pytest.raises(ConfigError, match="at least 1"):
        simulation("bank", 0, FIRST, FIRST, 1)
    with pytest.raises(ConfigError, match="lies before"):
        simulation("bank", 10, FIRST, FIRST - timedelta(days=1), 1)
