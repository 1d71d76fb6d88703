"""Training where some customers were acted upon: their labels are left out, and others count for them."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Candidate
from churn_spark.models.families.family import WEIGHT
from churn_spark.stages.monitoring.performance import _tally
from churn_spark.stages.train import train
from churn_spark.stages.training import snapshots
from churn_spark.tables.contracts.actions import INTERVENTIONS
from churn_spark.tables.contracts.models import MODEL_METRICS
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from tests.stages.made_warehouse import catalog_of, do, every_four_weeks, fill, project_at, write_snapshots
from tests.stages.test_feedback import INTERVENTION

DAYS = every_four_weeks(7)
LAST = DAYS[-1]


@pytest.fixture
def made(spark, tmp_path):
    project = project_at(tmp_path)
    quick = Candidate("logistic_regression", (("l2", (0.01,)), ("iterations", (8,))))
    project = replace(project, training=replace(project.training, candidates=(quick,), accept_weak=True))
    catalog = catalog_of(spark, project)
    write_snapshots(project, catalog, DAYS, DAYS)
    return project, catalog


def labelled(project, catalog):
    catalog.refresh()
    return snapshots.labelled(project, catalog, DAYS, ["purchases_recency"])


def intervened(project, catalog):
    """Of sixty, every third is withheld; at another sixty nothing was planned, which counts for a little more."""
    day = {"as_of_date": (LAST + timedelta(days=3)).isoformat()}
    at = [(f"c{n:04d}", n % 3 == 0) for n in range(60)]
    rows = [
        {"customer_id": name, "propensity": 0.25 if withheld else 0.75, "arm": "control" if withheld else "treated"}
        | ({"action": None, "channel": None} if withheld else {})
        for name, withheld in at
    ]
    nothing = {"action": None, "channel": None, "planned_action": None, "arm": "none", "propensity": 0.8}
    rows += [{"customer_id": f"c{n:04d}"} | nothing for n in range(60, 120)]
    fill(project, catalog, INTERVENTIONS, INTERVENTION | day, *rows)


def test_rows_of_treated_customers_are_left_out_and_others_count_for_them(made, caplog):
    project, catalog = made
    before = labelled(project, catalog)
    assert WEIGHT not in before.columns
    everybody = before.count()
    intervened(project, catalog)
    after = labelled(project, catalog)
    found = {
        (row.as_of_date == LAST, row.weight): row.rows
        for row in after.groupBy("as_of_date", F.col(WEIGHT).alias("weight")).agg(F.count("*").alias("rows")).collect()
        if row.as_of_date == LAST or row.weight != 1
    }
    # c0000, who was withheld, has no label; the action of three days later can change labels of the last snapshot only.
    assert found == {(True, 4.0): 19, (True, 1.25): 60, (True, 1.0): 120}
    assert after.count() == everybody - 40

    caplog.set_level("INFO", logger="churn_spark")
    as_of = LAST + timedelta(days=28)
    do(train, project, catalog, as_of)
    assert (
        "40 rows of customers who were acted upon are left out; 80 of customers for whom chance decided" in caplog.text
    )
    metrics = catalog.read(MODEL_METRICS).where("scope = 'test' AND segment = 'all' AND metric = 'base_rate'")
    rows = after.where(F.col("as_of_date") == F.lit(LAST)).toPandas()
    expected = (rows["label"] * rows[WEIGHT]).sum() / rows[WEIGHT].sum()
    assert {round(row.value, 9) for row in metrics.select("value").collect()} == {round(expected, 9)}

    plain = catalog.read(MODEL_METRICS).where("scope = 'plain' AND metric = 'base_rate'").collect()
    counted_once = before.where(F.col("as_of_date") == F.lit(LAST)).agg(F.avg("label")).collect()[0][0]
    assert [(row.segment, row.role, round(row.value, 9)) for row in plain] == [
        ("all", "champion", round(counted_once, 9))
    ]
    assert round(counted_once, 9) != round(expected, 9)


def test_monitoring_looks_at_the_same_rows_and_counts_what_they_are_worth(made):
    project, catalog = made
    intervened(project, catalog)
    score = {"customer_id": "a", "as_of_date": LAST.isoformat(), "segment": "0", "risk": 0.2, "raw_score": 0.2}
    score |= {"risk_rank": 1, "decile": 1, "tier": "high", "model_name": "made", "model_version": 1, "replayed": False}
    # Of twelve four were withheld (one has no label) and eight were acted upon; with three others nothing was planned.
    names = [f"c{n:04d}" for n in (*range(12), 60, 61, 62)]
    fill(project, catalog, RISK_SCORES, score, *({"customer_id": name} for name in names))
    catalog.refresh()
    seen = _tally(project, catalog, LAST + timedelta(days=28), SimpleNamespace(number=1), [LAST])
    weights = [4.0] * 3 + [1.25] * 3
    assert seen.rows.sum() == pytest.approx(sum(weights) ** 2 / sum(weight**2 for weight in weights))
