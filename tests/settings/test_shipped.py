"""The configurations that come with the package are right, SQL included."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from churn_spark.definitions.project import Warehouse
from churn_spark.models.families import FAMILIES
from churn_spark.runtime.sql_expressions import expressions
from churn_spark.settings import errors, load
from churn_spark.settings.annotations import keys_of
from churn_spark.settings.root import Settings

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(file.stem for file in CONF.glob("*.yaml"))
SHIPPED = [*((name, None) for name in NAMES), *((name, "prod") for name in NAMES), ("complete_journey", "decline")]
NEEDED = {
    "CHURN_TRACKING_URI": "http://mlflow.example:5000",
    "CHURN_MODELS": "s3a://bucket/models",
    "CHURN_REPORTS": "s3a://bucket/reports",
}
"""What env/prod.yaml takes from the environment."""


@pytest.mark.parametrize(("name", "env"), SHIPPED)
def test_a_shipped_configuration_has_no_mistakes(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, name: str, env: str | None
) -> None:
    for variable, value in NEEDED.items():
        monkeypatch.setenv(variable, value)
    assert errors(CONF / f"{name}.yaml", env, expressions(spark)) == []


def test_production_names_each_variable_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*NEEDED, "CHURN_SCHEMA"):
        monkeypatch.delenv(variable, raising=False)
    missing = {"tracking.uri": "CHURN_TRACKING_URI", "tracking.models": "CHURN_MODELS", "report": "CHURN_REPORTS"}
    assert [line.partition(": ")[2] for line in errors(CONF / "template.yaml", "prod")] == [
        f"{key}: the environment variable {name} is not set; set it, or write ${{{name}:-default}}"
        for key, name in missing.items()
    ]
    text = (CONF / "env" / "prod.yaml").read_text()
    for variable, value in NEEDED.items():
        assert f"#   {variable} " in text
        monkeypatch.setenv(variable, value)
    project = load(CONF / "template.yaml", "prod")
    assert project.warehouse == Warehouse(schema="main.churn")
    assert (project.tracking.uri, project.tracking.models) == ("http://mlflow.example:5000", "s3a://bucket/models")
    assert project.report_path == "s3a://bucket/reports/report.html"


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
        "sources.x.lookups.y",
        "population",
        "label",
        "features",
        "features.x.0",
        "snapshots",
        "training",
        *(f"training.{family.name}" for family in FAMILIES),
        "scoring",
        "economics",
        "alerts",
        "alerts.high_risk",
        "alerts.risk_jump",
        "alerts.silent",
        "alerts.wave",
        "segmentation",
        "interventions",
        "interventions.contacts",
        "interventions.actions.x",
        "dispatch",
        "dispatch.routes.x",
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
