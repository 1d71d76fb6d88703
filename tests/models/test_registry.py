"""The registry on a store and copies of its own, with a model small enough to look at."""

import json
import shutil
import uuid
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler

from churn_spark.definitions.errors import ConfigError, ModelError
from churn_spark.definitions.project import Tracking
from churn_spark.models.calibration import Calibrator
from churn_spark.models.profit import NOBODY
from churn_spark.models.registry import Registry
from churn_spark.models.risk_model import FILE, RiskModel, read_model, read_threshold, write_description
from churn_spark.models.slots import Slot


@pytest.fixture(scope="module")
def features(spark):
    rows = [(n % 7, float(n % 2 if n % 7 < 3 else n % 3 == 0)) for n in range(60)]
    return spark.createDataFrame(rows, "recency int, label double")


@pytest.fixture(scope="module")
def model(features):
    assembler = VectorAssembler(inputCols=["recency"], outputCol="inputs")
    fitted = LogisticRegression(featuresCol="inputs", maxIter=3).fit(assembler.transform(features))
    calibrator = Calibrator("isotonic", ((0.2, 0.1), (0.6, 0.5)))
    facts = {"as_of": str(date(2026, 1, 1))}
    return RiskModel(
        family="logistic_regression",
        pipeline=PipelineModel([assembler, fitted]),
        calibrator=calibrator,
        features={"recency": "1a"},
        slots=(Slot("recency"),),
        threshold=0.4,
        facts=facts,
    )


@pytest.fixture(scope="module")
def registered(model, tmp_path_factory):
    root = tmp_path_factory.mktemp("registry")
    registry = Registry("made_churn", Tracking(uri=f"sqlite:///{root}/mlflow.db"), root / "warehouse")
    run_id = registry.log("first", {"l2": 0.1}, {"test_roc_auc": 0.7}, {"project": "made"}, {"curves.json": "[]"})
    return root, registry.register(run_id, model, "# A card", {"as_of": "2026-01-01"})


@pytest.fixture
def registry(registered, tmp_path):
    """The registry over a copy of its files, to break; with the SHA-256 of its manifest."""
    root, (version, manifest) = registered
    assert version == 1
    shutil.copytree(root / "warehouse", tmp_path / "warehouse")
    return Registry("made_churn", Tracking(uri=f"sqlite:///{root}/mlflow.db"), tmp_path / "warehouse"), manifest


def unreachable(registry):
    return Registry(registry.name, Tracking(uri="http://127.0.0.1:9"), registry._root)


def test_what_is_loaded_is_what_was_registered(registry, model, features):
    loaded = registry[0].load(1, registry[1])
    assert replace(loaded, pipeline=model.pipeline) == model
    assert loaded.predict(features).collect() == model.predict(features).collect()


def test_the_threshold_is_read_without_the_pipeline(registry, model, tmp_path, monkeypatch):
    monkeypatch.setattr(PipelineModel, "load", None)
    assert registry[0].threshold(1, registry[1]) == registry[0].threshold(1) == (0.4, pytest.approx(0.3))
    write_description(replace(model, threshold=NOBODY), tmp_path)
    assert read_threshold(tmp_path) is None


def test_a_model_whose_description_names_other_inputs_is_not_loaded(model, tmp_path):
    write_description(replace(model, slots=(Slot("recency", "missing"),)), tmp_path)
    with pytest.raises(ModelError, match="names its input 0 'recency is null', its pipeline assembles 'recency' there"):
        read_model(tmp_path, model.pipeline)
    write_description(replace(model, slots=(Slot("recency"), Slot("frequency"))), tmp_path)
    with pytest.raises(ModelError, match=r"model.json names 2 inputs, its pipeline assembles 1"):
        read_model(tmp_path, model.pipeline)


def test_a_model_of_a_family_that_is_not_known_here_is_not_loaded(model, tmp_path):
    write_description(replace(model, family="boosted_trees"), tmp_path)
    with pytest.raises(
        ModelError, match=r"there is no model family 'boosted_trees'\. Did you mean gradient_boosted_trees\?"
    ):
        read_model(tmp_path, model.pipeline)


def test_a_model_saved_before_inputs_were_described_has_those_of_its_pipeline(model, tmp_path):
    write_description(model, tmp_path)
    described = json.loads((tmp_path / FILE).read_text())
    del described["inputs"]
    (tmp_path / FILE).write_text(json.dumps(described))
    assert read_model(tmp_path, model.pipeline) == model


def test_artifacts_lie_beside_the_store(registered):
    root, _ = registered
    assert sorted(path.name for path in (root / "mlartifacts").glob("*/artifacts/*")) == ["curves.json", "model"]
    assert {path.name for path in root.iterdir()} >= {"mlflow.db", "mlartifacts", "warehouse"}


def test_scoring_goes_on_when_the_store_cannot_be_reached(registry):
    assert unreachable(registry[0]).load(1, registry[1]).family == "logistic_regression"


def test_a_store_that_cannot_be_reached_is_named(registry):
    with pytest.raises(ModelError, match=r"the MLflow store http://127\.0\.0\.1:9 cannot be used"):
        unreachable(registry[0]).open()


def test_an_altered_copy_is_not_loaded(registry, tmp_path):
    (described,) = (tmp_path / "warehouse" / "_models" / "made_churn").glob("1-*/model.json")
    described.write_text(described.read_text().replace("0.5", "0.9"))
    with pytest.raises(ModelError, match=r"were altered, added or removed: model\.json"):
        registry[0].load(1, registry[1])


