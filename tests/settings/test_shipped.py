"""The configurations that come with the package are right, SQL included."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from churn_spark.settings import errors, load
from churn_spark.settings.annotations import keys_of
from churn_spark.settings.whole import Settings
from churn_spark.sql_expressions import expressions

CONF = Path(__file__).parents[2] / "conf"
SHIPPED = [
    ("complete_journey", None),
    ("complete_journey", "decline"),
    ("complete_journey", "prod"),
    ("online_retail", None),
    ("template", None),
    ("telecom", None),
    ("bank", None),
    ("insurance", None),
    ("health", None),
    ("logistics", None),
]


@pytest.mark.parametrize(("name", "env"), SHIPPED)
def test_a_shipped_configuration_has_no_mistakes(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, name: str, env: str | None
) -> None:
    monkeypatch.setenv("CHURN_TRACKING_URI", "http://mlflow.example:5000")
    assert errors(CONF / f"{name}.yaml", env, expressions(spark)) == []


def test_the_template_shows_every_key() -> None:
    text = (CONF / "template.yaml").read_text(encoding="utf-8")
    groups = [
        "warehouse",
        "privacy",
        "sources.x",
        "sources.x.delivered",
        "sources.x.delivered.expected",
        "sources.x.measures.y",
        "sources.x.measures.y.cleaning",
        "sources.x.categories.y",
        "sources.x.attributes.y",
        "population",
        "label",
        "features",
        "features.x.0",
        "snapshots",
        "training",
        "training.logistic_regression",
        "training.random_forest",
        "scoring",
        "segmentation",
        "tracking",
        "retention",
    ]
    places = [(), *(tuple(int(key) if key.isdigit() else key for key in group.split(".")) for group in groups)]
    missing = [(*place, key) for place in places for key in keys_of(Settings, place) if f"{key}:" not in text]
    assert missing == []


def test_the_demo_has_ten_matured_snapshots_and_the_features_that_earn_their_place() -> None:
    project = load(CONF / "complete_journey.yaml")
    assert 100 <= len(project.features.hashes) <= 170
    assert project.features.longest == 168
    assert {feature.op for feature in project.features.windowed} >= {"overdue_median", "weekly_slope", "ewm", "trend"}
    assert project.features.attributes == ()
