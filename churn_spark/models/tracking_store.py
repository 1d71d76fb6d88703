"""Reaching MLflow: which store, where its artifacts lie, and making a fresh SQLite store without a race."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from filelock import FileLock

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.project import Tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient

SETTINGS = {
    # Models are code: nothing pickled is ever loaded.
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    # Nothing of what a company does with its customers is sent to anybody.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # A store that is down must be reported in seconds, not after seven retries with growing pauses.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    # How a new store makes its tables is of no interest to a user.
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
LOCK_WAIT = 300.0


def store_uri(tracking: Tracking, root: Path | None) -> str:
    """The store's address: configured, else MLFLOW_TRACKING_URI, else `mlflow.db` beside a local warehouse."""
    configured = tracking.uri or os.environ.get("MLFLOW_TRACKING_URI")
    if configured:
        return configured
    if root is None:
        raise ModelError(
            "the warehouse is not on a local path, so there is no place for a default MLflow store:"
            " set tracking.uri in the configuration, or MLFLOW_TRACKING_URI"
        )
    return f"sqlite:///{root.resolve().parent / 'mlflow.db'}"


def connect(uri: str, experiment: str) -> tuple["MlflowClient", str]:
    """A client of the store and the id of the experiment, both made if needed; ModelError when it cannot be reached."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    database = sqlite_file(uri)
    try:
        if database is None:
            return _connected(uri, experiment, None)
        database.parent.mkdir(parents=True, exist_ok=True)
        # Several first users of a fresh SQLite store would each try to make its tables, and all but one fail.
        with FileLock(f"{database}.lock", timeout=LOCK_WAIT):
            return _connected(uri, experiment, f"file://{database.parent / 'mlartifacts'}")
    except ModelError:
        raise
    except Exception as error:  # MLflow lets through whatever its store raises: SQLAlchemy, requests, sqlite3, its own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"the MLflow store {_shown(uri)} cannot be used: {reason}") from error


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite store; None for any other."""
    return Path(uri.removeprefix("sqlite:///")).resolve() if uri.startswith("sqlite:///") else None


def _connected(uri: str, experiment: str, artifacts: str | None) -> tuple["MlflowClient", str]:
    # MLflow takes seconds to import, and most jobs never need it.
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    existing = client.get_experiment_by_name(experiment)
    if existing is not None and existing.lifecycle_stage == "deleted":
        client.restore_experiment(existing.experiment_id)
    if existing is not None:
        return client, existing.experiment_id
    return client, client.create_experiment(experiment, artifact_location=artifacts)


def _shown(uri: str) -> str:
    """The address without a user's name and password."""
    parsed = urlparse(uri)
    return parsed._replace(netloc=parsed.netloc.rpartition("@")[2]).geturl() if parsed.password else uri
