"""The model registry: logs candidates, registers winners, and loads a version from a verified local copy.

A registered model's files lie in its MLflow run and, once used, in `_models/<name>/<version>` of the warehouse, so that
scoring goes on when the store cannot be reached. Nothing is loaded that differs from its manifest.
"""

import shutil
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.ml import PipelineModel

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.project import Tracking
from churn_spark.models import tracking_store
from churn_spark.models.cache import cache_folder
from churn_spark.models.manifest import check_manifest, write_manifest
from churn_spark.models.risk_model import (
    Described,
    RiskModel,
    read_description,
    read_model,
    read_threshold,
    require_family,
    write_description,
)
from churn_spark.models.shared_folder import fetched, passing, visible

if TYPE_CHECKING:
    from mlflow import MlflowClient

FOLDER = "model"
PIPELINE = "sparkml"
CARD = "card.md"
MANIFEST_TAG = "manifest_sha256"


class Registry:
    """The versions of one registered model.

    root: the warehouse's local folder; None when it has none (then copies are kept where `cache_folder` says).
    shared: a folder that the executors see too, where they do not see the driver's disk.
    """

    def __init__(self, name: str, tracking: Tracking, root: Path | None, shared: str | None = None) -> None:
        self.name = name
        self._tracking = tracking
        self._root = root
        self._shared = shared

    @cached_property
    def _copies(self) -> Path:
        return (self._root if self._root is not None else cache_folder()) / "_models" / self.name

    @cached_property
    def uri(self) -> str:
        return tracking_store.store_uri(self._tracking, self._root)

    def open(self) -> None:
        """Reach the store, making it if it is new; ModelError when that fails."""
        _ = self._connection

    def log(
        self,
        run_name: str,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        texts: Mapping[str, str],
    ) -> str:
        """Log a candidate as an MLflow run with its texts (file name to content) as artifacts; return the run's id."""
        from mlflow.entities import Metric, Param, RunTag

        client, experiment = self._connection
        run = client.create_run(experiment, run_name=run_name)
        run_id, at = run.info.run_id, run.info.start_time
        client.log_batch(
            run_id,
            metrics=[Metric(name, value, at, 0) for name, value in metrics.items()],
            params=[Param(name, str(value)) for name, value in parameters.items()],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        for file_name, text in texts.items():
            client.log_text(run_id, text, file_name)
        client.set_terminated(run_id)
        return str(run_id)

    def register(self, run_id: str, model: RiskModel, card: str, tags: Mapping[str, str]) -> tuple[int, str]:
        """Save a model into its run, register it, keep a copy; return its version and the SHA-256 of its manifest."""
        from mlflow.exceptions import MlflowException

        client, _ = self._connection
        with _private_folder(self._copies) as scratch:
            folder = Path(scratch) / FOLDER
            manifest = self._save(model, card, folder, Path(scratch))
            client.log_artifacts(run_id, str(folder), FOLDER)
            try:
                client.get_registered_model(self.name)
            except MlflowException:
                client.create_registered_model(self.name)
            registered = client.create_model_version(
                self.name, f"runs:/{run_id}/{FOLDER}", run_id, tags={**tags, MANIFEST_TAG: manifest}
            )
            version = int(registered.version)
            self._keep(folder, version, manifest)
        return version, manifest

    def load(self, version: int, manifest: str | None = None) -> RiskModel:
        """The model of a version, from the verified copy, else from the store.

        manifest: its SHA-256 as noted when it became champion; None takes the registry's word. ModelError when the
        version does not exist, cannot be reached, or was altered.
        """
        copy = self._verified(version, manifest)
        require_family(copy)
        with visible(copy / PIPELINE, self._shared) as address:
            return read_model(copy, PipelineModel.load(address))

    def threshold(self, version: int, manifest: str | None = None) -> tuple[float, float] | None:
        """The raw score from which on a version calls a customer a leaver, and the risk there; None: it calls nobody.

        From its description alone; errors as of `load`.
        """
        return read_threshold(self._verified(version, manifest))

    def described(self, version: int, manifest: str | None = None) -> Described:
        """What a version says of itself, without its pipeline; found and refused as by `load`."""
        return read_description(self._verified(version, manifest))

    def card(self, version: int, manifest: str) -> str:
        """The card of a version that was loaded before."""
        return (self._copy(version, manifest) / CARD).read_text()

    def manifest(self, version: int) -> str:
        """The SHA-256 of a version's manifest, as registered; ModelError where it is not registered."""
        noted = self._registered(version).tags.get(MANIFEST_TAG)
        if noted is None:
            raise ModelError(f"{self.name} version {version} was not registered by a training run: it has no manifest")
        return str(noted)

    def _verified(self, version: int, manifest: str | None) -> Path:
        """The folder with a version's files, as they were registered."""
        known = manifest or self.manifest(version)
        copy = self._copy(version, known)
        if not copy.is_dir():
            self._fetch(version, known)
        check_manifest(copy, known)
        return copy

    @cached_property
    def _connection(self) -> tuple["MlflowClient", str]:
        return tracking_store.connect(self.uri, self._tracking.experiment)

    def _registered(self, version: int) -> Any:
        from mlflow.exceptions import MlflowException

        client, _ = self._connection
        try:
            return client.get_model_version(self.name, str(version))
        except MlflowException as error:
            known = sorted((int(v.version) for v in client.search_model_versions(f"name='{self.name}'")), reverse=True)
            listed = f"the newest are {', '.join(map(str, known[:5]))}" if known else "none is registered"
            raise ModelError(f"{self.name} has no version {version}: {listed}") from error

    def _fetch(self, version: int, manifest: str) -> None:
        """Bring a version's files from the store, and keep them if they are what was registered."""
        client, _ = self._connection
        with _private_folder(self._copies) as scratch:
            try:
                fetched = client.download_artifacts(self._registered(version).run_id, FOLDER, scratch)
            except ModelError:
                raise
            except Exception as error:  # whatever an artifact store raises
                raise ModelError(f"{self.name} version {version} cannot be fetched from {self.uri}: {error}") from error
            check_manifest(Path(fetched), manifest)
            self._keep(Path(fetched), version, manifest)

    def _save(self, model: RiskModel, card: str, folder: Path, scratch: Path) -> str:
        folder.mkdir()
        with passing(self._shared or (scratch / "dfs").resolve().as_uri()) as written:
            model.pipeline.save(written)
            fetched(written, folder / PIPELINE)
        _describe(model.pipeline, folder)
        write_description(model, folder)
        (folder / CARD).write_text(card)
        return write_manifest(folder)

    def _copy(self, version: int, manifest: str) -> Path:
        """Where a version is kept: other stores number their versions alike, so the manifest is part of the name."""
        return self._copies / f"{version}-{manifest[:12]}"

    def _keep(self, folder: Path, version: int, manifest: str) -> None:
        copy = self._copy(version, manifest)
        if copy.exists():
            shutil.rmtree(copy)
        folder.rename(copy)


def _describe(pipeline: PipelineModel, folder: Path) -> None:
    """Say beside a saved pipeline what MLflow must know to load it.

    MLflow's own way of saving copies through the default file system alone, which the shared folder need not be on.
    """
    import mlflow.models
    import mlflow.pyfunc
    import pyspark

    described = mlflow.models.Model()
    mlflow.pyfunc.add_to_model(described, loader_module="mlflow.spark", data=PIPELINE)
    kind = f"{type(pipeline).__module__}.{type(pipeline).__name__}"
    described.add_flavor("spark", pyspark_version=pyspark.__version__, model_data=PIPELINE, code=None, model_class=kind)
    described.save(str(folder / "MLmodel"))
    (folder / "requirements.txt").write_text(f"pyspark=={pyspark.__version__}\n")


def _private_folder(beside: Path) -> "tempfile.TemporaryDirectory[str]":
    beside.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=beside, prefix=".new-", ignore_cleanup_errors=True)
