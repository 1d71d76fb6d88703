"""The labelled snapshots of a project with its own split and folds, for models that are not its own."""

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.project import Project
from churn_spark.lineage.maturity import matured_on
from churn_spark.models.split import Split, by_customer, split
from churn_spark.models.training_set import fold_of, in_test, in_training
from churn_spark.stages.training import snapshots
from churn_spark.tables.catalog import Catalog

KEYS = ("customer_id", "as_of_date", "label")


def training_set(project: Project, catalog: Catalog, as_of: date) -> DataFrame:
    """customer_id, as_of_date, label, part, fold and the features, of all snapshots that training uses at a date."""
    ready = snapshots.ready(project, catalog, snapshots.for_training(project, catalog, as_of))
    parts, settings = _split(project, catalog, ready, as_of), project.training
    used, _ = snapshots.equal_features(project, catalog, parts.refit)
    part = (
        F.when(in_training(parts, settings.seed), "train")
        .when(in_test(parts, settings.seed), "test")
        .otherwise("purged")
    )
    fold = fold_of("customer_id", settings.folds, settings.seed)
    rows = snapshots.labelled(project, catalog, parts.refit, used)
    return rows.select(*KEYS, part.alias("part"), fold.alias("fold"), *(F.col(f"`{name}`") for name in used))


def _split(project: Project, catalog: Catalog, ready: Collection[date], as_of: date) -> Split:
    if not project.temporal:
        return by_customer(ready, as_of, catalog.arguments)
    matured = {day: matured_on(project, catalog.ledger, day) for day in ready}
    return split(matured, project.periods, as_of, project.training.test_snapshots, project.snapshots)
