"""What there is to train on: matured snapshots, features defined alike in all of them, the newest population."""

import logging
from collections.abc import Collection, Mapping
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.periods import grid, hull, known_from_needed, listed
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.lineage import maturity, unavailable
from churn_spark.lineage.due import reason_due
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_hashes import POPULATION, snapshot_rows
from churn_spark.models.tally import WORTH, worth
from churn_spark.stages.build_features import BUILD_FEATURES
from churn_spark.stages.build_labels import BUILD_LABELS
from churn_spark.stages.training.untreated import untreated
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import KEY, LABELS, features
from churn_spark.tables.contracts.tiles import tiles

log = logging.getLogger("churn_spark.train")

_UNCLEANED = "rows within their windows were known before there were cleaning limits (profile)"


def on_grid(project: Project, ledger: Ledger, as_of: date) -> tuple[date, ...]:
    """The snapshots of the project's grid whose labels can be known at an as-of date, as far back as they are kept."""
    oldest = as_of - timedelta(days=project.retention.features_days)
    days = grid(project.snapshots.first, project.snapshots.every, project.periods.newest_matured(as_of))
    # The ledger knows those past their retention too: they have no rows any more, and definitions of long ago.
    return tuple(maturity.matured(project, ledger, (day for day in days if day >= oldest), as_of))


def for_training(project: Project, catalog: Catalog, as_of: date) -> tuple[date, ...]:
    """Those snapshots `on_grid` that are no outages and reach no uncleaned rows; the others are named in the log."""
    days = on_grid(project, catalog.ledger, as_of)
    gone = {day for day in days if maturity.outage(project, catalog.ledger, day)}
    raw = uncleaned(project, catalog, days)
    for why_not, left_out in (("deliveries that their labels look at are missing", gone), (_UNCLEANED, raw)):
        if left_out:
            log.warning("snapshots not used for training, as %s: %s", why_not, listed(left_out))
    return tuple(day for day in days if day not in gone | raw)


def uncleaned(project: Project, catalog: Catalog, days: Collection[date]) -> set[date]:
    """The snapshots within whose windows rows lie that were known before any cleaning limits were in force."""
    reaching: set[date] = set()
    for source in project.event_sources:
        reach = _reach(project, source)
        if not (source.learns and reach and days):
            continue
        span = hull(known_from_needed(day, reach) for day in days)
        rows = catalog.read(tiles(source), span).where("uncleaned > 0").select("known_from").distinct().collect()
        dates = [row["known_from"] for row in rows]
        reaching |= {day for day in days if any(known in known_from_needed(day, reach) for known in dates)}
    return reaching


def _reach(project: Project, source: Source) -> int:
    """The longest window over a column of a source that is cleaned with learnt values, days; 0: none."""
    learning = {column.name for column in source.columns if column.cleaning.learns}
    windows = [
        feature.window or 0
        for feature in project.features.of_source(source.name)
        if learning & {feature.column, feature.measure} and feature.name not in project.training.exclude
    ]
    rule = project.label
    if rule.rule == "decline" and source.name in rule.sources and rule.measure in learning:
        windows.append(rule.base_days)
    return max(windows, default=0)


def ready(project: Project, catalog: Catalog, days: Collection[date]) -> tuple[date, ...]:
    """Those of `days` with features and labels that are not stale, of the population and the label in force."""
    labels, due = catalog.ledger.partitions(LABELS.name), _due(project, catalog, days)
    return tuple(day for day in sorted(days) if day not in due and labels[day].rows)


def _due(project: Project, catalog: Catalog, days: Collection[date]) -> set[date]:
    """The snapshots whose features or labels are missing, stale, or of another population or label."""
    ledger, table = catalog.ledger, features(project.features).name
    population = {POPULATION: snapshot_rows(project)[POPULATION]}
    return {
        *BUILD_LABELS.to_build(project, ledger, LABELS.name, days),
        *(
            day
            for day in days
            if reason_due(ledger, table, day, BUILD_FEATURES.reads(project, ledger, table, day), population)
        ),
    }


def not_ready(project: Project, catalog: Catalog, days: Collection[date], as_of: date) -> dict[str, list[date]]:
    """Snapshots that are not `ready` at an as-of date, by what is wrong and what can be done."""
    ledger, by_reason = catalog.ledger, dict[str, list[date]]()
    due = _due(project, catalog, days)
    for day in sorted(days):
        unavailable_columns = unavailable.label(project, ledger, day)
        labels = ledger.partitions(LABELS.name).get(day)
        if unavailable_columns:
            names = ", ".join(sorted(unavailable_columns))
            why_not = (
                f"{names}, which their label needs, is null in rows taken before it was configured: churn-spark ingest"
                f" {catalog.arguments} --as-of {ledger.completed('ingest') or as_of} --option add-columns takes them"
                " again"
            )
        elif labels is not None and not labels.rows and day not in due:
            why_not = "the population was empty then; snapshots.first may begin later"
        else:
            why_not = (
                "they have no features or labels, or stale ones; to build them: churn-spark backfill"
                f" {catalog.arguments} --as-of {as_of}"
            )
        by_reason.setdefault(why_not, []).append(day)
    return by_reason


def equal_features(project: Project, catalog: Catalog, days: Collection[date]) -> tuple[dict[str, str], dict[str, str]]:
    """Features whose stored definition is the configured one on all `days`, with their hash; and the others, with why.

    A feature that is missing or means something else on some of them would tell a model which date a row is of.
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
    if not used and set(project.training.exclude) >= set(project.features.hashes):
        raise ModelError("training.exclude names every feature: there is nothing to learn from")
    if not used:
        raise ModelError(
            "no feature has the configured definition in all training snapshots; rebuild them:"
            f" churn-spark backfill {catalog.arguments} --as-of {max(days)}"
        )
    return used, left_out


def labelled(project: Project, catalog: Catalog, days: Collection[date], used: Collection[str]) -> DataFrame:
    """Those of `all_labelled` who were not acted upon; with interventions each has a WEIGHT."""
    return untreated(all_labelled(project, catalog, days, used), project, catalog, days)


def all_labelled(project: Project, catalog: Catalog, days: Collection[date], used: Collection[str]) -> DataFrame:
    """Snapshots with a label: customer_id, as_of_date, label and the features used, with economics the value of a
    customer; customers who are excluded are left out.
    """
    labels = catalog.read(LABELS, days).where(F.col("label").isNotNull()).select(*KEY, "label")
    snapshots = catalog.read(features(project.features), days)
    economics = project.training.economics
    valued = [worth(snapshots, economics).alias(WORTH)] if economics else []
    return snapshots.select(*KEY, *used, *valued).join(labels, on=list(KEY), how="inner")


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
