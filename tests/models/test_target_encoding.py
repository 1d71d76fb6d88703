"""Churn rates as inputs: beside loops in plain Python and MLlib's encoder, and what they must not know."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.feature import TargetEncoder
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Candidate, TargetEncoding, Training
from churn_spark.models.families.family import LOGGED, PLAIN, VECTORS
from churn_spark.models.preparation import prepare
from churn_spark.models.slots import Slot, slots_of
from churn_spark.models.split import Split
from churn_spark.models.target_encoding import keeping_out, kept, learning, part_of, rates
from churn_spark.models.training_set import training_set
from churn_spark.models.tuning import tune

DAY, LATER = date(2026, 1, 1), date(2026, 3, 1)
SMOOTHING = 5.0
SETTINGS = Training(candidates=(), folds=2, bootstrap=0, seed=3, target_encoding=TargetEncoding(SMOOTHING))
SPLIT = Split((DAY,), (LATER,), (DAY, LATER))
TOWNS, CUSTOMERS = 150, 1500
FEATURES = ("orders", "town", "plan")


def rate(rows, base_rows) -> float:
    """The smoothed rate of some labels, in plain Python."""
    base = sum(base_rows) / len(base_rows)
    return (sum(rows) + SMOOTHING * base) / (len(rows) + SMOOTHING)


def made() -> pd.DataFrame:
    """Customers of whom neither town nor orders say anything; some have no town, and one town is new in the test."""
    rng = np.random.default_rng(11)
    towns = np.array([f"town {n}" for n in rng.integers(0, TOWNS, CUSTOMERS)], dtype=object)
    towns[rng.random(CUSTOMERS) < 0.02] = None
    towns[-1] = "elsewhere"
    return pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(CUSTOMERS)],
            "as_of_date": np.where(np.arange(CUSTOMERS) < 1200, DAY, LATER),
            "label": (rng.random(CUSTOMERS) < 0.3).astype(int),
            "orders": rng.normal(0, 1, CUSTOMERS),
            "town": towns,
            "plan": rng.choice(["basic", "plus"], CUSTOMERS),
        }
    )


@pytest.fixture(scope="module")
def learnt(spark):
    labelled = spark.createDataFrame(made()).coalesce(1).persist()
    preparation = prepare(labelled.where(F.col("as_of_date") == F.lit(DAY)), FEATURES, SETTINGS)
    rows = training_set(labelled, preparation, SPLIT, SETTINGS).persist()
    placed = labelled.select("customer_id", part_of("customer_id", 3).alias("group")).toPandas()
    return labelled, preparation, rows, made().merge(placed, on="customer_id")


def test_rates_are_those_of_loops_over_rows():
    rng = np.random.default_rng(2)
    rows = [(*(int(n) for n in rng.integers(0, (4, 2, 3))), int(rng.random() < 0.4)) for _ in range(60)]
    counts = np.zeros((4, 2, 3, 2))
    for value, fold, part, label in rows:
        counts[value, fold, part] += (1, label)
    table = rates(counts, SMOOTHING)
    assert table.shape == (3, 4, 5)
    for context, without in enumerate((None, 0, 1)):
        for part in range(4):
            seen = [row for row in rows if row[1] != without and row[2] != part]
            base = [label for *_, label in seen]
            expected = [rate([label for v, _, _, label in seen if v == value], base) for value in range(4)]
            assert table[context, part] == pytest.approx([*expected, sum(base) / len(base)])


def test_the_saved_rate_is_that_of_mllibs_encoder_and_the_base_rate_for_what_is_new(learnt):
    labelled, preparation, _, truth = learnt
    assert preparation.slots[-1] == Slot("town", "rate")
    stages = preparation.stages([PLAIN])
    assert slots_of(stages) == preparation.slots
    index = PipelineModel([*stages[:-1]]).transform(labelled)
    mine = index.where(F.col("as_of_date") == F.lit(DAY))
    encoder = TargetEncoder(inputCols=["town__index"], outputCols=["theirs"], smoothing=SMOOTHING, handleInvalid="keep")
    both = encoder.fit(mine).transform(index).select("customer_id", "theirs", "town__rate").toPandas()
    assert both["town__rate"].tolist() == pytest.approx(both["theirs"].tolist())
    base = truth[truth["as_of_date"] == DAY]["label"].mean()
    assert both.set_index("customer_id")["town__rate"][f"c{CUSTOMERS - 1}"] == pytest.approx(base)


def in_vectors(rows, vector=PLAIN):
    return {row["customer_id"]: row[vector].toArray()[-1] for row in rows.select("customer_id", vector).collect()}


@pytest.mark.parametrize("fold", [None, 0, 1])
def test_no_row_that_teaches_sees_its_own_part_nor_the_fold_kept_out(learnt, fold):
    _, _, rows, truth = learnt
    found = in_vectors(rows if fold is None else keeping_out(rows, fold))
    folds = {row["customer_id"]: row["fold"] for row in rows.select("customer_id", "fold").collect()}
    truth = truth.assign(town=truth["town"].fillna(""), fold=truth["customer_id"].map(folds))
    known = truth[(truth["as_of_date"] == DAY) & (truth["fold"] != fold)]
    for row in truth.sample(60, random_state=1).itertuples():
        teaches = row.as_of_date == DAY and row.fold != fold
        seen = known[known["group"] != row.group] if teaches else known
        expected = rate(seen[seen["town"] == row.town]["label"].tolist(), seen["label"].tolist())
        assert found[row.customer_id] == pytest.approx(expected)


def test_a_model_that_learns_from_later_rows_too_sees_none_of_their_customers_in_the_rates(learnt):
    """Refitted on all that has matured, it learns from purged rows and those of the test."""
    _, _, rows, truth = learnt
    found, scored = in_vectors(learning(rows)), in_vectors(rows)
    truth = truth.assign(town=truth["town"].fillna(""))
    known = truth[truth["as_of_date"] == DAY]
    for row in truth[truth["as_of_date"] == LATER].sample(40, random_state=1).itertuples():
        others = known[known["group"] != row.group]
        for rate_of, seen in ((found, others), (scored, known)):
            expected = rate(seen[seen["town"] == row.town]["label"].tolist(), seen["label"].tolist())
            assert rate_of[row.customer_id] == pytest.approx(expected)


def test_the_other_elements_stay_and_both_vectors_have_the_rate(learnt):
    _, preparation, rows, _ = learnt
    anew = keeping_out(rows, 1).orderBy("customer_id").select(*VECTORS).limit(50).collect()
    before = rows.orderBy("customer_id").select(*VECTORS).limit(50).collect()
    for old, new in zip(before, anew, strict=True):
        for vector in VECTORS:
            assert old[vector].toArray()[:-1].tolist() == new[vector].toArray()[:-1].tolist()
            assert len(new[vector]) == len(preparation.slots)
        assert new[PLAIN].toArray()[-1] == new[LOGGED].toArray()[-1]
    assert [name for name in kept(rows.columns, ["orders"]) if name.startswith("town")] == []
    assert kept(rows.columns, ["town"]) == rows.columns


def auc(scores, labels):
    """The share of pairs of a leaver and a stayer that are in order, ties half."""
    left, stayed = scores[labels == 1], scores[labels == 0]
    return (left[:, None] > stayed).mean() + (left[:, None] == stayed).mean() / 2


def test_a_text_that_says_nothing_is_worth_nothing_where_its_own_labels_would_make_it_look_like_much(learnt):
    """150 towns drawn at random. Encoded with their own labels, the rows would promise a ROC AUC far above 0.5."""
    labelled, preparation, rows, truth = learnt
    training = rows.where(F.col("as_of_date") == F.lit(DAY))
    labels = truth.set_index("customer_id")["label"]

    def measured(values):
        ids = list(values)
        return auc(np.array([values[name] for name in ids]), labels[ids].to_numpy())

    naive = PipelineModel([*preparation.stages([PLAIN])]).transform(labelled)
    assert measured(in_vectors(naive.where(F.col("as_of_date") == F.lit(DAY)))) > 0.62
    assert measured(in_vectors(training)) == pytest.approx(0.5, abs=0.05)
    tuned = tune(training, Candidate("logistic_regression", (("iterations", (10.0,)),)), SETTINGS)
    assert tuned.ranking["roc_auc"].value == pytest.approx(0.5, abs=0.05)
