from collections import Counter
from datetime import date, timedelta
from math import log

import pytest
from pyspark.sql import functions as F
from sklearn import metrics as oracle

from churn_spark.definitions.economics import Economics
from churn_spark.models import metrics
from churn_spark.models import tally as room
from churn_spark.models.families.family import WEIGHT
from churn_spark.models.tally import WORTH, needed, tally, worth


def test_worth_is_the_value_of_the_churners_and_nothing_where_there_is_none(spark):
    rows = [("a", 1, 3.0), ("b", 0, 5.0), ("c", 1, None), ("d", 1, float("nan")), ("e", 1, float("inf")), ("f", 1, 0.0)]
    snapshots = spark.createDataFrame(rows, "customer_id string, label int, paid double")
    valued = snapshots.select(
        "label",
        F.lit(date(2026, 1, 1)).alias("as_of_date"),
        F.lit(0).alias("part"),
        F.lit(0.5).alias("score"),
        F.lit(0.5).alias("risk"),
        worth(snapshots, Economics("6 / paid", 1, 1, 0.5)).alias(WORTH),
    )
    assert tally(needed(valued, "part"), "part").worth.tolist() == [2.0]
    assert tally(needed(valued.drop(WORTH), "part"), "part").worth.tolist() == [0.0]


SCHEMA = "as_of_date date, label int, part int, score double, risk double"


@pytest.fixture(scope="module")
def rows():
    return [
        (
            date(2026, 1, 1) + timedelta(days=n % 2),
            int(n * 7919 % 11 < 3),
            n % 3,
            (n * 37 % 100) / 100,
            (n * 37 % 90) / 100,
        )
        for n in range(400)
    ]


def test_every_cell_is_the_sum_of_its_rows(spark, rows):
    found = tally(spark.createDataFrame(rows, SCHEMA), "part")
    expected = Counter()
    for day, label, part, score, risk in rows:
        cell = (-score, str(day), part)
        missed = max(risk if label else 1 - risk, 1e-15)
        for name, value in (
            ("rows", 1),
            ("churners", label),
            ("predicted", risk),
            ("squared_error", (risk - label) ** 2),
        ):
            expected[cell, name] += value
        expected[cell, "log_loss"] -= log(missed)
    cells = sorted({cell for cell, _ in expected})
    assert [(-s, str(d), p) for s, d, p in zip(found.score, found.snapshot, found.part, strict=True)] == cells
    for name in ("rows", "churners", "predicted", "squared_error", "log_loss"):
        assert getattr(found, name) == pytest.approx([expected[cell, name] for cell in cells])


def test_beyond_the_limit_scores_share_bins_and_ranks_stay_close(spark, monkeypatch):
    monkeypatch.setattr(room, "EXACT", 500)
    monkeypatch.setattr(room, "BINS", 200)
    rows = [(date(2026, 1, 1), int(n * 7919 % 4001 < n / 2), n % 5, n / 4001, n / 4001) for n in range(4001)]
    found = tally(spark.createDataFrame(rows, SCHEMA), "part")
    scores, counts, churners = found.by_score("rows", "churners")
    assert len(scores) == 200
    assert counts.sum() == len(rows)
    label, score = [row[1] for row in rows], [row[3] for row in rows]
    assert metrics.roc_auc(counts, churners) == pytest.approx(oracle.roc_auc_score(label, score), abs=1e-3)
    assert metrics.average_precision(counts, churners) == pytest.approx(
        oracle.average_precision_score(label, score), abs=5e-3
    )


def test_scores_that_are_no_risks_have_no_losses(spark):
    rows = [(date(2026, 1, 1), 1, 0, 3.0, None), (date(2026, 1, 1), 0, 0, 2.0, None)]
    found = tally(spark.createDataFrame(rows, SCHEMA), "part")
    assert found.predicted.tolist() == pytest.approx([float("nan")] * 2, nan_ok=True)
    assert found.score.tolist() == [3.0, 2.0]


@pytest.mark.parametrize("exact", [20_000, 10])
def test_a_row_of_weight_three_counts_as_three(spark, rows, exact, monkeypatch):
    monkeypatch.setattr(room, "EXACT", exact)
    valued = spark.createDataFrame([(*row, 10.0 + n) for n, row in enumerate(rows)], f"{SCHEMA}, `{WORTH}` double")
    # By score, so that rows of one bin stay together however often they are counted.
    often = (F.col("score") * 100 % 3 + 1).cast("int")
    weighed = tally(valued.withColumn(WEIGHT, often.cast("double")), "part")
    repeated = tally(valued.withColumn("n", F.explode(F.sequence(F.lit(1), often))), "part")
    for name in ("rows", "churners", "predicted", "squared_error", "log_loss", "worth"):
        assert getattr(weighed, name).sum() == pytest.approx(getattr(repeated, name).sum())
    if exact > len(rows):
        assert weighed.score.tolist() == pytest.approx(repeated.score.tolist())
        assert weighed.churners.tolist() == pytest.approx(repeated.churners.tolist())
