"""Groups of features, and what is written of them."""

from types import SimpleNamespace

import numpy as np

from benchmarks import ablation
from churn_spark.definitions.features import AttributeFeature, DerivedFeature, Feature, FeatureSet
from churn_spark.definitions.modelling import Training
from churn_spark.definitions.ops import OPS
from churn_spark.models.measures import Measure

FEATURES = FeatureSet(
    (Feature("recency", "x", "recency"), Feature("spent", "x", "sum"), Feature("late", "x", "overdue_p90")),
    (DerivedFeature("basket", "spent / 2"),),
    (AttributeFeature("plan", "plan", "string"),),
)


def test_every_operation_belongs_to_one_group():
    named = FeatureSet(tuple(Feature(op, "x", op) for op in OPS))
    groups = ablation.groups_of(named, list(OPS))
    assert sorted(name for members in groups.values() for name in members) == sorted(OPS)
    assert groups["own rhythm"] == tuple(op for op in OPS if op.startswith(("interval", "overdue")))


def test_only_features_used_are_grouped():
    assert ablation.groups_of(FEATURES, ["recency", "late", "basket", "plan"]) == {
        ablation.FIRST: ("recency",), "own rhythm": ("late",), "derived": ("basket",), "attributes": ("plan",),
    }  # fmt: skip


def test_each_group_is_left_out_and_added_and_compared_over_the_same_customers(monkeypatch, tmp_path):
    worth = {"recency": 0.2, "spent": 0.1, "late": 0.05}

    def measured(data, features, settings):
        value = 0.1 + sum(worth[name] for name in features)
        noise = np.linspace(-0.01, 0.01, 5) * len(features)
        return dict.fromkeys(ablation.METRICS, Measure(value, None, None, value + noise))

    monkeypatch.setattr(ablation, "_measured", measured)
    groups = {ablation.FIRST: ("recency", "spent"), "own rhythm": ("late",)}
    rows = ablation.ablation(None, groups, Training(()))
    assert [(row["set"], row["features"], row["roc_auc"]) for row in rows] == [
        ("all features", 3, 0.45),
        ("without recency, frequency, money", 1, 0.15),
        ("without own rhythm", 2, 0.4),
        ("recency, frequency, money alone", 2, 0.4),
        ("recency, frequency, money, and own rhythm", 3, 0.45),
    ]
    assert rows[2]["roc_auc difference"] == [-0.05, 0.0079]
    data = SimpleNamespace(counts={"test_rows": 1000, "test_customers_left": 90})
    text = ablation.write(tmp_path, "shop", data, rows).read_text()
    assert "| without own rhythm | 2 | 0.400 | 0.400 | -0.050 (0.008) | -0.050 (0.008) |" in text
    assert "(1,000 rows, 90 customers who left)" in text
