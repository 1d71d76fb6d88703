"""The survival model of a training: fitted beside the winner, from the same snapshots and features."""

import logging
from collections.abc import Collection, Mapping
from datetime import date
from functools import reduce

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.gate import Finding
from churn_spark.definitions.modelling import Survival
from churn_spark.definitions.periods import Days, days_up_to, listed
from churn_spark.definitions.project import Project
from churn_spark.features.customers import attributes
from churn_spark.labels import durations
from churn_spark.lineage.follow_up import followed_until
from churn_spark.lineage.maturity import matured_on
from churn_spark.models.experiment import TrainingData
from churn_spark.models.families.family import LOGGED
from churn_spark.models.survival.fitting import fit_survival, left_in
from churn_spark.models.survival.measuring import ranking
from churn_spark.models.survival.survival_model import SurvivalModel
from churn_spark.models.target_encoding import out_of_part
from churn_spark.stages.training.untreated import untreated
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import customers, events
from churn_spark.tables.contracts.snapshots import KEY, LABELS, features
from churn_spark.tables.contracts.tiles import tiles

CHECK = "survival"
"""The check that findings about survival belong to."""

log = logging.getLogger("churn_spark.train")


def fitted_survival(
    project: Project, catalog: Catalog, data: TrainingData, as_of: date
) -> tuple[SurvivalModel | None, list[Finding]]:
    """The survival model from everything known at an as-of date, and how well one without the test ranks that.

    The test is the newest snapshots that were followed to the last horizon. The model that is tested on them learns
    from snapshots whose labels had matured when the test began, as far as they had been followed by then. None and no
    finding where the configuration asks for no survival; None where no snapshot was followed to the last horizon, and
    where nobody left, or everybody.
    """
    settings = project.training.survival
    if settings is None:
        return None, []
    periods = _periods(project, catalog, settings, data.split.refit, as_of)
    if settings.periods not in periods.values():
        text = f"no survival model: no snapshot could be followed for {settings.horizons[-1]} days, the last horizon"
        return None, [_said(Finding(CHECK, settings.model, "warning", text))]
    followed = _followed(project, catalog, data, periods, as_of, settings).persist()
    try:
        leavers, rows = _counts(followed, settings)
        if not 0 < leavers < rows:
            why = f"of {rows:,} rows that were followed for a period, {leavers:,} left: there is nothing to learn from"
            model, finding = None, Finding(CHECK, settings.model, "warning", f"no survival model: {why}")
        else:
            model = fit_survival(followed, settings)
            finding = _tested(project, catalog, data, periods, followed, settings)
    finally:
        followed.unpersist()
    return model, [_said(finding)]


def _said(finding: Finding) -> Finding:
    log.log(logging.INFO if finding.outcome == "passed" else logging.WARNING, "survival: %s", finding.text)
    return finding


def _tested(
    project: Project,
    catalog: Catalog,
    data: TrainingData,
    periods: Mapping[date, int],
    followed: DataFrame,
    settings: Survival,
) -> Finding:
    """How a model of older snapshots ranks the newest that were followed to the last horizon, of which there are some.

    The older ones must have been followed as far: of a period without rows there is no hazard.
    """
    test = sorted(day for day, count in periods.items() if count == settings.periods)[
        -project.training.test_snapshots :
    ]
    train = [day for day in data.split.refit if matured_on(project, catalog.ledger, day) <= test[0]]
    earlier = _periods(project, catalog, settings, train, test[0])
    subject = f"{settings.model}, {settings.horizons[-1]} days"
    if settings.periods not in earlier.values():
        text = f"{subject}: not tested, as no snapshot had been followed for so long before {test[0]}, the test"
        return Finding(CHECK, settings.model, "warning", text)
    learnt = _followed(project, catalog, data, earlier, test[0], settings).persist()
    tested = followed.where(F.col("as_of_date").isin(*test))
    try:
        leavers, rows = _counts(learnt, settings)
        if not 0 < leavers < rows:
            text = f"{subject}: not tested, as of {rows:,} rows before the test {leavers:,} left"
            return Finding(CHECK, settings.model, "warning", text)
        ranks = ranking(tested, fit_survival(learnt, settings), settings)
    finally:
        learnt.unpersist()
    areas = ", ".join(f"{area:.3f} at {days}" for days, area in ranks.roc_auc.items())
    text = (
        f"{subject}: concordance {ranks.concordance:.3f} on {listed(test)}, learnt from {rows:,} rows of"
        f" {len(earlier)} older snapshots; ROC AUC by days {areas}"
    )
    return Finding(CHECK, settings.model, "passed", text, ranks.concordance)


