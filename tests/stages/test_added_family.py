"""A family made up here, a blend of the two there are, goes the whole way: nothing else is touched to add it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from pyspark.ml import PipelineModel
from pyspark.sql import functions as F

from churn_spark.models import families
from churn_spark.models.families import Family, Parameter
from churn_spark.models.families.logistic_regression import LOGISTIC_REGRESSION
from churn_spark.models.families.random_forest import RANDOM_FOREST
from churn_spark.settings.modelling import training_section
from churn_spark.settings.resolve.project import training
from churn_spark.stages.report import report
from churn_spark.stages.score import score
from churn_spark.stages.train import train
from churn_spark.stages.training.champions import decisions
from churn_spark.stages.training.registry import registry_of
from churn_spark.tables.contracts.models import MODEL_CURVES, MODEL_METRICS
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from tests.stages.made_warehouse import CUSTOMERS, catalog_of, do, every_four_weeks, project_at, write_snapshots

MEMBERS = (LOGISTIC_REGRESSION, RANDOM_FOREST)
DAYS = every_four_weeks(5)


def _fit(rows, parameters, seed):
    given = {**RANDOM_FOREST.defaults, **LOGISTIC_REGRESSION.defaults, **parameters}
    return PipelineModel([member.fit(rows.select("label", *member.inputs), given, seed) for member in MEMBERS])


def _raw_score(model, rows):
    scored, scores = rows, []
    for n, (member, its_model) in enumerate(zip(MEMBERS, model.stages, strict=True)):
        scored = member.raw_score(its_model, scored).withColumnRenamed("raw_score", f"raw_score_{n}")
        scores.append(F.col(f"raw_score_{n}"))
    return scored.select(*rows.columns, (sum(scores) / len(scores)).alias("raw_score"))


def _importances(model, rows):
    each = [member.importances(its, rows) for member, its in zip(MEMBERS, model.stages, strict=True)]
    return np.mean([weights / weights.sum() for weights in each], axis=0)


BLEND = Family(
    name="mean_of_both",
    parameters=(
        Parameter("trees", 4, "Numbers of trees.", least=1),
        Parameter("l2", 0.01, "Penalties on the standardised coefficients.", least=0),
    ),
    inputs=tuple(dict.fromkeys(vector for member in MEMBERS for vector in member.inputs)),
    complexity=40,
    fit=_fit,
    raw_score=_raw_score,
    importances=_importances,
)


@pytest.fixture(scope="module")
def _added():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(families, "FAMILIES", (*families.FAMILIES, BLEND))
        yield


def configured(**grid):
    return training_section((*families.FAMILIES, BLEND)).model_validate(
        {
            "mean_of_both": grid,
            "folds": 2,
            "test_snapshots": 1,
            "bootstrap": 40,
            "max_score_drift": 1.0,
            "accept_weak": True,
        }
    )


@pytest.fixture(scope="module")
def trained(spark, tmp_path_factory, _added):
    root = tmp_path_factory.mktemp("blended")
    project = replace(
        project_at(root),
        training=training(configured(trees=[2, 4])),
        report_path=str(root / "report.html"),
    )
    catalog = catalog_of(spark, project)
    write_snapshots(project, catalog, DAYS, DAYS[:4])
    for stage in (train, score, report):
        do(stage, project, catalog, DAYS[4])
    return project, catalog, root


def test_its_parameters_are_keys_of_the_configuration():
    assert configured().grids["mean_of_both"].model_dump() == {"trees": [4], "l2": [0.01]}
    for wrong in ({"l2": -1.0}, {"trees": 2.5}, {"depth": 3}):
        with pytest.raises(ValidationError):
            configured(**wrong)


def test_it_is_tuned_tested_and_put_in_force(trained):
    project, catalog, root = trained
    (decision,) = decisions(project, catalog)
    assert (decision.family, decision.version) == ("mean_of_both", 1)
    (card,) = (root / "warehouse" / "_models" / "made_churn").glob("1-*/card.md")
    tried = [line for line in card.read_text().splitlines() if line.startswith("- l2=")]
    assert [line.partition(":")[0] for line in tried] == ["- l2=0.01, trees=2", "- l2=0.01, trees=4"]
    metrics = catalog.read(MODEL_METRICS, [DAYS[4]]).where("model = 'mean_of_both' AND metric = 'roc_auc'")
    assert {row["scope"] for row in metrics.collect()} == {"fold", "backtest", "test", "naive"}
    weights = catalog.read(MODEL_CURVES, [DAYS[4]]).where("model = 'mean_of_both' AND curve = 'importance'")
    assert weights.agg(F.sum("y")).first()[0] == pytest.approx(1)


def test_its_saved_model_names_its_inputs_and_scores_as_the_mean_of_its_members(trained):
    project, catalog, root = trained
    (decision,) = decisions(project, catalog)
    model = registry_of(project, catalog).load(decision.version, decision.manifest)
    (described,) = (root / "warehouse" / "_models" / "made_churn").glob("1-*/model.json")
    inputs = json.loads(described.read_text())["inputs"]
    assert inputs[0] == {"feature": "purchases_recency", "holds": "number", "value": None}
    assert [slot["feature"] for slot in inputs] == [slot.feature for slot in model.slots]
    *preparation, blend = model.pipeline.stages
    rows = PipelineModel(preparation).transform(catalog.read(features(project.features), [DAYS[4]]))
    alone = [
        {row["customer_id"]: row["raw_score"] for row in member.raw_score(its, rows).collect()}
        for member, its in zip(MEMBERS, blend.stages, strict=True)
    ]
    scores = catalog.read(RISK_SCORES, [DAYS[4]]).collect()
    assert len(scores) == CUSTOMERS
    for row in scores:
        assert row["raw_score"] == pytest.approx(np.mean([one[row["customer_id"]] for one in alone]))


def test_it_is_in_the_report(trained):
    assert "mean of both" in (trained[2] / "report.html").read_text()
