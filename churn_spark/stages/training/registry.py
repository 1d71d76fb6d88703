"""The registry of a project's model, as its warehouse and cluster ask for it."""

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.project import Project
from churn_spark.models.registry import Registry
from churn_spark.tables.catalog import Catalog


def registry_of(project: Project, catalog: Catalog) -> Registry:
    """The registry; ConfigError where executors would not see the models."""
    place, shared = catalog.location, project.tracking.models
    if shared is None and place.local_root is None:
        if place.root is not None:
            shared = f"{place.root.rstrip('/')}/_models"
        elif not str(catalog.spark.sparkContext.master).startswith("local"):
            raise ConfigError(
                f"{project.origin}: tracking.models is missing: with warehouse.schema on a cluster it names the folder"
                " that all nodes see"
            )
    return Registry(project.model_name, project.tracking, place.local_root, shared)
