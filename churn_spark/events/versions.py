"""Versions of customers: which of them are unchanged, by a rule that does not depend on the order of runs.

Versions of a customer in a source are ordered by known_from, nominal date (undated ones first) and delivery, as readers
order them. A version equal to the previous one is left out, so that a daily full dump does not grow the table. Labels
select versions by both known_from and nominal date, so a version is left out only if its nominal date is no earlier
than those of all equal versions before it.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Delivered, Source
from churn_spark.events.deliveries import SelectedDelivery, TakenDelivery

Position = tuple[date, date, str]
"""known_from, nominal date (date.min: undated), delivery."""

_ORDER = ("known_from", "nominal_date", "delivery")
_LAST_NAME = chr(0x10FFFF)


def with_unchanged(versions: DataFrame, compared: Collection[str]) -> DataFrame:
    """Add `unchanged`: whether a version equals the previous one and can be left out.

    versions: customer_id, known_from, nominal_date, delivery and the columns `compared`, of one source: all versions,
    or all but some that are unchanged.
    """
    by_customer = Window.partitionBy("customer_id").orderBy(*_ORDER)
    up_to_here = by_customer.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    same = F.lag("_values").over(by_customer).eqNullSafe(F.col("_values"))
    rows = versions.withColumn("_values", F.struct(F.lit(True), *(F.col(f"`{name}`") for name in compared)))
    rows = rows.withColumn("_begins", F.when(same, 0).otherwise(1))
    rows = rows.withColumn("_span", F.sum("_begins").over(up_to_here))
    rows = rows.withColumn("_nominal", F.coalesce("nominal_date", F.lit(date.max)))
    earlier = Window.partitionBy("customer_id", "_span").orderBy(*_ORDER).rowsBetween(Window.unboundedPreceding, -1)
    unchanged = F.coalesce(F.col("_nominal") >= F.min("_nominal").over(earlier), F.lit(False))
    return rows.withColumn("unchanged", unchanged).drop("_values", "_begins", "_span", "_nominal")


def first_position(chosen: SelectedDelivery, delivered: Delivered) -> Position:
    """The earliest position of a delivery's versions, now or when the delivery was taken before."""
    before = chosen.before.known_from if chosen.before else ()
    if delivered.by == "column":
        return (date.min if chosen.history else min((chosen.taken_on, *before))), date.min, ""
    known = _known(chosen.delivery.nominal, chosen.taken_on, chosen.history, delivered)
    return min((known, *before)), chosen.delivery.nominal or date.min, chosen.name


def last_position(taken: TakenDelivery, delivered: Delivered) -> Position:
    """The latest position that a delivery's versions can have."""
    if delivered.by == "column":
        arrived = taken.nominal + timedelta(days=delivered.lag_days) if taken.nominal else date.min
        return max(arrived, taken.taken_on, *taken.known_from), date.max, _LAST_NAME
    known = _known(taken.nominal, taken.taken_on, taken.history, delivered)
    return max((known, *taken.known_from)), taken.nominal or date.min, taken.name


def shares_attributes(source: Source, sources: Iterable[Source]) -> bool:
    """Whether another source has an attribute of the same name: then the last version of both sources counts.

    A version that is unchanged within its source may then follow one of the other source, so all versions are kept.
    """
    own = {attribute.name for attribute in source.attributes}
    others = {a.name for other in sources if other.name != source.name for a in other.attributes}
    return bool(own & others)


def _known(nominal: date | None, taken_on: date, history: bool, delivered: Delivered) -> date:
    """From when the rows of a delivery of one nominal date are known; see `with_knowledge`."""
    if nominal is None:
        return taken_on
    arrives = nominal + timedelta(days=delivered.lag_days)
    loaded = history and delivered.history_until is not None and nominal <= delivered.history_until
    return arrives if loaded else max(arrives, taken_on)
