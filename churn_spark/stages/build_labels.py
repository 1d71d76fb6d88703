"""Labels: every snapshot that has matured by the as-of date gets its label, once, from what was known then."""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days, listed
from churn_spark.definitions.project import Project, Run
from churn_spark.features.customers import attributes
from churn_spark.labels import rules
from churn_spark.labels.definitions import label_definitions, last_seen_days
from churn_spark.stages import lacking, outages, reads
from churn_spark.stages.inputs import refuse_tiles_due
from churn_spark.stages.plan import why
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import customers, events
from churn_spark.tables.contracts.snapshots import KEY, LABELS, features
from churn_spark.tables.contracts.tiles import tiles
from churn_spark.tables.ledger import Ledger

DAY = ("customer_id", "event_date", "known_from")

log = logging.getLogger("churn_spark.build_labels")


def build_labels(run: Run, project: Project, catalog: Catalog) -> None:
    """Label the snapshots that have matured by the run's as-of date and are missing or stale."""
    days = days_to_label(project, catalog.ledger, run.as_of)
    if not days:
        log.info("no snapshot has matured that is not labelled yet%s", _next(project, catalog.ledger, run.as_of))
        return
    seen = seen_span(project, days)
    refuse_tiles_due(run, project, catalog, dict.fromkeys(reads.labels(project, LABELS.name, days[0]), seen))
    snapshots = catalog.read(features(project.features), days).select(*KEY)
    labels = _labels(snapshots, days, project, catalog)
    catalog.begin(run, {LABELS: days}, definitions=label_definitions(project))
    catalog.replace(LABELS, labels, run, days)
    log.info("labelled the snapshots of %s", listed(days))
    for line in outages.told(project, catalog, days):
        log.warning(line)


def days_to_label(project: Project, ledger: Ledger, as_of: date) -> list[date]:
    """The as-of dates with features, matured by `as_of` and within retention, whose labels are missing or stale.

    Those whose labels cannot be known, as events lack a column, are left out.
    """
    oldest = as_of - timedelta(days=project.retention.features_days)
    definitions = label_definitions(project)[LABELS.name]
    return [
        day
        for day in sorted(ledger.partitions("features"))
        if day >= oldest
        and project.periods.matured_on(day) <= as_of
        and not lacking.label(project, ledger, day)
        and why(ledger, LABELS.name, day, reads.labels(project, LABELS.name, day), definitions)
    ]


def _next(project: Project, ledger: Ledger, as_of: date) -> str:
    waiting = [day for day in ledger.partitions("features") if project.periods.matured_on(day) > as_of]
    return f"; the next, of {min(waiting)}, matures on {project.periods.matured_on(min(waiting))}" if waiting else ""


def seen_span(project: Project, days: Sequence[date]) -> Days:
    """The knowledge dates the labels of some snapshots look at, all together."""
    spans = [reads.label_span(project, day) for day in days]
    return Days(min(span.first for span in spans), max(span.end for span in spans))


def _labels(snapshots: DataFrame, days: Sequence[date], project: Project, catalog: Catalog) -> DataFrame:
    found = _by_rule(snapshots, project, catalog, seen_span(project, days))
    if project.population.by != "contract":
        return found
    periods = project.periods
    versions = catalog.read(customers(project), reads.until(max(periods.matured_on(day) for day in days)))
    lost = _without_contract(versions, days, periods.maturity_days, project)
    opens = [periods.performance_window(day).first for day in days]
    at_opening = _without_contract(versions, opens, periods.performance + periods.lateness, project)
    in_gap = at_opening.withColumn("as_of_date", F.date_sub("as_of_date", periods.gap))
    return rules.without_ended_contracts(found, lost, in_gap)


def _by_rule(snapshots: DataFrame, project: Project, catalog: Catalog, span: Days) -> DataFrame:
    rule, periods = project.label, project.periods
    if rule.rule == "event":
        happened = catalog.read(events(project.source(rule.sources[0])), span)
        if rule.filter:
            happened = happened.where(F.expr(rule.filter))
        return rules.event(snapshots, happened.select(*DAY), periods)
    if rule.rule == "decline":
        return rules.decline(snapshots, _sums(project, catalog, span, rule.measure or ""), periods, rule)
    found = [catalog.read(tiles(project.source(name)), span).select(*DAY) for name in rule.sources]
    return rules.inactivity(snapshots, reduce(DataFrame.unionByName, found), periods, last_seen_days(project))


def _without_contract(versions: DataFrame, days: Sequence[date], hindsight: int, project: Project) -> DataFrame:
    """Customers who were not in the population by the attributes of a day, as known `hindsight` days later."""
    known = attributes(versions, project.customer_sources, days, hindsight)
    return known.where(~F.coalesce(F.expr(project.population.expression or "false"), F.lit(False))).select(*KEY)


def _sums(project: Project, catalog: Catalog, span: Days, measure: str) -> DataFrame:
    """The measure's sums of all sources of the label, at the finest of their scales."""
    sources = [project.source(name) for name in project.label.sources]
    finest = max(source.measure(measure).scale for source in sources)
    found = [
        catalog.read(tiles(source), span).select(
            *DAY, (F.col(f"{measure}_sum") * F.lit(10 ** (finest - source.measure(measure).scale))).alias("amount")
        )
        for source in sources
    ]
    return reduce(DataFrame.unionByName, found)
