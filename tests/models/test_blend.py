"""A blend computed again from its members' scores by plain arithmetic."""

import math

import pytest
from pyspark.sql import functions as F

from churn_spark.models.families.blend import blend_of
from churn_spark.models.families.family import Family, Parameter


def fixed(name, column, weights):
    """A family that learns nothing and gives what a column of the rows says."""
    from pyspark.ml.feature import SQLTransformer

    return Family(
        name=name,
        parameters=(Parameter(f"{name}_number", 1, "None.", least=0),),
        inputs=(f"{name}_inputs",),
        complexity=1,
        fit=lambda rows, parameters, seed: SQLTransformer(
            statement=f"SELECT *, {parameters[f'{name}_number']} FROM __THIS__"
        ),
        raw_score=lambda model, rows: rows.withColumn("raw_score", F.col(column)),
        importances=lambda model, rows: weights,
    )


@pytest.fixture(scope="module")
def blend():
    import numpy as np

    members = [fixed("one", "first", np.array([3.0, 1.0])), fixed("two", "second", np.array([0.0, 8.0]))]
    return blend_of("both", members, complexity=9)


def test_it_has_the_parameters_and_inputs_of_its_members(blend):
    assert blend.defaults == {"one_number": 1, "two_number": 1}
    assert blend.inputs == ("one_inputs", "two_inputs")


def test_its_score_is_the_mean_of_its_members_log_odds(spark, blend):
    pairs = [(0.5, 0.5), (0.9, 0.2), (0.01, 0.3), (0.0, 0.5), (1.0, 0.0), (1.0, 1.0)]
    rows = spark.createDataFrame(pairs, "first double, second double")
    model = blend.fit(rows, blend.defaults, 1)
    assert [stage.getStatement() for stage in model.stages] == ["SELECT *, 1 FROM __THIS__"] * 2
    for row in blend.raw_score(model, rows).collect():
        first, second = (min(max(row[name], 1e-6), 1 - 1e-6) for name in ("first", "second"))
        odds = math.sqrt(first / (1 - first) * second / (1 - second))
        assert row["raw_score"] == pytest.approx(odds / (1 + odds), abs=1e-12)
    assert blend.raw_score(model, rows).columns == ["first", "second", "raw_score"]


def test_its_importances_are_the_mean_of_its_members_shares(spark, blend):
    rows = spark.createDataFrame([(0.5, 0.5)], "first double, second double")
    assert blend.importances(blend.fit(rows, blend.defaults, 1), rows) == pytest.approx([0.375, 0.625])
