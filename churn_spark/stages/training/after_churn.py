"""Whether customers who left, by an event or a date of theirs, did something afterwards."""

from collections.abc import Collection
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.gate import Finding
from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import LABELS
from churn_spark.tables.contracts.tiles import tiles

CHECK = "active_after_churn"


def active_after_churn(project: Project, catalog: Catalog, days: Collection[date], as_of: date) -> list[Finding]:
    """The share of the customers who left in some snapshots with events of other sources after their (last) leaving.

    Only where the label is an event or a date: silence is not followed by events, by definition until it ends. Nothing
    where there are no other sources of events, or nobody left.
    """
    others = [source for source in project.event_sources if source.name not in project.label.sources]
    if project.label.rule not in ("event", "attribute") or not others:
        return []
    labels = catalog.read(LABELS, days).where("label = 1 AND churned_on IS NOT NULL")
    left = labels.groupBy("customer_id").agg(F.max("churned_on").alias("churned_on"))
    seen = _seen(catalog, others, Days(min(days), as_of + timedelta(days=1)))
    return share_found(left, seen, ", ".join(source.name for source in others), project)


def share_found(left: DataFrame, seen: DataFrame, sources: str, project: Project) -> list[Finding]:
    """The finding from customers who left and days with events.

    left: customer_id, churned_on; one row per customer. seen: customer_id, event_date. sources: of the events, by name.
    """
    later = F.col("event_date") > F.col("churned_on")
    per_customer = (
        left.join(seen, on="customer_id", how="left")
        .groupBy("customer_id")
        .agg(F.coalesce(F.bool_or(later), F.lit(False)).alias("later"))
    )
    (counts,) = per_customer.agg(F.count("*").alias("left"), F.count_if("later").alias("later")).collect()
    if not counts["left"]:
        return []
    share, limit = counts["later"] / counts["left"], project.training.leaks.max_active_after_churn
    text = (
        f"{share:.1%} of the {counts['left']} customers who left have events of {sources} after the day they left"
        f" ({counts['later']})"
    )
    if share <= limit:
        return [Finding(CHECK, project.label.sources[0], "passed", text, share, limit)]
    text = f"{text}, more than {limit:.1%}: the day may be recorded too early, or they came back"
    return [Finding(CHECK, project.label.sources[0], "warning", text, share, limit)]


def _seen(catalog: Catalog, sources: Collection[Source], days: Days) -> DataFrame:
    each = [catalog.read(tiles(source), days).select("customer_id", "event_date") for source in sources]
    return reduce(DataFrame.unionByName, each)