def test_a_lost_copy_is_fetched_again_and_kept(registry, tmp_path):
    shutil.rmtree(tmp_path / "warehouse" / "_models")
    registry[0].load(1)
    assert len(list((tmp_path / "warehouse" / "_models" / "made_churn").glob("1-*/manifest.json"))) == 1


def test_an_altered_artifact_in_the_store_is_not_fetched(registered, registry, tmp_path):
    root, _ = registered
    shutil.rmtree(tmp_path / "warehouse" / "_models")
    shutil.copytree(root / "mlartifacts", tmp_path / "kept")
    (described,) = (root / "mlartifacts").glob("*/artifacts/model/model.json")
    described.write_text(described.read_text().replace("0.5", "0.9"))
    with pytest.raises(ModelError, match=r"were altered, added or removed: model\.json"):
        registry[0].load(1)
    shutil.rmtree(root / "mlartifacts")
    shutil.copytree(tmp_path / "kept", root / "mlartifacts")


def test_a_version_that_does_not_exist_is_refused_with_those_that_do(registry):
    with pytest.raises(ModelError, match="made_churn has no version 9: the newest are 1"):
        registry[0].load(9)


def test_features_of_another_definition_are_named(model):
    model.refuse_other_definitions({"recency": "1a", "other": "2b"}, "features")
    with pytest.raises(ModelError, match="features do not fit the model: of another definition: recency"):
        model.refuse_other_definitions({"recency": "9z"}, "features")
    with pytest.raises(ModelError, match="features do not fit the model: without recency"):
        model.refuse_other_definitions({}, "features")


def test_a_warehouse_without_a_local_path_needs_a_store(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ModelError, match=r"set tracking\.uri"):
        Registry("made_churn", Tracking(), None).open()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://from.the.environment")
    assert Registry("made_churn", Tracking(), None).uri == "http://from.the.environment"


def test_models_pass_through_the_folder_that_executors_see(registered, registry, model, tmp_path):
    root, _ = registered
    shared = tmp_path / "shared"
    through = Registry(
        registry[0].name, Tracking(uri=f"sqlite:///{root}/mlflow.db"), tmp_path / "other", shared.as_uri()
    )
    assert through.load(1, registry[1]).features == model.features
    assert shared.is_dir()
    assert list(shared.iterdir()) == []


def test_a_sqlite_store_goes_with_a_warehouse_that_is_elsewhere(model, tmp_path, monkeypatch):
    monkeypatch.setenv("CHURN_SPARK_CACHE", str(tmp_path / "cache"))
    shared = (tmp_path / "shared").as_uri()
    registry = Registry("made_churn", Tracking(uri=f"sqlite:///{tmp_path}/store/mlflow.db"), None, shared)
    version, manifest = registry.register(registry.log("first", {}, {}, {}, {}), model, "# A card", {})
    assert [path.name for path in (tmp_path / "cache" / "_models" / "made_churn").iterdir()] == [f"1-{manifest[:12]}"]
    shutil.rmtree(tmp_path / "cache")
    assert registry.load(version, manifest).features == model.features
    lost = Registry("made_churn", Tracking(uri="http://127.0.0.1:9"), None, shared)
    assert lost.load(version, manifest).features == model.features


def test_where_copies_go_is_not_asked_before_there_is_one(monkeypatch):
    monkeypatch.setenv("CHURN_SPARK_CACHE", "/proc/none")
    registry = Registry("made_churn", Tracking(uri="http://127.0.0.1:9"), None)
    with pytest.raises(ConfigError, match="CHURN_SPARK_CACHE"):
        registry.load(1, "0" * 64)


def test_models_pass_through_a_folder_on_a_file_system_that_is_not_the_default(spark, model, features, tmp_path):
    (tmp_path / "shared").mkdir()
    name = uuid.uuid4().hex
    link = f"fs.viewfs.mounttable.{name}.link./models"
    spark._jsc.hadoopConfiguration().set(link, (tmp_path / "shared").as_uri())
    address = f"viewfs://{name}/models"
    registry = Registry("made_churn", Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db"), tmp_path / "warehouse", address)
    version, manifest = registry.register(registry.log("first", {}, {}, {}, {}), model, "# A card", {})
    loaded = registry.load(version, manifest)
    assert loaded.predict(features).collect() == model.predict(features).collect()
    assert list((tmp_path / "shared").iterdir()) == []


def test_what_is_registered_is_a_model_that_mlflow_loads_too(registered, features, model):
    import mlflow.spark

    (folder,) = (registered[0] / "mlartifacts").glob("*/artifacts/model")
    loaded = mlflow.spark.load_model(str(folder))
    expected = model.pipeline.transform(features).select("prediction").collect()
    assert loaded.transform(features).select("prediction").collect() == expected


def test_versions_of_two_stores_with_one_number_are_kept_apart(registry, tmp_path):
    other = tmp_path / "warehouse" / "_models" / "made_churn" / "1-000000000000"
    other.mkdir(parents=True)
    assert registry[0].load(1, registry[1]).family == "logistic_regression"
    assert other.is_dir()


def test_a_warehouse_may_be_named_relative_to_the_working_folder(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    registry = Registry("made_churn", Tracking(uri="sqlite:///mlflow.db"), Path("demo/warehouse"))
    version, manifest = registry.register(registry.log("first", {}, {}, {}, {}), model, "# A card", {})
    assert registry.load(version, manifest).features == model.features
