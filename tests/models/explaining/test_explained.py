"""Scored customers with their reasons, by Spark."""

from dataclasses import replace
from datetime import date

import pytest
from pyspark.ml import PipelineModel
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.modelling import TargetEncoding, Training
from churn_spark.definitions.phrases import Phrase
from churn_spark.models.calibration import Calibrator
from churn_spark.models.explaining import explained as module
from churn_spark.models.explaining.explained import explained, refuse_other_sums
from churn_spark.models.families.logistic_regression import LOGISTIC_REGRESSION
from churn_spark.models.families.random_forest import RANDOM_FOREST
from churn_spark.models.preparation import prepare
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.slots import slots_of
from churn_spark.models.trial import pipeline

SCHEMA = (
    "customer_id string, as_of_date date, orders bigint, amount double, member boolean, plan string, signed_on date,"
    " town string, label int"
)
FEATURES = ("orders", "amount", "member", "plan", "signed_on", "town")
SETTINGS = Training(candidates=(), folds=2, target_encoding=TargetEncoding(smoothing=2))
DAYS = (date(2026, 1, 31), date(2026, 2, 28))
KEPT = ("customer_id", "as_of_date", "raw_score")


def customers():
    for day in DAYS:
        for n in range(60):
            amount = None if n % 7 == 0 else float("inf") if n % 11 == 0 else 10.0 * n
            plan = ("basic", "plus", None)[n % 3]
            left = int(n % 5 < 2 and plan != "plus")
            town = None if n == 59 else "T0" if n < 5 else f"T{n}{day:%m}"
            signed_on = date(2025, 1, 1) if n % 4 else None
            yield (f"c{n:02d}", day, n % 5, amount, n % 2 == 0, plan, signed_on, town, left)


@pytest.fixture(scope="module")
def features(spark):
    return spark.createDataFrame(list(customers()), SCHEMA).coalesce(1).persist()


@pytest.fixture(scope="module", params=[LOGISTIC_REGRESSION, RANDOM_FOREST], ids=lambda family: family.name)
def model(request, features):
    family, learnt = request.param, prepare(features, FEATURES, SETTINGS)
    labelled = features
    for stage in learnt.stages(family.inputs):
        labelled = stage.transform(labelled)
    parameters = {**family.defaults, "trees": 5, "depth": 3, "leaf_rows": 2}
    fitted = family.fit(labelled.select("label", *family.inputs), parameters, 1)
    return RiskModel(family.name, pipeline(learnt, family, fitted), Calibrator("none"), {}, learnt.slots, 0.5)


def with_reasons(model, features, shown=3, population=dict.fromkeys(DAYS, 60)):
    phrases = {"orders": Phrase("orders", "orders in 28 days")}
    return explained(model.predict(features, vectors=True), KEPT, model, population, phrases, shown)


def test_reasons_add_up_and_say_the_values_of_the_customer(model, features):
    found = with_reasons(model, features).persist()
    refuse_other_sums(found, model.family, "the model")
    assert found.columns == [*KEPT, "base_value", "reason_codes", "reason_unit", "reasons_exact"]
    known = {(row["customer_id"], row["as_of_date"]): row for row in features.collect()}
    rows = found.collect()
    assert len(rows) == len(known)
    assert any(reason["feature"] == "town" for row in rows for reason in row["reason_codes"])
    for row in rows:
        own = known[row["customer_id"], row["as_of_date"]]
        signed = None if own["signed_on"] is None else float((row["as_of_date"] - own["signed_on"]).days)
        amount = None if own["amount"] in (None, float("inf")) else own["amount"]
        values = {"orders": float(own["orders"]), "member": float(own["member"]), "signed_on": signed, "amount": amount}
        for reason in row["reason_codes"][:-1]:
            assert reason["value"] == values.get(reason["feature"])
            if reason["feature"] == "plan":
                assert reason["text"] == f"plan: {own['plan'] or 'unknown'} against basic typical"
            if reason["feature"] == "town":
                assert reason["text"] == f"town: {own['town'] or 'unknown'} against T0 typical"
            if reason["feature"] == "orders":
                assert reason["text"] == f"orders in 28 days: {own['orders']} against 2 typical"


def test_what_does_not_add_up_is_refused_with_the_way_out(model, features):
    found = with_reasons(model, features)
    with pytest.raises(ModelError, match=r"version 3 do not add up .*scoring\.reasons: 0"):
        refuse_other_sums(found.withColumn("raw_score", F.col("raw_score") + 1e-8), model.family, "version 3")


def test_without_reasons_the_columns_are_null(model, features):
    for found in (with_reasons(model, features, shown=0), with_reasons(model, features, population={})):
        assert found.columns == [*KEPT, "base_value", "reason_codes", "reason_unit", "reasons_exact"]
        rows = found.select("base_value", "reason_codes", "reason_unit", "reasons_exact").distinct().collect()
        assert [tuple(row) for row in rows] == [(None,) * 4]
        refuse_other_sums(found, model.family, "the model")


def test_a_sample_is_drawn_by_the_id_of_customers(model, features, monkeypatch):
    everybody = {tuple(row)[:3] for row in with_reasons(model, features).collect()}
    monkeypatch.setattr(module, "SAMPLE", 20)
    once, again = (sorted(with_reasons(model, part).collect(), key=str) for part in (features, features.repartition(3)))
    assert once == again
    assert {tuple(row)[:3] for row in once} == everybody


def test_a_saved_model_scores_and_explains_the_same(model, features, tmp_path):
    place = (tmp_path / "model").as_uri()
    model.pipeline.save(place)
    again = replace(model, pipeline=PipelineModel.load(place))
    assert slots_of(again.pipeline.stages) == model.slots
    before, after = (with_reasons(each, features).orderBy("customer_id", "as_of_date") for each in (model, again))
    assert before.collect() == after.collect()
