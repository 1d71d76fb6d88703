"""Labels: every snapshot that has matured by the as-of date gets its label, once, from what was known then."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days, days_up_to, hull, listed, single_day
from churn_spark.definitions.project import Project, Run
from churn_spark.features.customers import attributes
from churn_spark.labels import rules
from churn_spark.lineage import maturity, unavailable
from churn_spark.lineage.label_hashes import label_definitions, last_seen_days
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.snapshot_dates import oldest_kept, snapshot_dates
from churn_spark.stages.build_tiles import BUILD_TILES
from churn_spark.stages.conditions import failures_named
from churn_spark.stages.refusals import refuse_due
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import customers, events
from churn_spark.tables.contracts.snapshots import KEY, LABELS, features
from churn_spark.tables.contracts.tiles import tiles

DAY = ("customer_id", "event_date", "known_from")

log = logging.getLogger("churn_spark.build_labels")


def build_labels(run: Run, project: Project, catalog: Catalog) -> None:
    """Label the snapshots that have matured by the run's as-of date and are missing or stale.

    Labels that mature later than when they were made, because periods or deliveries changed, are removed until then.
    """
    ledger = catalog.ledger
    days, premature = days_to_label(project, ledger, run.as_of), maturity.premature(project, ledger)
    if premature:
        log.warning(
            "removing labels that have not matured yet, as periods or deliveries changed: %s", listed(premature)
        )
    if waiting := _waiting(project, ledger, run.as_of):
        log.warning("no labels of %s yet: their windows reach beyond the last delivery", listed(waiting))
    if days:
        _write(run, project, catalog, days, premature)
    elif premature:
        with catalog.transaction(run, {LABELS: premature}) as tx:
            tx.remove(LABELS, premature)
    else:
        log.info("no snapshot has matured that is not labelled yet%s", _next(project, ledger, run.as_of))


def _write(run: Run, project: Project, catalog: Catalog, days: Sequence[date], premature: Sequence[date]) -> None:
    ledger = catalog.ledger
    seen = seen_span(project, ledger, days)
    refuse_due([BUILD_TILES], run, project, catalog, dict.fromkeys(_reads(project, ledger, LABELS.name, days[0]), seen))
    matured = {day: maturity.matured_on(project, ledger, day) for day in days}
    gone = {day: dates for day in days if (dates := maturity.outage(project, ledger, day))}
    labels = rules.without_outages(_labels(matured, project, catalog), gone)
    states = {day: maturity.state(project, ledger, LABELS.name, day) for day in days}
    writes, definitions = {LABELS: [*days, *premature]}, label_definitions(project)
    with catalog.transaction(run, writes, definitions=definitions, states={LABELS.name: states}) as tx:
        with failures_named(project):
            tx.replace(LABELS, labels, days)
        tx.remove(LABELS, premature)
    log.info("labelled the snapshots of %s", listed(days))
    for day in days:
        _log_state(project, ledger, day, gone.get(day))


def _log_state(project: Project, ledger: Ledger, day: date, gone: Mapping[str, Sequence[date]] | None) -> None:
    """Say which deliveries were missing, or came so late that they moved the maturity."""
    if gone:
        what = "; ".join(f"{source} is without {listed(dates)}" for source, dates in gone.items())
        log.warning("%s is an outage and teaches nothing: %s", day, what)
    elif late := maturity.delays(project, ledger, day):
        what = "; ".join(f"{source} of {listed(dates)}" for source, dates in late.items())
        moved = maturity.matured_on(project, ledger, day)
        log.warning(
            "labels of %s matured on %s instead of %s: %s came late", day, moved, project.periods.matured_on(day), what
        )


def days_to_label(project: Project, ledger: Ledger, as_of: date) -> list[date]:
    """The as-of dates with features, matured by `as_of` and within retention, whose labels are missing or stale.

    Those whose labels cannot be known, as events lack a column, are left out.
    """
    oldest = oldest_kept(project, as_of)
    built = (day for day in ledger.partitions("features") if day >= oldest)
    return BUILD_LABELS.to_build(project, ledger, LABELS.name, _labelled(project, ledger, built, as_of))


def _labelled(project: Project, ledger: Ledger, days: Iterable[date], as_of: date) -> list[date]:
    """Those of some snapshots that should have labels at an as-of date."""
    matured = maturity.matured(project, ledger, days, as_of)
    return [day for day in matured if not unavailable.label(project, ledger, day)]


def _waiting(project: Project, ledger: Ledger, as_of: date) -> list[date]:
    """The snapshots whose labels would have matured, had the data not ended before."""
    last, known = maturity.last_labelled(project, ledger), maturity.completed(ledger, as_of)
    return [day for day in ledger.partitions("features") if day > last and project.periods.matured_on(day) <= known]


def _next(project: Project, ledger: Ledger, as_of: date) -> str:
    ingested = maturity.completed(ledger, as_of)
    waiting = [
        (matured, day)
        for day in ledger.partitions("features")
        if (matured := maturity.matured_on(project, ledger, day)) > ingested
    ]
    if not waiting:
        return ""
    matured, day = min(waiting)
    until = "" if matured > as_of or ingested == date.min else f", but ingest has completed {ingested} only"
    return f"; the next, of {day}, matures on {matured}{until}"


def seen_span(project: Project, ledger: Ledger, days: Sequence[date]) -> Days:
    """The knowledge dates the labels of some snapshots look at, all together."""
    return hull(maturity.label_span(project, ledger, day) for day in days)


def _labels(matured: Mapping[date, date], project: Project, catalog: Catalog) -> DataFrame:
    """The labels of some as-of dates, each from what is known by the day given for it."""
    days, on = sorted(matured), catalog.spark.createDataFrame(list(matured.items()), "as_of_date date, matured_on date")
    population = catalog.read(features(project.features), days).select(*KEY)
    snapshots = population.join(F.broadcast(on), on="as_of_date", how="inner")
    labels = _by_rule(snapshots, matured, project, catalog, seen_span(project, catalog.ledger, days))
    if project.population.by != "contract" or not project.temporal:
        return labels
    periods = project.periods
    versions = catalog.read(customers(project), days_up_to(max(matured.values())))
    lost = _without_contract(versions, matured, project)
    opens = {periods.performance_window(day).first: known for day, known in matured.items()}
    at_opening = _without_contract(versions, opens, project)
    in_gap = at_opening.withColumn("as_of_date", F.date_sub("as_of_date", periods.gap))
    return rules.without_ended_contracts(labels, lost, in_gap)


def _by_rule(
    snapshots: DataFrame, matured: Mapping[date, date], project: Project, catalog: Catalog, span: Days
) -> DataFrame:
    rule, periods = project.label, project.periods
    if rule.rule == "column":
        versions = catalog.read(customers(project), days_up_to(max(matured)))
        known = attributes(versions, project.customer_sources, sorted(matured))
        return rules.column(snapshots, known.select(*KEY, F.col(f"`{rule.attribute}`").cast("bigint").alias("left")))
    if rule.rule == "attribute":
        ends = _ends(snapshots, matured, project, catalog)
        return rules.ended(snapshots, ends, periods, project.population.by == "contract")
    if rule.rule == "event":
        happened = catalog.read(events(project.source(rule.sources[0])), span)
        if rule.filter:
            happened = happened.where(F.expr(rule.filter))
        return rules.event(snapshots, happened.select(*DAY), periods, project.population.by == "contract")
    if rule.rule == "decline":
        return rules.decline(snapshots, _sums(project, catalog, span, rule.measure or ""), periods, rule)
    seen = [catalog.read(tiles(project.source(name)), span).select(*DAY) for name in rule.sources]
    return rules.inactivity(snapshots, reduce(DataFrame.unionByName, seen), periods, last_seen_days(project))


def _ends(snapshots: DataFrame, matured: Mapping[date, date], project: Project, catalog: Catalog) -> DataFrame:
    """The dates on which customers left, as known at each as-of date and by the day its labels mature."""
    versions = catalog.read(customers(project), days_up_to(max(matured.values())))
    days = sorted({*matured, *matured.values()})
    date_of = F.col(f"`{project.label.attribute}`")
    dated = attributes(versions, project.customer_sources, days).select(*KEY, date_of.alias("ended_on"))
    later = dated.withColumnRenamed("as_of_date", "matured_on")
    then = dated.withColumnRenamed("ended_on", "known_then")
    ends = snapshots.join(later, on=["customer_id", "matured_on"], how="left").join(then, on=list(KEY), how="left")
    return ends.select(*KEY, "ended_on", "known_then")


def _without_contract(versions: DataFrame, later: Mapping[date, date], project: Project) -> DataFrame:
    """Customers who were not in the population by the attributes of a day, as known on a later day."""
    known = attributes(versions, project.customer_sources, sorted(later), later)
    return known.where(~F.coalesce(F.expr(project.population.expression or "false"), F.lit(False))).select(*KEY)


def _sums(project: Project, catalog: Catalog, span: Days, measure: str) -> DataFrame:
    """The measure's sums of all sources of the label, at the finest of their scales."""
    sources = [project.source(name) for name in project.label.sources]
    finest = max(source.measure(measure).scale for source in sources)
    sums = [
        catalog.read(tiles(source), span).select(
            *DAY, (F.col(f"{measure}_sum") * F.lit(10 ** (finest - source.measure(measure).scale))).alias("amount")
        )
        for source in sources
    ]
    return reduce(DataFrame.unionByName, sums)


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    """The labels of a snapshot come from its population and from what is known by the maturity date.

    That is events or tiles of the label's sources, or customers' attributes.
    """
    rule, seen = project.label, maturity.label_span(project, ledger, day)
    spans = {features(project.features).name: single_day(day)}
    if not rule.of_customers:
        sources = map(project.source, rule.sources)
        spans |= {source.events_table if rule.rule == "event" else source.tiles_table: seen for source in sources}
    if rule.of_customers or project.population.by == "contract":
        spans["customers"] = days_up_to(maturity.matured_on(project, ledger, day))
    return spans


def _dates(project: Project, catalog: Catalog, as_of: date, wanted: Days | None) -> dict[str, list[date]]:
    snapshots = snapshot_dates(project, catalog.ledger, as_of, wanted)
    return {LABELS.name: _labelled(project, catalog.ledger, snapshots, as_of)}


BUILD_LABELS = Stage(
    name="build_labels",
    summary="Label every snapshot that has matured.",
    work=build_labels,
    writes=lambda project: (LABELS,),
    reads=_reads,
    definitions=label_definitions,
    state=maturity.state,
    dates=_dates,
    premature=maturity.premature,
    daily=True,
    retention=True,
)
