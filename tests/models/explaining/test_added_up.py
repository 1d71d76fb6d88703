"""Every family that explains its scores, on made data with missing values and categories: contributions add up."""

from datetime import date

import numpy as np
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.classification import GBTClassifier
from pyspark.ml.functions import vector_to_array
from pyspark.sql import functions as F

from churn_spark.models.explaining.mllib_trees import boosted
from churn_spark.models.families import FAMILIES
from churn_spark.models.families.family import PLAIN, VECTORS, probability_of_churn
from churn_spark.models.preparation import prepare
from tests.models.explaining.oracle import tree_values

FEATURES = ("a", "b", "c", "plan", "never")
EXPLAINED = [family for family in FAMILIES if family.explainer]
SMALL = {"trees": 7, "depth": 4, "leaf_rows": 3, "iterations": 10, "hidden": 3}


def made(rows=400):
    rng = np.random.default_rng(2)
    a, b = rng.gamma(1.0, 30.0, rows), rng.normal(size=rows)
    plan = rng.choice(["basic", "plus", "gold", ""], rows)
    label = (rng.random(rows) < 1 / (1 + np.exp(1 - a / 40 + b - (plan == "gold")))).astype(float)
    missing, infinite = rng.random(rows) < 0.2, rng.random(rows) < 0.05
    for n in range(rows):
        known = None if missing[n] else float("inf") if infinite[n] else float(a[n])
        own = (known, float(b[n]), int(b[n] > 0), str(plan[n]) or None, None, float(label[n]))
        yield (f"c{n}", date(2026, 1, 31), *own)


@pytest.fixture(scope="module")
def prepared(spark):
    schema = "customer_id string, as_of_date date, a double, b double, c int, plan string, never double, label double"
    rows = spark.createDataFrame(list(made()), schema).coalesce(1)
    learnt = prepare(rows, FEATURES)
    return PipelineModel([*learnt.stages(VECTORS)]).transform(rows).select("customer_id", "label", *VECTORS).persist()


def explained(explainer, scored, inputs):
    """What each element adds, the sums in the unit of the score, and the scores."""
    columns = [vector_to_array(F.col(vector)).alias(vector) for vector in inputs]
    rows = scored.select(*columns, "raw_score").toPandas()
    vectors = {vector: np.stack(rows[vector]) for vector in inputs}
    found = explainer(vectors)
    contributions = found.contributions(vectors)
    sums = found.base_value + contributions.sum(axis=1)
    scores = rows["raw_score"].to_numpy()
    return (
        found,
        vectors,
        contributions,
        np.abs((sums if found.unit == "probability" else 1 / (1 + np.exp(-sums))) - scores),
    )


@pytest.mark.parametrize("family", EXPLAINED, ids=lambda family: family.name)
def test_contributions_and_base_value_make_the_raw_score(prepared, family):
    parameters = {**family.defaults, **{name: SMALL[name] for name in SMALL if name in family.defaults}}
    model = family.fit(prepared.select("label", *family.inputs), parameters, 1)
    scored = family.raw_score(model, prepared)
    _, _, contributions, error = explained(lambda sample: family.explainer(model, sample), scored, family.inputs)
    assert error.max() < family.precision / 100
    assert (np.abs(contributions).max(axis=0) > 0).sum() >= 2


def test_a_forest_is_explained_by_the_definition_of_shapley(prepared):
    family = next(family for family in FAMILIES if family.name == "random_forest")
    model = family.fit(prepared, {**family.defaults, "trees": 2, "depth": 4, "leaf_rows": 3}, 1)
    found, vectors, contributions, _ = explained(
        lambda sample: family.explainer(model, sample), family.raw_score(model, prepared), family.inputs
    )
    trees = found.contributions.args[1]
    for n in range(4):
        assert contributions[n].tolist() == pytest.approx(tree_values(trees, vectors[PLAIN][n]), abs=1e-12)


def test_boosted_trees_are_explained_in_log_odds(prepared):
    model = GBTClassifier(featuresCol=PLAIN, maxIter=4, maxDepth=3, stepSize=0.3, seed=1).fit(prepared)
    found, _, _, error = explained(
        lambda sample: boosted(PLAIN, model.trees, model.treeWeights), probability_of_churn(model, prepared), [PLAIN]
    )
    assert (found.unit, found.exact) == ("log_odds", True)
    assert error.max() < 1e-12
