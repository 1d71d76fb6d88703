"""Labels that no action may have changed, with weights: what is learnt from, tested on and compared with."""

import logging
from collections.abc import Collection
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.influence import influence
from churn_spark.definitions.periods import Days, hull
from churn_spark.definitions.project import Project
from churn_spark.lineage.ledger import Ledger
from churn_spark.models.families.family import WEIGHT
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import INTERVENTIONS
from churn_spark.tables.contracts.snapshots import KEY

log = logging.getLogger("churn_spark.train")


def untreated(labelled: DataFrame, project: Project, catalog: Catalog, days: Collection[date]) -> DataFrame:
    """The rows of customers who were not acted upon, with WEIGHT: how many customers each stands for.

    labelled: customer_id, as_of_date (of `days`) and any columns. Where there are no interventions, as they are.
    """
    known = _influence(project, catalog, days)
    if known is None:
        return labelled
    rows = labelled.join(known, on=list(KEY), how="left").where(~F.coalesce("treated", F.lit(False)))
    return rows.withColumn(WEIGHT, 1 / F.coalesce("share", F.lit(1.0))).drop("treated", "share")


def with_effective_weights(rows: DataFrame) -> DataFrame:
    """The rows with weights that add up to the number of rows of weight 1 that would tell a mean as exactly.

    Without weights as they are. For what takes the number of rows for how sure a figure is (L. Kish, Survey Sampling).
    """
    if WEIGHT not in rows.columns:
        return rows
    weight = F.col(WEIGHT)
    scale = rows.agg(F.try_divide(F.sum(weight), F.sum(weight * weight))).collect()[0][0]
    return rows.withColumn(WEIGHT, weight * F.lit(scale))


def say_influence(project: Project, catalog: Catalog, days: Collection[date]) -> None:
    """Log how many rows of some snapshots actions may have changed, and by how many others they are stood for."""
    known = _influence(project, catalog, days)
    if known is None:
        return
    withheld = ~F.col("treated") & (F.col("share") < 1)
    treated, stand_for, weights = known.agg(
        F.count_if("treated"), F.count_if(withheld), F.sum(F.when(withheld, 1 / F.col("share")))
    ).collect()[0]
    if treated and not stand_for:
        log.warning(
            "%d rows of customers who were acted upon are left out, and nobody like them was withheld: the model learns"
            " nothing of such customers (interventions.control)",
            treated,
        )
    elif treated or stand_for:
        log.info(
            "%d rows of customers who were acted upon are left out; %d of customers for whom chance decided against it"
            " count as %.0f",
            treated,
            stand_for,
            weights or 0,
        )


def _influence(project: Project, catalog: Catalog, days: Collection[date]) -> DataFrame | None:
    """What interventions mean for the labels of some dates; None: there are none that could."""
    spans = {day: _span(project, day) for day in days}
    if not spans or not _any(catalog.ledger, hull(spans.values())):
        return None
    rows = [(day, span.first, span.end) for day, span in sorted(spans.items())]
    dates = catalog.spark.createDataFrame(rows, "as_of_date date, first date, end date")
    return influence(dates, catalog.read(INTERVENTIONS, hull(spans.values())))


def _span(project: Project, day: date) -> Days:
    """The as-of dates whose actions may still work, or begin to, before the label of a snapshot is decided."""
    return Days(day - timedelta(days=project.feedback.carry_over_days), project.periods.performance_window(day).end)


def _any(ledger: Ledger, span: Days) -> bool:
    return any(day in span and state.rows for day, state in ledger.partitions(INTERVENTIONS.name).items())
