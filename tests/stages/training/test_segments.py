"""Which rows are measured by segment: the untouched test, each with the segment of its own date."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Segmentation
from churn_spark.models.calibration import Calibrator
from churn_spark.models.split import Split
from churn_spark.stages.training import gating, segments
from churn_spark.stages.training.champions import Decision
from tests.stages.made_warehouse import project_at

DAYS = [date(2026, 1, 1) + timedelta(days=28 * n) for n in range(3)]
RFM = Segmentation("purchases_recency", "purchases_count_28d", "purchases_amount_mean_84d")


def test_only_the_test_is_measured_and_by_the_segment_of_the_date(spark, tmp_path, monkeypatch):
    rows = [(f"c{n}", day, float(n % 2), n, n / 60) for day in DAYS for n in range(60)]
    prepared = spark.createDataFrame(rows, "customer_id string, as_of_date date, label double, part int, score double")
    of_date = [(f"c{n}", day, place) for place, day in enumerate(DAYS) for n in range(60)]
    known = spark.createDataFrame(of_date, "customer_id string, as_of_date date, segment int").coalesce(1)
    read = []
    catalog = SimpleNamespace(read=lambda table, days: read.append((table.name, days)) or known)
    monkeypatch.setattr(segments, "scored", lambda rows, *_: rows.withColumn("risk", F.lit(0.5)))
    data = SimpleNamespace(rows=prepared.coalesce(1), split=Split((DAYS[0],), (DAYS[1], DAYS[2]), tuple(DAYS)))
    tuned = SimpleNamespace(family="random_forest", calibrator=Calibrator("none"), threshold=0.5)
    winner = SimpleNamespace(tuned=tuned, model=None)
    project = project_at(tmp_path, segmentation=RFM)
    project = replace(project, training=replace(project.training, economics=None, bootstrap=0))
    found = segments.segment_measures(project, catalog, data, winner)
    assert list(found) == ["segment 1", "segment 2"]
    assert read == [("segments", (DAYS[1], DAYS[2]))]
    assert segments.segment_measures(project_at(tmp_path), None, data, winner) == {}


def test_the_recorded_test_of_the_champion_is_compared_by_its_dates_and_not_by_segments():
    rows = [
        {"segment": segment, "metric": metric, "value": 0.4 if metric == "average_precision" else 0.2}
        for segment in ("all", str(DAYS[2]), "segment 0")
        for metric in ("average_precision", "base_rate")
    ]
    frame = SimpleNamespace(collect=lambda: rows)
    frame.where = lambda _: frame
    catalog = SimpleNamespace(read=lambda table, days: frame)
    champion = Decision(DAYS[0], "1", 1, trained_as_of=DAYS[0], training_run="train 1")
    assert gating._recorded(catalog, champion) == ({"all", str(DAYS[2])}, 0.2, 0.4)