def _periods(
    project: Project, catalog: Catalog, settings: Survival, days: Collection[date], as_of: date
) -> dict[date, int]:
    """For how many periods each snapshot was followed at an as-of date; those of none are left out."""
    ends = {day: followed_until(project, catalog.ledger, day, as_of) for day in days}
    known = {day: ((end - day).days - _unseen(project)) // settings.period_days for day, end in ends.items()}
    return {day: min(count, settings.periods) for day, count in known.items() if count > 0}


def _unseen(project: Project) -> int:
    """The last days of what was followed on which leaving cannot be seen yet: a silence shows once it is over."""
    return project.periods.performance - 1 if project.label.rule == "inactivity" else 0


def _followed(
    project: Project,
    catalog: Catalog,
    data: TrainingData,
    periods: Mapping[date, int],
    as_of: date,
    settings: Survival,
) -> DataFrame:
    """Followed snapshots (see `models.survival.fitting`) with their key; periods: of each date, at least one."""
    days, seen = sorted(periods), _unseen(project)
    spans = [(day, periods[day], periods[day] * settings.period_days + seen) for day in days]
    each = F.broadcast(catalog.spark.createDataFrame(spans, "as_of_date date, periods int, followed int"))
    # Who left in the gap has no label, but a day of leaving; who was gone before, or may have been, teaches nothing.
    known = F.col("label").isNotNull() | ((F.col("excluded") == "churned_in_gap") & F.col("churned_on").isNotNull())
    seen_whole = untreated(catalog.read(LABELS, days).where(known).select(*KEY), project, catalog, days)
    labelled = seen_whole.select(*KEY).join(each, on="as_of_date", how="inner")
    left = leaving_days(project, catalog, labelled, days, as_of).select(*KEY, "left_after")
    rows = catalog.read(features(project.features), days).select(*KEY, *data.features)
    prepared = PipelineModel([*data.preparation.stages((LOGGED,))]).transform(rows)
    encoded = out_of_part(prepared, data.preparation.rates, F.lit(True), project.training).select(*KEY, LOGGED)
    return encoded.join(labelled.select(*KEY, "periods"), on=list(KEY), how="inner").join(
        left, on=list(KEY), how="inner"
    )


def leaving_days(
    project: Project, catalog: Catalog, snapshots: DataFrame, days: Collection[date], as_of: date
) -> DataFrame:
    """The snapshots with `left_after`, by the rule of the label and from what is known at the as-of date."""
    rule = project.label
    if rule.rule == "attribute":
        versions = catalog.read(customers(project), days_up_to(as_of))
        known = attributes(versions, project.customer_sources, [as_of])
        return durations.until_event(
            snapshots, known.select("customer_id", F.col(f"`{rule.attribute}`").alias("event_date"))
        )
    # Nothing that happens from a day on is known before the day after.
    span = Days(min(days), days_up_to(as_of).end)
    if rule.rule == "event":
        happened = catalog.read(events(project.source(rule.sources[0])), span).where(F.expr(rule.filter or "true"))
        return durations.until_event(snapshots, happened.select("customer_id", "event_date"))
    seen = [
        catalog.read(tiles(project.source(name)), span).select("customer_id", "event_date") for name in rule.sources
    ]
    return durations.until_silence(snapshots, reduce(DataFrame.unionByName, seen), project.periods.performance)


def _counts(followed: DataFrame, settings: Survival) -> tuple[int, int]:
    """How many of the rows left within what was followed, and how many there are."""
    counts = followed.agg(F.count(left_in(settings)), F.count("*")).collect()[0]
    return counts[0], counts[1]
