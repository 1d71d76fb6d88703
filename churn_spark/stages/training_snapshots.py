"""What there is to train on: matured snapshots, features that mean the same in all of them, today's population."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.periods import grid
from churn_spark.definitions.project import Project
from churn_spark.labels.definitions import label_definitions
from churn_spark.stages import reads
from churn_spark.stages.meanings import POPULATION, snapshot_definitions
from churn_spark.stages.plan import why
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY, LABELS, features


def on_grid(project: Project, as_of: date) -> tuple[date, ...]:
    """The snapshots of the project's grid whose labels can be known at an as-of date, as far back as they are kept."""
    oldest = as_of - timedelta(days=project.retention.features_days)
    days = grid(project.snapshots.first, project.snapshots.every, project.periods.newest_matured(as_of))
    # The ledger knows those past their retention too: they have no rows any more, and definitions of long ago.
    return tuple(day for day in days if day >= oldest)


def ready(project: Project, catalog: Catalog, days: Collection[date]) -> tuple[date, ...]:
    """Those of `days` with features and labels that are not stale, of the population and the label in force."""
    ledger, table = catalog.ledger, features(project.features).name
    population = {POPULATION: snapshot_definitions(project)[table][POPULATION]}
    label = label_definitions(project)[LABELS.name]
    labels = ledger.partitions(LABELS.name)
    return tuple(
        day
        for day in sorted(days)
        if not why(ledger, table, day, reads.features(project, table, day), population)
        and not why(ledger, LABELS.name, day, reads.labels(project, LABELS.name, day), label)
        and labels[day].rows
    )


def equal_features(project: Project, catalog: Catalog, days: Collection[date]) -> tuple[dict[str, str], dict[str, str]]:
    """Features whose stored definition is the configured one on all `days`, with their hash; and the others, with why.

    A feature that is missing or means something else on some of them would teach a model the date.
    """
    table = features(project.features).name
    stored = {day: state.definitions for day, state in catalog.ledger.partitions(table).items() if day in days}
    used: dict[str, str] = {}
    left_out = dict.fromkeys(project.training.exclude, "excluded by the configuration")
    for name, known in project.features.hashes.items():
        other = sorted(day for day, definitions in stored.items() if definitions.get(name) != known)
        if name in left_out:
            continue
        if other:
            counted = f"{len(other)} of {len(stored)} snapshots, first {other[0]}"
            left_out[name] = f"missing or of another definition in {counted}"
        else:
            used[name] = known
    if not used:
        raise ModelError(
            "no feature has the configured definition in all training snapshots; rebuild them:"
            f" churn-spark backfill {catalog.arguments} --as-of {max(days)}"
        )
    return used, left_out


def labelled(project: Project, catalog: Catalog, days: Collection[date], used: Collection[str]) -> DataFrame:
    """Snapshots with a label: customer_id, as_of_date, label and the features used; excluded customers are left out."""
    labels = catalog.read(LABELS, days).where(F.col("label").isNotNull()).select(*KEY, "label")
    return catalog.read(features(project.features), days).select(*KEY, *used).join(labels, on=list(KEY), how="inner")


def newest_population(
    project: Project, catalog: Catalog, as_of: date, used: Mapping[str, str]
) -> tuple[date, DataFrame]:
    """The newest population with these features known at an as-of date, and its date."""
    table = features(project.features)
    fitting = [
        day
        for day, state in catalog.ledger.partitions(table.name).items()
        if day <= as_of and state.rows and used.items() <= state.definitions.items()
    ]
    newest = max(fitting)
    return newest, catalog.read(table, [newest]).select(*KEY, *used)
