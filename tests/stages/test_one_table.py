"""A table of customers with a label and no events, from the file to the report."""

import random
from datetime import date

import pytest
from pyspark.sql import functions as F

from churn_spark.cli import job
from churn_spark.models.trial import NOT_TEMPORAL
from churn_spark.pipelines.backfill import backfill
from churn_spark.runtime import run
from churn_spark.stages.all_stages import INGEST, REPORT, SCORE, TRAIN
from churn_spark.stages.training.champions import decisions
from churn_spark.tables.contracts.models import MODEL_METRICS
from churn_spark.tables.contracts.snapshots import LABELS, RISK_SCORES

DAY = date(2026, 6, 1)
CUSTOMERS = 500
UNLABELLED = 10
CONF = """
name: one_table
zone: UTC
warehouse: {{path: {root}/warehouse}}
tracking: {{uri: "sqlite:///{root}/mlflow.db"}}
report: {root}/report.html
privacy: none
sources:
  customers:
    kind: customers
    format: csv
    path: {root}/landing
    schema: {{customer: string, tenure: int, contract: string, churn: string}}
    customer_id: customer
    delivered: {{by: event}}
    attributes:
      tenure: {{expression: tenure, type: int}}
      contract: {{expression: contract, type: string}}
      gone: {{expression: churn = 'Yes', type: boolean}}
population: {{by: contract, expression: "true"}}
label: {{rule: column, attribute: gone}}
features: {{attributes: [tenure, contract], derived: {{years: tenure / 12}}}}
snapshots: {{first: 2026-06-01}}
training: {{logistic_regression: {{iterations: 5}}, folds: 2, bootstrap: 40}}
"""


@pytest.fixture(scope="module")
def trained(spark, tmp_path_factory):
    root = tmp_path_factory.mktemp("one_table")
    dice = random.Random(3)
    lines = ["customer,tenure,contract,churn"]
    for number in range(CUSTOMERS):
        tenure, contract = dice.randint(1, 72), dice.choice(("month", "year"))
        gone = dice.random() < 0.1 + (0.8 if contract == "month" else 0) * (1 - tenure / 80)
        label = "" if number < UNLABELLED else "Yes" if gone else "No"
        lines.append(f"c{number},{tenure},{contract},{label}")
    (root / "landing").mkdir()
    (root / "landing" / "customers.csv").write_text("\n".join(lines) + "\n")
    (root / "conf.yaml").write_text(CONF.format(root=root))
    project, catalog = job.opened(root / "conf.yaml")
    run.run_stage(INGEST, project, catalog, DAY)
    backfill(project, catalog, DAY)
    for stage in (TRAIN, SCORE, REPORT):
        run.run_stage(stage, project, catalog, DAY)
    return project, catalog, root


def test_the_column_is_the_label_and_who_has_none_is_scored_all_the_same(trained):
    _, catalog, _ = trained
    counts = {r["excluded"]: r["count"] for r in catalog.read(LABELS).groupBy("excluded").count().collect()}
    assert counts == {None: CUSTOMERS - UNLABELLED, "no_label": UNLABELLED}
    assert catalog.read(RISK_SCORES, [DAY]).where(F.col("risk").between(0, 1)).count() == CUSTOMERS


def test_all_that_is_reported_says_not_temporal(trained):
    project, catalog, root = trained
    tested = catalog.read(MODEL_METRICS, [DAY]).where("scope = 'test'")
    assert {row["segment"] for row in tested.select("segment").distinct().collect()} == {"all", NOT_TEMPORAL}
    auc = tested.where("segment = 'all' and metric = 'roc_auc'").collect()[0]
    assert 0.6 < auc["low"] < auc["value"] < 0.95
    (card,) = (root / "warehouse" / "_models").rglob("card.md")
    text = card.read_text()
    assert "**Not temporal**: the data have one date, 2026-06-01." in text
    assert "customers held out (not temporal)" in text
    report = (root / "report.html").read_text()
    assert "Not temporal: the data have one date only" in report
    assert "later dates that it had not seen" not in report
    (decision,) = decisions(project, catalog)
    assert "not temporal: tested on customers held out, not on later dates" in decision.reason
