"""A corner shop for Python users: its history taken, its snapshots built, with scores and metrics as if trained."""

from pathlib import Path

import pytest
from pyspark.sql import functions as F

import churn_spark as cs
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import MODEL_METRICS
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from churn_spark.tables.location import Location
from tests.small_project import SmallProject
from tests.stages.made_warehouse import do
from tests.trained_shop import _made_once, copied

SCORES = {
    "segment": "'2'",
    "raw_score": "risk",
    "risk_rank": "row_number() OVER (ORDER BY risk DESC, customer_id)",
    "decile": "ntile(10) OVER (ORDER BY risk DESC, customer_id)",
    "tier": "CASE WHEN risk > 0.9 THEN 'high' WHEN risk > 0.6 THEN 'medium' ELSE 'low' END",
    "value": "100.0",
    "expected_loss": "100 * risk",
    "model_name": "'corner_shop_churn'",
    "model_version": "1",
    "replayed": "false",
}


@pytest.fixture(scope="session")
def stocked(spark, tmp_path_factory) -> SmallProject:
    """The files of a shop that was never scored; to be read only."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "popen" in base.name else base
    # So many weeks that there are snapshots to train, to purge and to test.
    return _made_once(SmallProject(shared / "python_shop", customers=60, history=6), lambda shop: None)


@pytest.fixture(scope="session")
def shop(spark, stocked) -> cs.OpenProject:
    """That shop as Python users open it."""
    return cs.open(stocked.conf, spark=spark)


@pytest.fixture(scope="session")
def scored(spark, stocked, tmp_path_factory) -> Path:
    """The configuration of a shop with scores of its newest snapshot and metrics of two models, all made up."""
    files = copied(stocked, tmp_path_factory.mktemp("scored") / "shop")
    catalog = Catalog(spark, Location(str(files.warehouse)))

    def score(run, project, catalog):
        customers = catalog.read(features(project.features), run.dates).select("customer_id", "as_of_date")
        risky = customers.withColumn("risk", F.expr("pmod(xxhash64(customer_id), 1000) / 1000D"))
        scores = risky.selectExpr("*", *(f"{sql} AS {name}" for name, sql in SCORES.items()))
        with catalog.transaction(run, {RISK_SCORES: run.dates}) as tx:
            tx.replace(RISK_SCORES, complete(RISK_SCORES, scores), run.dates)

    def train(run, project, catalog):
        measured = [
            (run.as_of, "train", model, "test", "all", metric, value, value - 0.1, value + 0.1, "run")
            for model, value in (("logistic_regression", 0.5), ("random_forest", 0.6))
            for metric in ("average_precision", "lift_at_decile")
        ]
        names = ["as_of_date", "stage", "model", "scope", "segment", "metric", "value", "low", "high", "run_id"]
        metrics = catalog.spark.createDataFrame(measured, names)
        with catalog.transaction(run, {MODEL_METRICS: run.dates}) as tx:
            tx.replace(MODEL_METRICS, complete(MODEL_METRICS, metrics), run.dates)

    for work in (score, train):
        do(work, cs.open(files.conf).definition, catalog, files.start)
    return files.conf


def complete(table, rows):
    """The rows with all columns of a contract: those they lack are null."""
    return rows.select(
        *(
            (F.col(column.name) if column.name in rows.columns else F.lit(None)).cast(column.type).alias(column.name)
            for column in table.columns
        )
    )
