"""The selection on made rows: statistics beside pandas and NumPy, and every step on features made for it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.stat import ChiSquareTest
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Training
from churn_spark.definitions.selection import Selection
from churn_spark.models.bins import bins_of
from churn_spark.models.experiment import training_data, with_selected
from churn_spark.models.families.family import LOGGED, PLAIN, VECTORS
from churn_spark.models.preparation import prepare
from churn_spark.models.selection.association import association
from churn_spark.models.selection.counts import coarser, counted_by_fold
from churn_spark.models.selection.select import select, statistics
from churn_spark.models.split import Split
from churn_spark.models.training_set import training_set

DAY, LATER = date(2026, 1, 1), date(2026, 3, 1)
SETTINGS = Training(candidates=(), folds=2, bootstrap=50, seed=3)
ALL_TRAIN = Split((DAY, LATER), (), (DAY, LATER))
NOISE = [f"noise_{n}" for n in range(6)]
FEATURES = ("orders", "amount", "twin", "gone", "also_gone", "plan", "almost", *NOISE)


def made() -> pd.DataFrame:
    """Customers who leave by orders, amount, plan and whether `gone` is known; `twin` says what `amount` says."""
    rng = np.random.default_rng(5)
    n = 1200
    orders, amount = rng.poisson(6, n), rng.gamma(2, 20, n)
    plan = rng.choice(["basic", "plus", None], n, p=[0.5, 0.4, 0.1])
    unknown = rng.random(n) < 0.3
    odds = -0.6 * (orders - 6) - 0.05 * (amount - 40) + 1.5 * (plan == "basic") + 1.2 * unknown - 2
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "as_of_date": np.where(np.arange(n) < 900, DAY, LATER),
            "label": (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int),
            "orders": orders,
            "amount": amount,
            "twin": 2 * amount + rng.normal(0, 0.1, n),
            "gone": np.where(unknown, np.nan, rng.normal(0, 1, n)),
            "also_gone": np.where(unknown, np.nan, rng.normal(0, 1, n)),
            "plan": plan,
            "almost": (np.arange(n) == 17).astype(float),
            **{name: rng.normal(0, 1, n) for name in NOISE},
        }
    )


@pytest.fixture(scope="module")
def labelled(spark):
    frame = spark.createDataFrame(made().astype({"plan": object})).coalesce(1)
    unknown = [F.when(~F.isnan(name), F.col(name)).alias(name) for name in ("gone", "also_gone")]
    return frame.select(*(name for name in frame.columns if name not in ("gone", "also_gone")), *unknown).persist()


@pytest.fixture(scope="module")
def learnt(labelled):
    preparation = prepare(labelled, FEATURES)
    return preparation, training_set(labelled, preparation, ALL_TRAIN, SETTINGS).persist()


def test_statistics_are_those_of_pandas_and_numpy(learnt):
    preparation, rows = learnt
    found = statistics(rows, preparation, SETTINGS.folds)
    local = rows.select("customer_id", "fold", LOGGED).toPandas()
    truth = local.merge(made(), on="customer_id")
    vectors = np.stack([vector.toArray() for vector in local[LOGGED]])
    slots = preparation.slots
    numbers = [place for place, slot in enumerate(slots) if slot.holds == "number"]
    assert found.correlations == pytest.approx(np.corrcoef(vectors[:, numbers].T))
    for name in ("orders", "plan"):
        of = [place for place, slot in enumerate(slots) if slot.feature == name]
        assert found.variances[name] == pytest.approx(vectors[:, of].var(axis=0, ddof=1).max())
    counts = counted_by_fold(rows, bins_of(preparation), SETTINGS.folds)
    for name in ("orders", "amount", "gone", "also_gone"):
        edges = [-np.inf, *preparation.edges[name], np.inf]
        codes = pd.cut(truth[name], edges, labels=False).fillna(len(edges) - 1)
        expected = truth.groupby(["fold", codes, "label"]).size()
        for (fold, code, label), rows_there in expected.items():
            assert counts[name][fold, int(code), label] == rows_there
        assert counts[name].sum() == found.counts[name].sum() == len(truth)
        assert found.counts[name].shape[1] <= 11 < counts[name].shape[1] or name == "orders"
    plans = truth.groupby(["fold", truth["plan"].map({"basic": 0, "plus": 1}).fillna(2), "label"]).size()
    assert {key: found.counts["plan"][tuple(map(int, key))] for key in plans.index} == plans.to_dict()


def test_bins_with_few_rows_join_their_neighbours_and_null_stays_alone():
    rows = np.array([5, 5, 40, 3, 3, 4, 9, 1, 2])
    counts = np.stack([np.stack([rows, rows * 2], axis=1)] * 2)
    wide = coarser(counts, 0.1)
    assert wide[0, :, 0].tolist() == [10, 40, 10, 9, 1, 2]
    assert (wide[1] == wide[0]).all()
    assert coarser(np.zeros((1, 3, 2), dtype=int), 0.1).tolist() == [[[0, 0], [0, 0]]]


def test_the_association_is_that_of_mllibs_chi_square_test(learnt, labelled):
    preparation, rows = learnt
    found = counted_by_fold(rows, bins_of(preparation), SETTINGS.folds)["orders"].sum(axis=0)
    edges = preparation.edges["orders"]
    code = sum(((F.col("orders") > edge).cast("double") for edge in edges), F.lit(0.0))
    vectors = labelled.select(F.array(code).alias("code"), F.col("label").cast("double").alias("label"))
    asked = vectors.select(F.expr("label"), F.col("code")).withColumn("features", _vector("code"))
    answer = ChiSquareTest.test(asked, "features", "label").collect()[0]
    assert association(found).statistic == pytest.approx(answer["statistics"][0])
    assert association(found).freedom == answer["degreesOfFreedom"][0]
    assert association(found).p_value == pytest.approx(answer["pValues"][0], abs=1e-12)


def _vector(name):
    from pyspark.ml.functions import array_to_vector

    return array_to_vector(F.col(name))


def test_what_says_something_is_kept_and_every_other_feature_has_its_reason(learnt):
    preparation, rows = learnt
    selected = select(rows, preparation, Selection(fewest=2), SETTINGS)
    assert {"orders", "plan"} <= set(selected.features)
    assert {"amount", "twin"} & set(selected.features)
    steps = {name: why.step for name, why in selected.dropped.items()}
    assert steps["almost"] in ("variance", "association")
    assert "correlation" in (steps.get("amount"), steps.get("twin"))
    assert all(steps[name] in ("association", "elimination", "stability") for name in NOISE)
    assert set(selected.features) | set(steps) == set(FEATURES)
    assert not set(selected.features) & set(steps)
    assert selected.curve[0].features == len(FEATURES)
    assert selected.size in [size.features for size in selected.curve]
    assert selected.stability["orders"] == 1
    assert selected.strengths["orders"] > max(selected.strengths[name] for name in NOISE)


def test_a_narrower_preparation_makes_the_vectors_that_are_cut_out_of_the_wider_one(labelled):
    split = Split((DAY,), (LATER,), (DAY, LATER))
    hashes = dict.fromkeys(FEATURES, "1")
    settings = replace(SETTINGS, selection=Selection(fewest=2))
    data = with_selected(training_data(labelled, split, hashes, {}, settings), settings)
    assert set(data.features) | set(data.selected.dropped) == set(data.varying) == set(FEATURES)
    assert data.preparation.features == tuple(data.features)
    assert data.left_out == {name: why.text for name, why in data.selected.dropped.items()}
    read = labelled.select("customer_id", "as_of_date", *data.features)
    anew = PipelineModel([*data.preparation.stages(VECTORS)]).transform(read).orderBy("customer_id")
    cut = data.rows.orderBy("customer_id")
    for vector in (PLAIN, LOGGED):
        made, sliced = ([row[0].toArray().tolist() for row in frame.select(vector).collect()] for frame in (anew, cut))
        assert made == sliced
        assert len(made[0]) == len(data.preparation.slots)


def test_the_mark_of_nulls_goes_on_to_the_next_feature_that_is_null_with_it(learnt, labelled):
    preparation, _ = learnt
    assert preparation.indicators == ("gone",)
    narrower = preparation.only(("also_gone", "plan"), labelled)
    assert [slot.name for slot in narrower.slots] == ["also_gone", "also_gone is null", "plan = basic", "plan = plus"]
    names = [slot.name for slot in preparation.slots]
    assert [names[place] for place in preparation.places(narrower)] == [
        "also_gone", "gone is null", "plan = basic", "plan = plus",
    ]  # fmt: skip
