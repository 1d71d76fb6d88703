"""The test of a model by customer segment, against scikit-learn on the rows of each."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from churn_spark.definitions.modelling import Training
from churn_spark.models.by_segment import by_segment
from churn_spark.models.measures import measured
from churn_spark.models.tally import tally

SCHEMA = "as_of_date date, label double, part int, score double, risk double, segment int"
SETTINGS = Training(candidates=(), bootstrap=40)


@pytest.fixture(scope="module")
def rows():
    """Two dates; scores that order segment 0 well and segment 1 not at all, few leavers in 2, none in 3."""
    rng = random.Random(4)
    made = []
    for day in (date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=28)):
        for n in range(300):
            segment = (0, 0, 1, 1, 2, None)[n % 6] if n % 50 else 3
            score = rng.random()
            risk = {0: score, 1: 0.4, 2: 0.05}.get(segment, 0.0)
            made.append((day, float(rng.random() < risk), n % 200, score, score, segment))
    return made


@pytest.fixture(scope="module")
def found(spark, rows):
    return by_segment(spark.createDataFrame(rows, SCHEMA).coalesce(1), SETTINGS, threshold=0.5)


def test_each_segment_is_measured_on_its_own_rows(found, rows):
    for name, number in (("segment 0", 0), ("segment 1", 1)):
        mine = [row for row in rows if row[5] == number]
        labels, scores = [row[1] for row in mine], [row[3] for row in mine]
        assert found[name]["roc_auc"].value == pytest.approx(roc_auc_score(labels, scores))
        assert found[name]["average_precision"].value == pytest.approx(average_precision_score(labels, scores))
        warned = [row[1] for row in mine if row[3] >= 0.5]
        assert found[name]["precision"].value == pytest.approx(sum(warned) / len(warned))


def test_intervals_resample_the_customers_of_the_segment(spark, found, rows):
    mine = spark.createDataFrame([row for row in rows if row[5] == 1], SCHEMA).coalesce(1)
    alone = measured(tally(mine, "part"), SETTINGS.bootstrap, SETTINGS.seed, 0.5)
    one = found["segment 1"]
    assert one["roc_auc"].low < one["roc_auc"].value < one["roc_auc"].high
    assert {name: (m.low, m.high) for name, m in one.items()} == {name: (m.low, m.high) for name, m in alone.items()}


def test_segments_with_too_few_of_either_kind_and_customers_without_one_are_left_out(spark, found, rows):
    assert list(found) == ["segment 0", "segment 1"]
    nobody = [(*row[:5], None) for row in rows]
    assert by_segment(spark.createDataFrame(nobody, SCHEMA).coalesce(1), replace(SETTINGS, bootstrap=0), 0.5) == {}
