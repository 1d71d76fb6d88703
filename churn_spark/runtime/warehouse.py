"""The way in to a project's tables, in a session that is there."""

from pathlib import Path

from pyspark.sql import SparkSession

from churn_spark.definitions.project import Project
from churn_spark.runtime.sql_expressions import expressions
from churn_spark.settings import load
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.location import Location


def open_warehouse(spark: SparkSession, conf: str | Path, env: str | None = None) -> tuple[Project, Catalog]:
    """The resolved project of a configuration file, its SQL checked, and its catalog; ConfigError with all mistakes."""
    project = load(conf, env, expressions=expressions(spark))
    arguments = f"--conf {project.origin}" + (f" --env {env}" if env else "")
    return project, Catalog(spark, Location(project.warehouse.path, project.warehouse.schema), arguments)
