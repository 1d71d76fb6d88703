"""The registered versions that the gate kept out of force, with its reasons."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import functions as F

from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import MODEL_CHECKS


@dataclass(frozen=True, slots=True, order=True)
class Challenger:
    """A version that was registered and not put in force by its training. reason: the sentences of the gate."""

    version: int
    family: str
    trained_as_of: date
    reason: str


def challengers(catalog: Catalog, as_of: date) -> list[Challenger]:
    """Those trained up to an as-of date, the newest first: at most one a training run, so they fit on the driver."""
    name = MODEL_CHECKS.name
    days = [day for day in catalog.ledger.partitions(name) if day <= as_of and day not in catalog.ledger.open(name)]
    rows = (
        catalog.read(MODEL_CHECKS, days)
        .where("outcome = 'refused'")
        .groupBy("model_version", "model", "as_of_date")
        .agg(F.sort_array(F.collect_set("text")).alias("texts"))
        .collect()
    )
    found = (Challenger(r["model_version"], r["model"], r["as_of_date"], "; ".join(r["texts"])) for r in rows)
    return sorted(found, reverse=True)
