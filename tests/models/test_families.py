"""Every family there is, by the same test: what training, scoring and the report take for granted of each."""

import math
from datetime import date
from random import Random

import numpy as np
import pytest
from pyspark.ml import PipelineModel
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError, ModelError
from churn_spark.models.families import FAMILIES
from churn_spark.models.families import family as family_module
from churn_spark.models.families.family import VECTORS, WEIGHT
from churn_spark.models.preparation import prepare
from churn_spark.models.risk_model import FILE, require_family

DAY = date(2026, 1, 31)
SCHEMA = (
    "customer_id string, as_of_date date, recency int, spent double, rare double, plan string, constant int,"
    " never double, label double"
)
FEATURES = ("recency", "spent", "rare", "plan", "constant", "never")
ROWS = 300
QUICK = {"trees": 8, "depth": 3, "step": 0.3, "leaf_rows": 3}
"""Enough to learn what the made customers show."""

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def made_customers(n=ROWS, seed=1):
    """Those who stayed away long leave, most of the time; nothing else tells; spent is skewed, null or infinite."""
    rng = Random(seed)
    for row in range(n):
        recency = rng.randrange(60)
        leaves = rng.random() < 1 / (1 + math.exp(-(recency - 35) / 4))
        spent = [rng.lognormvariate(3, 2), -5.0, None, math.inf, -math.inf, math.nan][row % 6 if row % 4 else 0]
        rare = 1.0 if row == 0 else None
        yield f"{row:03}", DAY, recency, spent, rare, rng.choice(["basic", "plus", None, ""]), 7, None, float(leaves)


@pytest.fixture(scope="module")
def customers(spark):
    return spark.createDataFrame(list(made_customers()), SCHEMA)


@pytest.fixture(scope="module")
def preparation(customers):
    return prepare(customers, FEATURES)


@pytest.fixture(scope="module")
def rows(customers, preparation):
    prepared = PipelineModel([*preparation.stages(VECTORS)]).transform(customers)
    prepared = prepared.select("customer_id", "label", "recency", *VECTORS).persist()
    prepared.count()
    return prepared


@pytest.fixture(scope="module")
def models(rows):
    """Each family's model of the made customers, fitted once."""
    return {family.name: learnt(family, rows) for family in FAMILIES}


def learnt(family, rows, seed=1):
    quick = {name: value for name, value in QUICK.items() if name in family.defaults}
    return family.fit(rows.select("label", *family.inputs), family.defaults | quick, seed)


def scores(family, model, rows):
    return {row["customer_id"]: row["raw_score"] for row in family.raw_score(model, rows).collect()}


@every_family
def test_the_raw_score_lies_between_0_and_1_and_rises_with_risk(family, models, rows):
    scored = family.raw_score(models[family.name], rows).collect()
    assert family.raw_score(models[family.name], rows).columns == [*rows.columns, "raw_score"]
    assert all(0 <= row["raw_score"] <= 1 for row in scored)
    left, stayed = ([row["raw_score"] for row in scored if row["label"] == label] for label in (1, 0))
    above = np.mean([(one > other) + 0.5 * (one == other) for one in left for other in stayed])
    assert above > 0.85
    far, near = (
        np.mean([row["raw_score"] for row in scored if lowest <= row["recency"] < lowest + 10]) for lowest in (50, 0)
    )
    assert far > near + 0.1


@every_family
def test_a_saved_model_scores_as_before(family, models, rows, preparation, customers, tmp_path):
    model = models[family.name]
    whole = PipelineModel([*preparation.stages(family.inputs), model])
    whole.save(f"file://{tmp_path / 'model'}")
    *stages, loaded = PipelineModel.load(f"file://{tmp_path / 'model'}").stages
    assert scores(family, loaded, PipelineModel(stages).transform(customers)) == scores(family, model, rows)


@every_family
def test_the_same_rows_and_seed_give_the_same_model(family, models, rows):
    assert scores(family, learnt(family, rows), rows) == scores(family, models[family.name], rows)


@every_family
def test_importances_have_an_entry_for_every_input_and_find_what_counts(family, models, rows, preparation):
    importances = family.importances(models[family.name], rows)
    assert [slot.feature for slot in preparation.slots] == [
        "recency", "spent", "rare", "spent", "rare", "plan", "plan"
    ]  # fmt: skip
    assert importances.shape == (len(preparation.slots),)
    assert (importances >= 0).all()
    assert np.isfinite(importances).all()
    assert importances.argmax() == 0


@every_family
def test_an_input_that_never_varies_where_a_model_learns_weighs_nothing(family, rows, preparation):
    part = rows.where("customer_id <> '000'")  # the only one with `rare`
    model = learnt(family, part)
    importances = family.importances(model, part)
    silent = [n for n, slot in enumerate(preparation.slots) if slot.feature == "rare"]
    assert importances[silent] == pytest.approx(0, abs=1e-9)
    ((first,),) = family.raw_score(model, rows.where("customer_id = '000'")).select("raw_score").collect()
    assert 0 <= first <= 1


@every_family
def test_customers_unlike_any_it_learnt_from_have_a_score(family, models, preparation, spark):
    strange = [
        ("huge", DAY, 2**31 - 1, 1e300, -1e300, "gold", 0, 1.0, 0.0),
        ("none", DAY, None, None, None, None, None, None, 0.0),
        ("infinite", DAY, -(2**31), math.inf, -math.inf, "", 7, math.nan, 0.0),
    ]
    prepared = PipelineModel([*preparation.stages(family.inputs)]).transform(spark.createDataFrame(strange, SCHEMA))
    given = scores(family, models[family.name], prepared)
    assert len(given) == 3
    assert all(0 <= score <= 1 for score in given.values())


def test_families_have_names_complexities_and_defaults_within_their_bounds():
    assert len({family.name for family in FAMILIES}) == len({family.complexity for family in FAMILIES}) == len(FAMILIES)
    for family in FAMILIES:
        assert set(family.inputs) <= set(VECTORS)
        for parameter in family.parameters:
            assert parameter.least <= parameter.default <= (parameter.most or math.inf)


def test_a_model_of_a_family_that_is_not_here_is_refused_before_its_pipeline_is_loaded(tmp_path, monkeypatch):
    (tmp_path / FILE).write_text('{"family": "random_forrest"}')
    with pytest.raises(ModelError, match=r"no model family .random_forrest.\. Did you mean random_forest\?"):
        require_family(tmp_path)
    (tmp_path / FILE).write_text('{"family": "xgboost"}')
    require_family(tmp_path)
    monkeypatch.setattr(family_module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'churn-spark\[xgboost\]'"):
        require_family(tmp_path)


@every_family
def test_rows_of_more_weight_teach_more(family, rows):
    """Two thirds are mistaken about who leaves, but count for a ninth each."""
    right = F.pmod(F.col("customer_id").cast("int"), F.lit(3)) == 0
    taught = F.when(right, F.col("label")).otherwise(1 - F.col("label"))
    mixed = rows.select(*VECTORS, taught.alias("label"), F.when(right, 9.0).otherwise(1.0).alias(WEIGHT))
    model = family.fit(mixed, family.defaults | QUICK, 1)
    found = family.raw_score(model, rows).groupBy("label").agg(F.avg("raw_score")).collect()
    mean = dict(map(tuple, found))
    assert mean[1.0] > mean[0.0] + 0.05
