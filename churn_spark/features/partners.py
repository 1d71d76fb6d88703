"""A customer's partners: how many it was in touch with, and the share of them that had left by the as-of date.

Contacts count for the customer who made them. They are aggregated to one row per customer, partner and as-of date, with
one number per window; these rows are joined to the partners once, to learn who had left, then summed by customer.
"""

from collections.abc import Collection, Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.rules import Leaving
from churn_spark.features.as_of import KEY, seen_at
from churn_spark.features.customers import active, since_first


def contacts(events: DataFrame) -> DataFrame:
    """Compact events to one row per customer, counterparty, event date and knowledge date, with their number `events`.

    events: customer_id, counterparty, event_date, known_from. An event without a counterparty, or with the customer
    itself as counterparty, is no contact.
    """
    pairs = events.where("counterparty <> customer_id")
    return pairs.groupBy("customer_id", "counterparty", "event_date", "known_from").agg(F.count("*").alias("events"))


def is_from_contacts(feature: Feature) -> bool:
    """Whether a feature is computed from contacts instead of tiles."""
    return OPS[feature.op].over == "contacts"


def left_by_event(first_seen: DataFrame, churned: DataFrame, dates: Collection[date]) -> DataFrame:
    """Every customer of ours at each as-of date, and whether it had left by then: by an event known then.

    first_seen: customer_id, known_from; every customer of ours has a row. churned: customer_id, known_from; every
    customer that has left has a row.
    Returns customer_id, as_of_date, left (true or false).
    """
    gone = since_first(churned, dates).withColumn("left", F.lit(True))
    ours = since_first(first_seen, dates).join(gone, on=list(KEY), how="left")
    return ours.select(*KEY, F.coalesce("left", F.lit(False)).alias("left"))


def left_by_silence(
    first_seen: DataFrame, tiles: Mapping[str, DataFrame], leaving: Leaving, dates: Collection[date]
) -> DataFrame:
    """The same where customers leave by falling silent: no event known by then in the rule's sources for `after` days.

    first_seen: customer_id, source, known_from; a customer with a row of one of the rule's sources is ours. tiles: by
    source, customer_id, event_date, known_from.
    """
    seen = first_seen.where(F.col("source").isin(*leaving.sources))
    here = active([tiles[name] for name in leaving.sources], dates, leaving.after or 0).withColumn("left", F.lit(False))
    ours = since_first(seen, dates).join(here, on=list(KEY), how="left")
    return ours.select(*KEY, F.coalesce("left", F.lit(True)).alias("left"))


def partners(
    contacts: DataFrame, features: Collection[Feature], dates: Collection[date], customers: DataFrame | None
) -> DataFrame:
    """One row per customer and as-of date with the features of its partners in one source.

    contacts: see `contacts`. customers: see `left_by_event`; None where no feature needs to know who left.
    """
    windows = sorted({feature.window or 0 for feature in features})
    recent = seen_at(contacts, dates, windows[-1])
    within = (F.expr(f"sum(if(age <= {window}, events, 0L)) as {_events(window)}") for window in windows)
    pairs = recent.groupBy(*KEY, "counterparty").agg(*within)
    if customers is not None:
        looked_up = customers.withColumnRenamed("customer_id", "counterparty")
        pairs = pairs.join(looked_up, on=["counterparty", "as_of_date"], how="left")
    return pairs.groupBy(*KEY).agg(*(F.expr(f"{_formula(feature)} as `{feature.name}`") for feature in features))


def _events(window: int) -> str:
    return f"_events_{window}d"


def _formula(feature: Feature) -> str:
    """SQL of a feature over a customer's pairs; `left` is null for a partner that is no customer of ours."""
    events = _events(feature.window or 0)
    match feature.op:
        case "degree":
            return f"count_if({events} > 0)"
        case "left_partners":
            gone, all_ours = (f"count_if({chosen} and {events} > 0)" for chosen in ("left", "left is not null"))
        case "left_contacts":
            gone, all_ours = (f"sum(if({chosen}, {events}, 0L))" for chosen in ("left", "left is not null"))
        case unknown:
            raise ValueError(f"{feature.name}: {unknown} is not computed from contacts")
    return f"try_divide(cast({gone} as double), cast({all_ours} as double))"
