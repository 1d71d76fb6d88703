"""The result of deduplication: rows kept, quarantined or left out, and stored deliveries that change with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source
from churn_spark.events import copies, quarantine
from churn_spark.events.deliveries import TakenDelivery
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import QUARANTINE


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """The rows of a run's deliveries, and of stored deliveries that lose or regain rows (`affected_deliveries`).

    kept: columns of the table without `source`; quarantined: those of `quarantine`. unchanged: number of unchanged rows
    of customers, by delivery. cached: frames to unpersist.
    """

    kept: DataFrame
    quarantined: DataFrame
    affected_deliveries: tuple[TakenDelivery, ...] = ()
    unchanged: Mapping[str, int] = field(default_factory=dict)
    cached: tuple[DataFrame, ...] = ()


def rest_of_quarantine(
    catalog: Catalog, source: Source, affected: Iterable[TakenDelivery], decided: DataFrame | None = None
) -> DataFrame:
    """Quarantined rows of affected deliveries, without copies that were decided again.

    decided: delivery, event_date, event_id of such copies; None: there are none.
    """
    rows = catalog.read(QUARANTINE, {delivery.taken_on for delivery in affected}).where(
        (F.col("source") == source.name) & F.col("delivery").isin([delivery.name for delivery in affected])
    )
    if decided is not None:
        rows = rows.join(decided.distinct(), on=["delivery", *copies.IDENTITY], how="left_anti")
    return quarantine.expanded_copies(rows)
