"""The simulated companies go the whole way: what is made is what ingest takes, and models learn from it."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from churn_spark.cli import job
from churn_spark.cli.source_check import check_data
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.pipelines.backfill import backfill
from churn_spark.runtime import run
from churn_spark.simulate.manifest import simulation
from churn_spark.simulate.simulation import simulate
from churn_spark.stages.all_stages import INGEST, PROFILE, REPORT, SCORE, TRAIN
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.location import Location

CONF = Path(__file__).parents[2] / "conf"
FIRST = date(2025, 1, 1)
DOMAINS = ("telecom", "bank")
SMALL = {
    "{first: 2025-03-12, every: 28}": "{first: 2025-02-26, every: 7}",
    "depth: [6, 8], trees: 100": "depth: 5, trees: 20",
    "l2: [0.003, 0.03]": "l2: 0.03",
    "test_snapshots: 2": "test_snapshots: 3\n  folds: 2\n  max_score_drift: 10",
}
"""What half a year of a few hundred customers can teach: more snapshots, fewer folds, one small candidate each."""


def opened(
    spark: SparkSession, root: Path, monkeypatch: pytest.MonkeyPatch, domain: str, customers: int, days: int
) -> tuple[Project, Catalog]:
    """A company simulated for some days, and its shipped configuration, SMALL, over it."""
    simulate(spark, simulation(domain, customers, FIRST, FIRST + timedelta(days=days - 1), 1), root / domain)
    monkeypatch.setenv("SIMULATED", str(root))
    text = (CONF / f"{domain}.yaml").read_text(encoding="utf-8")
    for shipped, small in SMALL.items():
        assert shipped in text
        text = text.replace(shipped, small)
    conf = root / f"{domain}.yaml"
    conf.write_text(text, encoding="utf-8")
    return job.opened(conf)


def test_the_configuration_fits_the_bank_that_is_made(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    project, _ = opened(spark, tmp_path, monkeypatch, "bank", customers=300, days=2)
    assert check_data(project, spark).problems == []


def test_ingest_keeps_every_good_row_once_and_names_the_others(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    project, catalog = opened(spark, tmp_path, monkeypatch, "telecom", customers=400, days=5)
    assert check_data(project, spark).problems == []
    calls_only = replace(project, sources=(project.source("calls"),))
    for days in (4, 5):
        run.run_stage(INGEST, calls_only, catalog, FIRST + timedelta(days=days))
    made = read(tmp_path / "telecom" / "sources" / "calls").to_pylist()
    good = [row for row in made if row["customer"] is not None and row["seconds"] >= 0]
    kept = DeltaTable(str(tmp_path / "telecom" / "warehouse" / "events_calls")).to_pyarrow_table()
    assert sorted(kept["event_id"].to_pylist(), key=int) == [str(number) for number in sorted({r["id"] for r in good})]
    refused = DeltaTable(str(tmp_path / "telecom" / "warehouse" / "quarantine")).to_pyarrow_table().to_pylist()
    calls = [row for row in refused if row["source"] == "calls"]
    reasons = Counter(reason for row in calls for reason in row["reasons"] for _ in range(row["copies"]))
    assert reasons["no_customer"] == sum(row["customer"] is None for row in made)
    assert reasons["negative_duration"] == sum(row["seconds"] < 0 for row in made)
    assert reasons["duplicate"] == len(good) - len(kept)
    assert set(reasons) == {"no_customer", "negative_duration", "duplicate"}


@pytest.mark.soak(minutes=8)
def test_taken_in_day_by_day_with_a_hole_is_taken_in_at_once(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Calls with partners: late rows and copies across runs; a delivery comes late, another is half of it at first."""
    days = 62
    until = FIRST + timedelta(days=days)
    project, catalog = opened(spark, tmp_path, monkeypatch, "telecom", customers=150, days=days)
    calls = tmp_path / "telecom" / "sources" / "calls"
    late, halved = (calls / str(until - timedelta(days=back)) for back in (3, 4))
    late.rename(tmp_path / late.name)
    whole = [(part, part.read_bytes()) for part in halved.glob("*.parquet")]
    for part, _ in whole:
        rows = pq.read_table(part)
        pq.write_table(rows.slice(0, len(rows) // 2), part)
    steps = [until - timedelta(days=back) for back in (2, 1, 0)]
    for as_of in steps:
        if as_of == until:
            (tmp_path / late.name).rename(late)
            for part, content in whole:
                part.write_bytes(content)
        run.run_stage(
            INGEST, project, catalog, as_of, [f"accept-incomplete=calls@{late.name}", "add-history=calls", "restate"]
        )
        backfill(project, catalog, as_of, Days(as_of, as_of + timedelta(days=1)))

    anew = replace(project, warehouse=replace(project.warehouse, path=str(tmp_path / "anew")))
    at_once = Catalog(spark, Location(anew.warehouse.path), catalog.arguments)
    run.run_stage(INGEST, anew, at_once, until)
    backfill(anew, at_once, until, Days(steps[0], until + timedelta(days=1)))
    for table in ("events_calls", "tiles_calls", "contacts_calls", "first_seen", "networks", "features"):
        stored, expected = (_rows(place / table) for place in (tmp_path / "telecom" / "warehouse", tmp_path / "anew"))
        assert stored == expected, table


def _rows(table: Path) -> Counter[str]:
    return Counter(map(repr, DeltaTable(str(table)).to_pyarrow_table().to_pylist()))


def read(folder: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(part) for part in sorted(folder.glob("*/*.parquet")))


@pytest.mark.soak(minutes=8)
@pytest.mark.parametrize("domain", DOMAINS)
def test_models_learn_who_leaves_a_simulated_company(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, domain: str
):
    project, catalog = opened(spark, tmp_path, monkeypatch, domain, customers=1000, days=200)
    as_of = FIRST + timedelta(days=200)
    for stage in (INGEST, PROFILE):
        run.run_stage(stage, project, catalog, as_of)
    backfill(project, catalog, as_of, Days(as_of, as_of + timedelta(days=1)))
    for stage in (TRAIN, SCORE, REPORT):
        run.run_stage(stage, project, catalog, as_of)

    place = tmp_path / domain
    scores = DeltaTable(str(place / "warehouse" / "risk_scores")).to_pyarrow_table().to_pylist()
    truth = {str(row["customer"]): row for row in pq.read_table(place / "truth" / "customers").to_pylist()}
    lives_on = {customer for customer, row in truth.items() if row["left_on"] is None and row["joined_on"] < as_of}
    if domain == "telecom":
        assert {row["customer_id"] for row in scores} == lives_on
    else:
        assert len({row["customer_id"] for row in scores} & lives_on) > 0.9 * len(lives_on)
    risk = {row["customer_id"]: row["risk"] for row in scores}
    assert all(0 <= value <= 1 for value in risk.values())
    assert "simulated" in (place / "report.html").read_text(encoding="utf-8")
    assert json.loads((place / "simulation.json").read_text())["simulated"] is True
