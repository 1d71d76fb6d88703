"""A project from Python: tables by name and date, bounds, files for analysts, nothing changed around it."""

import logging
import os
import re
import signal
from datetime import timedelta

import pandas as pd
import pytest

import churn_spark as cs
from churn_spark.definitions.errors import ConfigError, NotReadyError
from churn_spark.runtime.run import begun
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import LABELS
from churn_spark.tables.location import Location
from tests.trained_shop import copied


def test_opening_changes_nothing_of_the_process(spark, stocked):
    def state():
        umask = os.umask(0o022)
        os.umask(umask)
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        return umask, handlers, dict(os.environ), list(logging.root.handlers), logging.root.level

    before = state()
    opened = cs.open(stocked.conf)
    opened.due()
    assert state() == before
    assert opened.spark is spark
    assert "corner_shop" in repr(opened)


def test_a_mistake_in_the_configuration_is_named(spark, tmp_path):
    conf = tmp_path / "mine.yaml"
    conf.write_text("name: mine\nzonne: UTC\n")
    with pytest.raises(ConfigError, match="zonne"):
        cs.open(conf, spark=spark)


def test_a_snapshot_is_read_by_its_date(shop, stocked):
    newest = shop.dates("features")[-1]
    assert newest == stocked.start
    features = shop.features(newest, columns=["customer_id", "as_of_date"]).collect()
    assert features
    assert {row["as_of_date"] for row in features} == {newest}
    assert {row["as_of_date"] for row in shop.labels().select("as_of_date").collect()} == set(shop.dates("labels"))


def test_events_as_of_a_date_are_those_known_by_then(shop, stocked):
    day = stocked.start - timedelta(days=10)
    rows = shop.table("events_purchases", as_of=day).select("known_from").distinct().collect()
    assert sorted(row["known_from"] for row in rows) == [
        known for known in shop.dates("events_purchases") if known <= day
    ]
    assert 1 < len(rows) < len(shop.dates("events_purchases"))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("risk_score",), ValueError, "Did you mean risk_scores?"),
        (("features", None, ["purchases_cuont_7d"]), ValueError, "Did you mean purchases_count_7d?"),
        (("champions", "2026-02-02"), ValueError, "champions has no dates"),
        (("risk_scores",), NotReadyError, "risk_scores was never written; to write it: churn-spark score --conf"),
        (("features", "2026-01-06"), NotReadyError, "features has no rows of 2026-01-06; it has 2026-01-19"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(shop, arguments, error, words):
    with pytest.raises(error, match=re.escape(words)):
        shop.table(*arguments)


def test_status_and_what_is_due_are_values(shop, stocked):
    status = shop.status()
    tables = status.tables.set_index("table")
    assert (status.project, status.as_of, status.ingested) == ("corner_shop", stocked.start, stocked.start)
    assert tables.rows["features"] == shop.features().count()
    assert tables["last"]["features"] == pd.Timestamp(stocked.start)
    assert status.champion is None
    assert status.runs.job.tolist()[-1] == "ingest"
    assert "model in force: none" in str(status)
    pd.testing.assert_frame_equal(status.due, shop.due())
    assert len(shop.due(stocked.start - timedelta(days=1))) == len(status.due)


def test_a_stage_runs_and_says_how_it_ended(shop, stocked):
    runs = shop.run("build_labels", as_of=stocked.start)
    assert runs[["job", "as_of", "status"]].values.tolist() == [
        ["build_labels", pd.Timestamp(stocked.start), "nothing_to_do"]
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("bild-labels",), "Did you mean build-labels?"),
        (("ingest", "2026-02-16", ["accept"]), "ingest: option 'accept' is not one of"),
        (("ingest", "2199-01-01"), "the as-of date 2199-01-01 lies in the future"),
    ],
)
def test_a_job_that_cannot_run_is_refused(shop, arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        shop.run(*arguments)


def test_the_training_set_has_the_split_and_folds_of_the_project(shop):
    rows = shop.pandas(shop.training_set())
    assert rows.groupby("part").as_of_date.unique().map(lambda days: [f"{day:%m-%d}" for day in days]).to_dict() == {
        "train": ["01-19"],
        "purged": ["01-26"],
        "test": ["02-02"],
    }
    assert rows.groupby("customer_id").fold.nunique().max() == 1
    assert set(rows.fold) == {0, 1}
    assert set(rows.label) == {0, 1}
    assert "purchases_count_7d" in rows


def test_a_half_written_date_is_an_error_with_its_command(spark, stocked, tmp_path):
    stocked_copy = copied(stocked, tmp_path / "damaged")
    shop = cs.open(stocked_copy.conf, spark=spark)
    day = shop.dates("labels")[-1]
    catalog = Catalog(spark, Location(str(stocked_copy.warehouse)))
    killed = begun("build_labels", shop.definition, day)
    catalog.enter(killed)
    with catalog.transaction(killed, {LABELS: [day]}):
        pass
    with pytest.raises(NotReadyError, match=r"left half-written .* rerun it: churn-spark backfill"):
        shop.labels(day)
    assert shop.labels(shop.dates("labels")[0]).count()


def test_no_more_rows_than_the_bound_come_to_this_process(shop):
    rows = shop.pandas("features", columns=["customer_id", "purchases_count_7d"], limit=1000)
    assert isinstance(rows, pd.DataFrame)
    assert rows.shape == (shop.features().count(), 2)
    with pytest.raises(ValueError, match=re.escape("features has more than 10 rows; ")):
        shop.pandas("features", limit=10)


def test_a_table_becomes_one_file_for_a_spreadsheet(shop, tmp_path):
    path = tmp_path / "to" / "features.csv"
    day = shop.dates("features")[-1]
    shop.export("features", path, as_of=day)
    written = pd.read_csv(path, parse_dates=["as_of_date"])
    expected = shop.pandas("features", as_of=day)
    pd.testing.assert_frame_equal(written, expected, check_dtype=False)
    assert [one.name for one in path.parent.iterdir()] == ["features.csv"]
    with pytest.raises(FileExistsError, match="overwrite=True"):
        shop.export("features", path)
    shop.export("features", path, as_of=shop.dates("features")[0], overwrite=True)
    assert pd.read_csv(path).as_of_date.unique() == [str(shop.dates("features")[0])]


def test_nested_values_and_quotes_survive_csv(spark, shop, tmp_path):
    rows = spark.sql("SELECT 'says \"no\", and\nleaves' AS said, array(1, 2) AS codes, X'00FF' AS bytes")
    shop.export(rows, tmp_path / "rows.csv")
    assert pd.read_csv(tmp_path / "rows.csv").to_dict("records") == [
        {"said": 'says "no", and\nleaves', "codes": "[1,2]", "bytes": "AP8="}
    ]


def test_a_table_becomes_a_folder_of_parquet_files(shop, tmp_path):
    day = shop.dates("labels")[0]
    shop.export("labels", tmp_path / "labels", "parquet", as_of=day)
    assert len(pd.read_parquet(tmp_path / "labels")) == shop.labels(day).count()
    with pytest.raises(ValueError, match="format 'xlsx' is not one of parquet, csv"):
        shop.export("labels", tmp_path / "labels.xlsx")
