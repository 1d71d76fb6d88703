"""Labels: every snapshot that has matured by the as-of date gets its label, once, from what was known then."""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.labels import rules
from churn_spark.labels.definitions import label_definitions
from churn_spark.stages import reads
from churn_spark.stages.plan import why
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.snapshots import KEY, LABELS, features
from churn_spark.tables.contracts.tiles import tiles
from churn_spark.tables.ledger import Ledger

log = logging.getLogger("churn_spark.build_labels")


def build_labels(run: Run, project: Project, catalog: Catalog) -> None:
    """Label the snapshots that have matured by the run's as-of date and are missing or stale."""
    days = days_to_label(project, catalog.ledger, run.as_of)
    if not days:
        log.info("no snapshot has matured that is not labelled yet")
        return
    snapshots = catalog.read(features(project.features), days).select(*KEY)
    span = seen_span(project, days)
    labels = _labels(snapshots, project, catalog, span)
    catalog.begin(run, {LABELS: days}, definitions=label_definitions(project))
    catalog.replace(LABELS, labels, run, days)
    log.info("labelled the snapshots of %s", listed(days))


def days_to_label(project: Project, ledger: Ledger, as_of: date) -> list[date]:
    """The as-of dates with features, matured by `as_of` and within retention, whose labels are missing or stale."""
    oldest = as_of - timedelta(days=project.retention.features_days)
    definitions = label_definitions(project)[LABELS.name]
    return [
        day
        for day in sorted(ledger.partitions("features"))
        if day >= oldest
        and project.periods.matured_on(day) <= as_of
        and why(ledger, LABELS.name, day, reads.labels(project, LABELS.name, day), definitions)
    ]


def seen_span(project: Project, days: Sequence[date]) -> Days:
    """The knowledge dates the labels of some snapshots look at, all together."""
    spans = [reads.label_span(project, day) for day in days]
    return Days(min(span.first for span in spans), max(span.end for span in spans))


def _labels(snapshots: DataFrame, project: Project, catalog: Catalog, span: Days) -> DataFrame:
    rule, periods = project.label, project.periods
    if rule.rule == "event":
        happened = catalog.read(events(project.source(rule.sources[0])), span)
        if rule.filter:
            happened = happened.where(F.expr(rule.filter))
        return rules.event(snapshots, happened.select("customer_id", "event_date", "known_from"), periods)
    if rule.rule == "decline":
        return rules.decline(snapshots, _tiles(project, catalog, span, f"{rule.measure}_sum"), periods, rule)
    return rules.inactivity(snapshots, _tiles(project, catalog, span), periods)


def _tiles(project: Project, catalog: Catalog, span: Days, amount: str | None = None) -> DataFrame:
    """The days of the label's sources: customer_id, event_date, known_from, and the sum as `amount` where asked."""
    columns = ["customer_id", "event_date", "known_from"]
    wanted = [*columns, F.col(amount).alias("amount")] if amount else columns
    found = [catalog.read(tiles(project.source(name)), span).select(*wanted) for name in project.label.sources]
    return reduce(DataFrame.unionByName, found)
