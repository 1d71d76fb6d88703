"""Checks the names of deliveries on a local disk before Spark starts; other file systems are checked by ingest."""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime

from churn_spark.definitions.addresses import local_path
from churn_spark.definitions.errors import ChurnError, DeliveryError
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import delivery_at, left_out
from churn_spark.events.deliveries import File

log = logging.getLogger("churn_spark.ingest")

ELSEWHERE = ("PYSPARK_GATEWAY_PORT", "HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_CONF_DIR", "SPARK_HOME")
"""Where one of these variables is set, a plain path may be on another file system than the local disk."""


def wrong_names(project: Project) -> Iterator[ChurnError]:
    """The first error about names of each source on a local disk."""
    if any(os.environ.get(name) for name in ELSEWHERE):
        return
    for source in project.sources:
        try:
            _check_names(source, project.zone)
        except DeliveryError as error:
            yield error
        except OSError as error:
            log.debug("left to ingest: %s", error)


def _check_names(source: Source, zone: str) -> None:
    path = local_path(source.path)
    if path is None or source.format == "delta":
        return
    if not path.exists():
        raise DeliveryError(f"{source.name}: there is nothing at {path.resolve()} (sources.{source.name}.path)")
    for entry in sorted(path.iterdir()) if path.is_dir() else [path]:
        if entry.exists() and not _left_out(entry.name, source):
            modified = datetime.fromtimestamp(entry.stat().st_mtime, UTC)
            file = File(str(entry), entry.absolute().as_uri(), entry.stat().st_size, modified)
            delivery_at(entry.name, entry.is_dir(), file, source.delivered, zone)


def _left_out(name: str, source: Source) -> bool:
    return name.startswith(("_", ".")) or left_out(name, source.delivered.ignore) is not None


def ledger_may_exist(project: Project) -> bool:
    """Whether there may be a ledger to record an error in."""
    path = local_path(project.warehouse.path) if project.warehouse.path else None
    return path is None or (path / "runs").exists()
