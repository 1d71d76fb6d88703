"""The chain gives the same tables by name in a metastore as below a path, and with generated code as without."""

import shlex
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.periods import Days
from churn_spark.pipelines.backfill import backfill
from churn_spark.stages.all_stages import INGEST
from tests.conftest import as_in_production
from tests.small_project import SmallProject, small_project
from tests.trained_shop import DAYS, OpenShop, content, opened

DAY = timedelta(days=1)


def shop_of(root: Path, schema: str | None = None) -> SmallProject:
    """A corner shop of a few customers with two days after its history; its tables lie in a schema or below a path."""
    files = small_project(root, customers=30, history=3)
    files.deliver(*(files.start + n * DAY for n in range(DAYS)))
    if schema:
        text = files.conf.read_text()
        by_path = f"warehouse: {{path: {files.warehouse}}}"
        assert by_path in text
        files.conf.write_text(text.replace(by_path, f"warehouse: {{schema: {schema}}}"))
    return files


def gone_through(files: SmallProject, *days: date) -> OpenShop:
    """The shop after what was due was taken, and tiles, snapshots and labels were built, on each of the days."""
    shop = opened(files)
    for as_of in days:
        shop.stage(INGEST, as_of)
        backfill(shop.project, shop.catalog, as_of, Days(as_of, as_of + DAY))
    return shop


@pytest.fixture(scope="module")
def by_path(spark, tmp_path_factory) -> OpenShop:
    files = shop_of(tmp_path_factory.mktemp("by_path"))
    return gone_through(files, files.start + DAYS * DAY)


def test_generated_code_gives_the_tables_that_interpreted_code_gives(spark, by_path, tmp_path):
    with as_in_production(spark):
        generated = gone_through(shop_of(tmp_path), by_path.as_of)
    assert generated.content() == by_path.content()


def test_the_chain_gives_by_name_the_tables_that_it_gives_by_path(spark, by_path, tmp_path):
    files = shop_of(tmp_path, "spark_catalog.corner_shop")
    spark.sql(f"CREATE SCHEMA corner_shop LOCATION '{files.warehouse}'")
    try:
        named = gone_through(files, by_path.as_of)
        assert named.content() == by_path.content()
        listed = {row["tableName"] for row in spark.sql("SHOW TABLES IN corner_shop").collect()}
        assert set(by_path.content()) <= listed
    finally:
        spark.sql("DROP SCHEMA corner_shop CASCADE")


def test_a_schema_that_is_not_there_is_an_error_that_says_how_to_make_it(spark, tmp_path):
    files = shop_of(tmp_path, "spark_catalog.nobody_made_it")
    with pytest.raises(ConfigError, match=r"CREATE SCHEMA spark_catalog\.nobody_made_it"):
        opened(files).stage(INGEST, files.start)


@pytest.mark.soak(minutes=4)
def test_every_process_finds_in_hives_metastore_what_others_wrote(spark, tmp_path, fast_environment):
    files = shop_of(tmp_path / "shop", "default")
    days = files.start, files.start + DAYS * DAY
    hive = {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": str(files.warehouse),
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={tmp_path}/metastore;create=true",
    }
    settings = shlex.join(word for key, value in hive.items() for word in ("--conf", f"{key}={value}"))
    environment = fast_environment | {
        "PYSPARK_SUBMIT_ARGS": f"{settings} {fast_environment['PYSPARK_SUBMIT_ARGS']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }

    def run(*arguments: str) -> None:
        command = [sys.executable, "-c", "from churn_spark.cli.main import main; main()", *arguments]
        command += [f"--conf={files.conf}"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    for as_of in days:
        run("ingest", f"--as-of={as_of}")
        run("backfill", f"--as-of={as_of}", f"--from={as_of}", f"--to={as_of}")
    by_path = gone_through(shop_of(tmp_path / "by_path"), *days)
    assert content(by_path.project, files.warehouse) == by_path.content()
